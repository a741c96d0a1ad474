"""How often people may try: counted in the database, so that every process counts together, under keyed hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp import db
from webapp.config import current_config
from webapp.helpdesk.tokens import keyed
from webapp.models import HelpdeskAttempt


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries of `what` by `who` in `seconds`, in a moving window."""

    what: str
    who: str
    most: int
    seconds: int

    @property
    def bucket(self) -> bytes:
        return keyed(current_config(), "helpdesk limits", f"{self.what}\0{self.who}")


def codes_from(who: str) -> tuple[Limit, Limit]:
    """Return the limits of wrong codes from one network or agent, and of everybody together."""
    return Limit("code", who, 5, 15 * 60), Limit("code", "everybody", 60, 10 * 60)


def sign_ins_from(who: str) -> Limit:
    """Return the limit of refused sign-ins from one network."""
    return Limit("sign-in", who, 30, 15 * 60)


def take(*limits: Limit, now: datetime | None = None) -> Limit | None:
    """Count a try under every limit, or return the one that is used up and count nothing.

    Counting and checking are one transaction that no other try enters: SQLite's writers wait for each other,
    PostgreSQL's for a lock.
    """
    now = now or datetime.now(UTC)
    with db.begin() as session:
        db.enter_alone(session.connection(), db.Alone.HELPDESK_TRIES)
        for limit in limits:
            recent = select(func.count()).where(
                HelpdeskAttempt.bucket == limit.bucket,
                HelpdeskAttempt.at > now - timedelta(seconds=limit.seconds),
            )
            if session.scalar(recent.select_from(HelpdeskAttempt)) >= limit.most:  # type: ignore[operator]
                return limit
        session.add_all(HelpdeskAttempt(bucket=limit.bucket, at=now) for limit in limits)
    return None


def give_back(*limits: Limit) -> None:
    """Uncount the newest try under each limit: it was a good one."""
    with db.begin() as session:
        for limit in limits:
            newest = select(func.max(HelpdeskAttempt.id)).where(HelpdeskAttempt.bucket == limit.bucket)
            session.execute(delete(HelpdeskAttempt).where(HelpdeskAttempt.id == newest.scalar_subquery()))


def purge(session: Session, now: datetime) -> int:
    """Forget tries older than an hour, more than any window."""
    return session.execute(delete(HelpdeskAttempt).where(HelpdeskAttempt.at < now - timedelta(hours=1))).rowcount  # type: ignore[attr-defined,no-any-return]
