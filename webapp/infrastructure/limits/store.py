"""The table `limits`: tries in sliding windows, checked and written by one statement.

Write transactions are serial: BEGIN IMMEDIATE on SQLite, an advisory lock on PostgreSQL. Fails closed: without the
database LimitsUnavailableError is raised.
"""

import secrets
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Table, TextClause, bindparam, delete, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits.keys import Keys, purge_keys
from webapp.infrastructure.models import LimitRow, UTCDateTime

ROWS = cast(Table, LimitRow.__table__)

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
TRIES_KEPT_SECONDS = HOUR  # the longest window that counts tries; refusals and booked calls count for a day
OPEN_SECONDS = 150  # longest life of a test: 45 s queued, 90 s running
SOON_SECONDS = 5  # wait that is shown while running tests use up the limit

CALL = "call"  # kind: the calls that people book
LOGIN = "login"  # kind: the login tests of everybody
EVERYBODY = "everybody"  # who: all strangers together
_CLICK = "ticket"  # kind in the hash of a click; rows of earlier versions were hashed with it


class LimitsUnavailableError(RuntimeError):
    """The database does not answer."""


class State(StrEnum):
    """State of a try. All but TRIED count as refusals."""

    TRIED = "tried"  # not refused
    OPEN = "open"  # not begun yet
    BEGUN = "begun"  # a worker logs in
    REFUSED = "refused"
    UNKNOWN = "unknown"  # the password was sent without an answer


UNSETTLED = (State.OPEN, State.BEGUN)


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `most` tries of `kind` by `who` in `seconds`. refusals: count only those that are not TRIED."""

    kind: str
    who: str
    most: int
    seconds: int
    refusals: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Refused and not counted. rule: the one that is used up, None if a breaker is open. soon: by running tests."""

    until: datetime
    rule: Rule | None = None
    soon: bool = False

    @property
    def for_everybody(self) -> bool:
        """Whether the limit of all strangers together is used up."""
        return self.rule is not None and self.rule.who == EVERYBODY

    @property
    def paused(self) -> bool:
        return self.rule is None

    @property
    def for_minute(self) -> bool:
        """Whether the login tests of everybody in this minute are used up: there is a queue for that."""
        return self.rule is not None and self.rule.kind == LOGIN

    @property
    def over(self) -> bool:
        """Whether the mail account was refused too often today."""
        return self.rule is not None and self.rule.refusals and self.rule.kind == "account" and not self.soon


class Again:
    """Duplicate submit: already counted, do not run again."""


Answer = Wait | Again | None


def utc_now() -> datetime:
    return datetime.now(UTC)


# SQL as text, cached by shape: building it per try takes five times as long as the database needs.


def _used(number: int, keys: int, refusals: bool) -> str:
    """Return the SQL of what is counted under rule `number`."""
    what, which = ("COUNT(*)", "AND state <> 'tried'") if refusals else ("COALESCE(SUM(amount), 0)", "")
    hashes = ", ".join(f":of{number}_{key}" for key in range(keys))
    return f"(SELECT {what} FROM limits WHERE bucket IN ({hashes}) AND at > :since{number} {which})"  # noqa: S608


@lru_cache(64)
def _taking(rows: int, keys: int, refusals: tuple[bool, ...]) -> TextClause:
    buckets = " UNION ALL ".join(f"SELECT :kind{row} AS kind, :bucket{row} AS bucket" for row in range(rows))
    fits = " AND ".join(
        f"{_used(number, keys, refused)} + {1 if refused else ':amount'} <= :most{number}"
        for number, refused in enumerate(refusals)
    )
    return _timed(
        "INSERT INTO limits (kind, bucket, click, amount, at, state) "  # noqa: S608
        f"SELECT kind, bucket, :click, :amount, :now, :state FROM ({buckets}) AS taken WHERE {fits}"
    )


@lru_cache(64)
def _using(keys: int, refusals: tuple[bool, ...]) -> TextClause:
    return _timed("SELECT " + ", ".join(_used(number, keys, refused) for number, refused in enumerate(refusals)))


def _timed(sql: str) -> TextClause:
    statement = text(sql)
    return statement.bindparams(
        *(bindparam(name, type_=UTCDateTime()) for name in statement._bindparams if name.startswith(("now", "since")))
    )


