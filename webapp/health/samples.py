"""What is known of each server: its last state, how often it answered, and how fast."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from statistics import median

from flask import current_app
from sqlalchemy import case, delete, func, select

from webapp import db
from webapp.config import HEALTH_SAMPLE_DAYS, current_config
from webapp.models import HealthSample

DAY = timedelta(days=1)
SLOT = timedelta(minutes=30)  # of the curve: 48 in a day
FAILURES_IN_A_ROW = 2  # one failed check may be our own line's hiccup
FRESH_INTERVALS = 3  # a state older than three checks is no state
CACHE_SECONDS = 30
IMPLICIT_TLS_PORTS = (995, 465)  # RFC 8314; what files and guides name first

Key = tuple[str, str, int]  # provider, protocol, port


@dataclass(frozen=True, slots=True)
class _Sample:
    at: datetime
    failure: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Slot:
    """Half an hour of one server: median milliseconds of the checks that were answered, None where none was."""

    begins: datetime
    checks: int
    answered: int
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class History:
    """One server: its last check, the share of answered checks (0 to 1), the curve of a day."""

    provider: str
    protocol: str
    port: int
    checked_at: datetime
    failure: str | None
    failures_in_a_row: int
    of_day: float
    of_month: float
    checks_of_month: int
    slots: tuple[Slot, ...]

    @property
    def is_down(self) -> bool:
        return self.failures_in_a_row >= FAILURES_IN_A_ROW


def histories(now: datetime | None = None) -> Mapping[str, Sequence[History]]:
    """Return the histories by provider, POP3 before SMTP; empty where nothing was ever checked."""
    now = now or datetime.now(UTC)
    with db.read() as session:
        since = HealthSample.at > now - timedelta(days=HEALTH_SAMPLE_DAYS)
        server = (HealthSample.provider, HealthSample.protocol, HealthSample.port)
        answered = func.sum(case((HealthSample.failure.is_(None), 1), else_=0))
        months: dict[Key, tuple[int, int]] = {
            (row[0], row[1], row[2]): (int(row[3]), int(row[4]))
            for row in session.execute(select(*server, func.count(), answered).where(since).group_by(*server))
        }
        day: dict[Key, list[_Sample]] = {}
        for provider, protocol, port, at, failure, milliseconds in session.execute(
            select(*server, HealthSample.at, HealthSample.failure, HealthSample.milliseconds)
            .where(HealthSample.at > now - _looked_at())
            .order_by(HealthSample.at)
        ):
            day.setdefault((provider, protocol, port), []).append(_Sample(at, failure, milliseconds))
    found: dict[str, list[History]] = {}
    for key in sorted(day, key=lambda key: (key[0], key[1], key[2] not in IMPLICIT_TLS_PORTS, key[2])):
        found.setdefault(key[0], []).append(_history(key, day[key], months[key], now))
    return found


def _looked_at() -> timedelta:
    """Return how far back single checks are read: a day, or as many checks as tell an outage where they are rare."""
    interval = timedelta(seconds=current_config().health_interval or 0)
    return max(DAY, interval * (FAILURES_IN_A_ROW + 1))


def _history(key: Key, samples: Sequence[_Sample], month: tuple[int, int], now: datetime) -> History:
    checks, answered = month
    of_day = [sample for sample in samples if sample.at > now - DAY] or samples[-1:]
    return History(
        *key,
        checked_at=samples[-1].at,
        failure=samples[-1].failure,
        failures_in_a_row=len(list(takewhile(lambda sample: sample.failure is not None, reversed(samples)))),
        of_day=sum(sample.failure is None for sample in of_day) / len(of_day),
        of_month=answered / checks,
        checks_of_month=checks,
        slots=tuple(_slots(samples, now)),
    )


def _slots(samples: Sequence[_Sample], now: datetime) -> Iterator[Slot]:
    begins = now - DAY
    while begins < now:
        inside = [sample for sample in samples if begins < sample.at <= begins + SLOT]
        times = [sample.milliseconds for sample in inside if sample.failure is None]
        yield Slot(begins, len(inside), len(times), round(median(times)) if times else None)
        begins += SLOT


def purge(now: datetime | None = None) -> int:
    """Delete the samples that are too old; return how many there were."""
    end = (now or datetime.now(UTC)) - timedelta(days=HEALTH_SAMPLE_DAYS)
    with db.begin() as session:
        return len(session.execute(delete(HealthSample).where(HealthSample.at <= end).returning(HealthSample.id)).all())


class _Outages:
    """The servers that are down now, looked up at most every CACHE_SECONDS: pages of the wizard ask for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Mapping[str, History] = {}
        self._until = 0.0

    def now(self) -> Mapping[str, History]:
        with self._lock:
            if self._until <= time.monotonic():
                self._known = _down()
                self._until = time.monotonic() + CACHE_SECONDS
            return self._known

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


def outage(provider_id: str) -> History | None:
    """Return a server of the provider that is down now, or None: also where nobody checks, or nobody did of late."""
    if current_config().health_interval is None:
        return None
    return _outages().now().get(provider_id)


def forget_cached() -> None:
    """Have the next look see what was kept just now."""
    _outages().forget()


def _outages() -> _Outages:
    found: _Outages = current_app.extensions.setdefault("outages", _Outages())
    return found


def _down() -> dict[str, History]:
    interval = current_config().health_interval or 0
    now = datetime.now(UTC)
    fresh = now - timedelta(seconds=interval * FRESH_INTERVALS)
    return {
        provider: next(history for history in found if history.is_down and history.checked_at > fresh)
        for provider, found in histories(now).items()
        if any(history.is_down and history.checked_at > fresh for history in found)
    }
