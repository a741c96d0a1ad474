"""Circuit breaker: many refused logins at one provider switch its login test off for a while.

One row of each test has the name of its breaker; the rows of account and network with the same click tell whose refusal
it was. Tests of people invited by the helpdesk have a breaker of their own.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update

from webapp.infrastructure import outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits.store import DAY, MINUTE, ROWS, Counted, State
from webapp.infrastructure.logs import logger
from webapp.infrastructure.models import Pause

PAUSES = cast(Table, Pause.__table__)
BREAKER = "breaker"  # the kind of its rows
ACCOUNT, NETWORK = "account", "address"
EVERY_LOGIN = "login-test"  # in pauses of earlier versions: every provider
EVENT = "login-test-paused"  # to the operator
_INVITED = " invited"
WINDOW_SECONDS = 10 * MINUTE


def name_of(provider: str, *, invited: bool) -> str:
    return f"{provider}{_INVITED}" if invited else provider


def paused_until(found: Counted, name: str) -> datetime | None:
    pauses = select(func.max(PAUSES.c.until)).where(PAUSES.c.name.in_((name, EVERY_LOGIN)), PAUSES.c.until > found.now)
    until: datetime | None = found.connection.scalar(pauses)
    return until


@dataclass(frozen=True, slots=True)
class Paused:
    """An open breaker. provider: "" for every one. invited: of people invited by the helpdesk."""

    provider: str
    invited: bool
    until: datetime


def open_ones(found: Counted) -> list[Paused]:
    rows = found.connection.execute(
        select(PAUSES.c.name, func.max(PAUSES.c.until)).where(PAUSES.c.until > found.now).group_by(PAUSES.c.name)
    )
    return [_paused(name, until) for name, until in sorted(rows.all())]


def _paused(name: str, until: datetime) -> Paused:
    provider = "" if name == EVERY_LOGIN else name.removesuffix(_INVITED)
    return Paused(provider, name.endswith(_INVITED), until)


def look(found: Counted, config: Config, name: str) -> None:
    """Open the breaker if there are too many refusals, and tell the operator; called after each one."""
    if _in_a_short_time(found, config, name):
        until = found.now + timedelta(minutes=config.breaker_minutes)
    elif _refused(found, name, DAY) >= config.breaker_refusals_per_day:
        until = found.now + timedelta(seconds=DAY)
    else:
        return
    if paused_until(found, name) is None:
        when = until.isoformat(" ", "minutes")
        logger.warning("the login test of %s is switched off until %s: too many refusals", name, when)
        paused = _paused(name, until)
        told = {"provider": paused.provider, "invited": paused.invited, "until": until.isoformat(timespec="seconds")}
        outbox.tell_operator(found.session, EVENT, told, config)
    found.connection.execute(delete(PAUSES).where(PAUSES.c.name == name))
    found.connection.execute(insert(PAUSES).values(name=name, until=until))


def _in_a_short_time(found: Counted, config: Config, name: str) -> bool:
    """Whether the refusals of WINDOW_SECONDS suffice; one source counts for a third of them at most."""
    if _refused(found, name, WINDOW_SECONDS) < config.breaker_refusals:
        return False
    rows = found.connection.execute(
        select(ROWS.c.kind, ROWS.c.bucket, ROWS.c.click)
        .where(ROWS.c.click.in_(select(ROWS.c.click).where(*_of(found, name, WINDOW_SECONDS))))
        .order_by(ROWS.c.id)
    ).all()
    accounts = {bucket for kind, bucket, _ in rows if kind == ACCOUNT}
    sources = {click: bucket for kind, bucket, click in rows if kind == NETWORK}  # of several the last, the largest
    counted = sum(min(number, config.breaker_refusals // 3) for number in Counter(sources.values()).values())
    return counted >= config.breaker_refusals and len(accounts) >= config.breaker_accounts


def _refused(found: Counted, name: str, seconds: int) -> int:
    return found.connection.scalar(select(func.count()).select_from(ROWS).where(*_of(found, name, seconds))) or 0


def _of(found: Counted, name: str, seconds: int) -> tuple[ColumnElement[bool], ...]:
    since = found.now - timedelta(seconds=seconds)
    return (ROWS.c.bucket == name.encode(), ROWS.c.at > since, ROWS.c.state == State.REFUSED)


def lift(found: Counted) -> None:
    refused = (ROWS.c.kind == BREAKER, ROWS.c.state == State.REFUSED)
    found.connection.execute(update(ROWS).where(*refused).values(state=State.TRIED))
    found.connection.execute(delete(PAUSES))
