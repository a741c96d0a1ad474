"""State, uptime and latency of each server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from statistics import median

from sqlalchemy import case, delete, func, select

from webapp.infrastructure import db
from webapp.infrastructure.config import HEALTH_SAMPLE_DAYS, current_config
from webapp.infrastructure.fresh import Fresh
from webapp.infrastructure.models import HealthSample

DAY = timedelta(days=1)
SLOT = timedelta(minutes=30)  # of the curve, 48 a day
FAILURES_IN_A_ROW = 2  # a single failure may be our own network
FRESH_INTERVALS = 3  # an older state is unknown
CACHE_SECONDS = 30
IMPLICIT_TLS_PORTS = (995, 465)  # RFC 8314; preferred in files and guides

Key = tuple[str, str, int]  # provider, protocol, port


@dataclass(frozen=True, slots=True)
class _Sample:
    at: datetime
    failure: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Slot:
    """Half an hour of one server. milliseconds: median of the answered checks, None without any."""

    begins: datetime
    checks: int
    answered: int
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class History:
    """One server: its last check, uptime (share of answered checks, 0 to 1), and the curve of the last day."""

    provider: str
    protocol: str
    port: int
    checked_at: datetime
    failure: str | None
    failures_in_a_row: int
    uptime_day: float
    uptime_month: float
    checks_in_month: int
    slots: tuple[Slot, ...]

    @property
    def is_down(self) -> bool:
        return self.failures_in_a_row >= FAILURES_IN_A_ROW

    @property
    def status(self) -> str:
        """`passed`, `failed` where it is down, else `warning` after a single failure."""
        return "failed" if self.is_down else "warning" if self.failure else "passed"


def histories(now: datetime | None = None) -> Mapping[str, Sequence[History]]:
    """Return the histories by provider, POP3 before SMTP; may be empty."""
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
    """Return the period of single checks to read: a day, or enough checks to detect an outage at long intervals."""
    interval = timedelta(seconds=current_config().health_interval or 0)
    return max(DAY, interval * (FAILURES_IN_A_ROW + 1))


def _history(key: Key, samples: Sequence[_Sample], month: tuple[int, int], now: datetime) -> History:
    checks, answered = month
    last_day = [sample for sample in samples if sample.at > now - DAY] or samples[-1:]
    return History(
        *key,
        checked_at=samples[-1].at,
        failure=samples[-1].failure,
        failures_in_a_row=len(list(takewhile(lambda sample: sample.failure is not None, reversed(samples)))),
        uptime_day=sum(sample.failure is None for sample in last_day) / len(last_day),
        uptime_month=answered / checks,
        checks_in_month=checks,
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
    """Delete expired samples; return their number."""
    end = (now or datetime.now(UTC)) - timedelta(days=HEALTH_SAMPLE_DAYS)
    with db.begin() as session:
        return len(session.execute(delete(HealthSample).where(HealthSample.at <= end).returning(HealthSample.id)).all())


def outage(provider_id: str) -> History | None:
    """Return a server of the provider that is down, or None; None too without recent checks."""
    if current_config().health_interval is None:
        return None
    return (outages.get() or {}).get(provider_id)


def _down() -> dict[str, History]:
    interval = current_config().health_interval or 0
    now = datetime.now(UTC)
    fresh = now - timedelta(seconds=interval * FRESH_INTERVALS)
    down = {
        provider: next((history for history in found if history.is_down and history.checked_at > fresh), None)
        for provider, found in histories(now).items()
    }
    return {provider: history for provider, history in down.items() if history}


outages = Fresh(CACHE_SECONDS, _down)  # used by pages of the wizard