_FROM_THE_FUTURE = (
    _timed("UPDATE limits SET at = :now WHERE at > :now"),
    _timed("UPDATE limit_keys SET made_at = :now WHERE made_at > :now"),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """The counters in one transaction."""

    session: Session
    connection: Connection
    keys: Keys
    now: datetime

    def values(self, rules: Sequence[Rule], amount: int) -> dict[str, Any]:
        """Return the parameters of `_used` for each rule."""
        values: dict[str, Any] = {"amount": amount, "now": self.now}
        for number, rule in enumerate(rules):
            values |= {f"most{number}": rule.most, f"since{number}": self.now - timedelta(seconds=rule.seconds)}
            values |= {f"of{number}_{key}": h for key, h in enumerate(self.keys.each(rule.kind, rule.who))}
        return values

    def used(self, rules: Sequence[Rule]) -> Sequence[int]:
        number = len(self.keys.each("", ""))
        return self.connection.execute(_using(number, tuple(r.refusals for r in rules)), self.values(rules, 1)).one()

    def of_click(self, click: str) -> ColumnElement[bool]:
        return ROWS.c.click.in_(self.keys.each(_CLICK, click))


class Store:
    """Counts and forgets tries. Every method may raise LimitsUnavailableError."""

    def __init__(self, config: Config, clock: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._clock = clock

    def take(self, rules: Sequence[Rule], click: str | None = None) -> Answer:
        """Count a try under every rule and return None, or return why not. click: its id, for `give_back`."""
        with self.writing() as found:
            return self._take(found, rules, click or secrets.token_hex(16))

    def _take(
        self, found: Counted, rules: Sequence[Rule], click: str, *,
        amount: int = 1, state: State = State.TRIED, also: Sequence[tuple[str, bytes]] = (),
    ) -> Answer:  # fmt: skip
        """Insert a row for each bucket of `rules` and `also` if every rule allows it, atomically."""
        clicks = found.keys.each(_CLICK, click)
        if found.connection.scalar(select(ROWS.c.id).where(ROWS.c.click.in_(clicks)).limit(1)):
            return Again()
        buckets = [*dict.fromkeys((rule.kind, found.keys.hashed(rule.kind, rule.who)) for rule in rules), *also]
        values = {"click": clicks[0], "state": state.value}
        for number, (kind, bucket) in enumerate(buckets):
            values |= {f"kind{number}": kind, f"bucket{number}": bucket}
        statement = _taking(len(buckets), len(clicks), tuple(rule.refusals for rule in rules))
        done = found.connection.execute(
            statement, values | found.values(rules, amount), execution_options={"preserve_rowcount": True}
        )
        return None if done.rowcount else self._longest(found, rules, amount)

    def _longest(self, found: Counted, rules: Sequence[Rule], amount: int) -> Wait | None:
        """Return the longest wait until every rule allows `amount` more; None if they do now."""
        needed = [used + (1 if rule.refusals else amount) for rule, used in zip(rules, found.used(rules), strict=True)]
        waits = [self._wait(found, rule, n - rule.most) for rule, n in zip(rules, needed, strict=True) if n > rule.most]
        return max(waits, key=lambda wait: (not wait.soon, wait.until), default=None)

    def _wait(self, found: Counted, rule: Rule, over: int) -> Wait:
        """Return the wait until `over` tries have left the window."""
        counted = select(ROWS.c.at, ROWS.c.amount, ROWS.c.state).where(
            ROWS.c.bucket.in_(found.keys.each(rule.kind, rule.who)),
            ROWS.c.at > found.now - timedelta(seconds=rule.seconds),
            *([ROWS.c.state != State.TRIED] if rule.refusals else []),
        )
        rows = found.connection.execute(counted.order_by(ROWS.c.at)).all()
        young = found.now - timedelta(seconds=OPEN_SECONDS)
        if rule.refusals and over <= sum(row.at > young for row in rows if row.state in UNSETTLED):
            return Wait(found.now + timedelta(seconds=SOON_SECONDS), rule, soon=True)
        sums = list(accumulate(1 if rule.refusals else row.amount for row in rows))
        if not sums or sums[-1] < over:  # those who wait are ahead
            return Wait(found.now + timedelta(seconds=rule.seconds), rule)
        last = rows[bisect_left(sums, over)]  # when it leaves the window, enough have
        return Wait(last.at + timedelta(seconds=rule.seconds), rule)

    def give_back(self, click: str, session: Session | None = None) -> None:
        """Refund a try, in the transaction of `session` if given."""
        with self._in(session) as found:
            found.connection.execute(delete(ROWS).where(found.of_click(click)))

    def forgive(self, kind: str, who: str, session: Session | None = None) -> None:
        """Forget every try of `kind` by `who`."""
        with self._in(session) as found:
            found.connection.execute(delete(ROWS).where(ROWS.c.bucket.in_(found.keys.each(kind, who))))

    @contextmanager
    def _in(self, session: Session | None) -> Iterator[Counted]:
        """Give a transaction that only deletes, so it needs no lock."""
        now = self._clock()
        with guarded(), nullcontext(session) if session else db.begin(self._config) as writing:
            connection = writing.connection()
            yield Counted(writing, connection, Keys(connection, self._config, now), now)

    def purge(self) -> int:
        """Delete expired tries and keys; return the number of tries."""
        with self.writing() as found:
            old = ROWS.c.at <= found.now - timedelta(seconds=DAY)
            tried = (ROWS.c.state == State.TRIED) & (ROWS.c.kind != CALL)
            past = tried & (ROWS.c.at <= found.now - timedelta(seconds=TRIES_KEPT_SECONDS))
            number = found.connection.execute(delete(ROWS).where(old | past)).rowcount
            purge_keys(found.connection, found.now)
        return number

    @contextmanager
    def reading(self) -> Iterator[Counted]:
        now = self._clock()
        with guarded(), db.read(self._config) as session:
            connection = session.connection()
            yield Counted(session, connection, Keys(connection, self._config, now), now)

    @contextmanager
    def writing(self) -> Iterator[Counted]:
        """Give a serial write transaction."""
        with guarded(), db.begin(self._config) as session:
            connection = session.connection()
            db.acquire(connection, db.AdvisoryLock.LIMITS)
            now = self._clock()  # after the lock: others have written meanwhile
            # Rows from the future (a clock ran ahead) count from now on.
            for statement in _FROM_THE_FUTURE:
                connection.execute(statement, {"now": now})
            yield Counted(session, connection, Keys(connection, self._config, now, writing=True), now)


@contextmanager
def guarded() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # from None: the error contains the parameters.
        raise LimitsUnavailableError(db.reason(error)) from None
