"""How often people may test, so that GMX never has a reason to lock anybody.

Counts lie in the database, also where everything runs in one process: a restart forgets none. What is counted is known
by a keyed hash alone. A test is checked against every limit and counted in one write transaction, which runs alone:
SQLite's BEGIN IMMEDIATE, an advisory lock on PostgreSQL. Where the database does not answer, nothing is allowed.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp import db
from webapp.config import (
    BREAKER_ACCOUNTS_MIN,
    BREAKER_PAUSE_SECONDS,
    BREAKER_REFUSALS,
    BREAKER_WINDOW_SECONDS,
    CHECKS_PER_ADDRESS,
    LIMIT_WINDOW_SECONDS,
    LINKS_PER_ADDRESS,
    LOGIN_TESTS_PER_ACCOUNT,
    LOGIN_TESTS_PER_ADDRESS,
    LOGIN_TESTS_PER_MINUTE,
    Config,
)
from webapp.models import Attempt, Pause
from webapp.security import network

KEPT_SECONDS = max(LIMIT_WINDOW_SECONDS, BREAKER_WINDOW_SECONDS)
LOGIN_TEST = "login-test"  # the name of the breaker's pause


class LimitsUnavailableError(RuntimeError):
    """The counters cannot be reached, so nothing may be tried."""


@dataclass(frozen=True, slots=True)
class Wait:
    """No test now; the next one is possible at `until`. `paused`: for everybody, because GMX refused too many."""

    until: datetime
    paused: bool = False


class Again:
    """This click was counted before: it is not counted, and must not be run, once more."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many login tests an account has left, when the next one is possible if none, and the pause if there is one.

    next_at: when one more than `left` will be possible; None where nothing was counted.
    """

    left: int
    next_at: datetime | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    kind: str
    hashed: str
    limit: int
    seconds: float


def utc_now() -> datetime:
    return datetime.now(UTC)


class Limits:
    """Counts in moving windows; every method raises LimitsUnavailableError where the database does not answer."""

    def __init__(self, config: Config, clock: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._key = config.key("limits")
        self._clock = clock

    def take_login(self, account: str, address: str, ticket: str, attempts: int = 1) -> Wait | Again | None:
        """Count a login test of `account` from the network `address`: None where it may run.

        ticket: what tells one click from another. attempts: as how many it counts. What may not run counts nothing.
        """
        if not 1 <= attempts <= LOGIN_TESTS_PER_ACCOUNT:
            raise ValueError("more attempts than an account ever has")
        windows = (
            self._of_account(account),
            _Window("address", self._hash("address", network(address)), LOGIN_TESTS_PER_ADDRESS, LIMIT_WINDOW_SECONDS),
            _Window("login", "", LOGIN_TESTS_PER_MINUTE, 60),
        )
        return self._take(windows, ticket, attempts, login=True)

    def take_check(self, address: str, ticket: str) -> Wait | Again | None:
        """Count a check without a password: None where it may run."""
        hashed = self._hash("check", network(address))
        return self._take((_Window("check", hashed, CHECKS_PER_ADDRESS, LIMIT_WINDOW_SECONDS),), ticket, 1, login=False)

    def take_link(self, address: str) -> Wait | Again | None:
        """Count a new download link: None where it may be made. Its row fills our disk for a day."""
        window = _Window("link", self._hash("link", network(address)), LINKS_PER_ADDRESS, LIMIT_WINDOW_SECONDS)
        return self._take((window,), secrets.token_hex(16), 1, login=False)

    def allowance(self, account: str) -> Allowance:
        """Return what `account` may still do."""
        now = self._clock()
        window = self._of_account(account)
        with self._guarded(), db.read(self._config) as session:
            counted = self._counted(session, window, now)
            left = max(0, window.limit - sum(amount for _, amount in counted))
            return Allowance(left, self._free_at(counted, window, left + 1), self._paused_until(session, now))

    def free_at(self, account: str, attempts: int) -> datetime | None:
        """Return when `account` may do a test that counts as `attempts`; None where it may now."""
        now = self._clock()
        window = self._of_account(account)
        with self._guarded(), db.read(self._config) as session:
            return self._free_at(self._counted(session, window, now), window, attempts)

    def refused(self, account: str) -> None:
        """Note that GMX refused a login; many of them from several accounts switch the login test off for a while."""
        now = self._clock()
        with self._writing() as session:
            session.add(Attempt(kind="refusal", hashed=self._hash("account", account), amount=1, at=now))
            session.flush()
            since = now - timedelta(seconds=BREAKER_WINDOW_SECONDS)
            refusals, accounts = session.execute(
                select(func.count(), func.count(func.distinct(Attempt.hashed))).where(
                    Attempt.kind == "refusal", Attempt.at > since
                )
            ).one()
            if refusals >= BREAKER_REFUSALS and accounts >= BREAKER_ACCOUNTS_MIN:
                session.merge(Pause(name=LOGIN_TEST, until=now + timedelta(seconds=BREAKER_PAUSE_SECONDS)))

    def paused_until(self) -> datetime | None:
        """Return until when the login test is switched off for everybody, or None."""
        with self._guarded(), db.read(self._config) as session:
            return self._paused_until(session, self._clock())

    def _take(self, windows: tuple[_Window, ...], ticket: str, attempts: int, *, login: bool) -> Wait | Again | None:
        now = self._clock()
        hashed = self._hash("ticket", ticket)
        with self._writing() as session:
            if session.scalar(select(Attempt.id).where(Attempt.kind == "ticket", Attempt.hashed == hashed).limit(1)):
                return Again()
            if login and (until := self._paused_until(session, now)):
                return Wait(until, paused=True)
            waits = [self._free_at(self._counted(session, w, now), w, attempts) for w in windows]
            if known := [until for until in waits if until is not None]:
                return Wait(max(known))
            self._forget(session, now)
            session.add_all(Attempt(kind=w.kind, hashed=w.hashed, amount=attempts, at=now) for w in windows)
            session.add(Attempt(kind="ticket", hashed=hashed, amount=1, at=now))
        return None

    def purge(self) -> int:
        """Forget what counts no more; return how many attempts there were."""
        with self._writing() as session:
            return self._forget(session, self._clock())

    def _forget(self, session: Session, now: datetime) -> int:
        end = now - timedelta(seconds=KEPT_SECONDS)
        return session.execute(delete(Attempt).where(Attempt.at <= end)).rowcount  # type: ignore[attr-defined,no-any-return]

    def _of_account(self, account: str) -> _Window:
        return _Window("account", self._hash("account", account), LOGIN_TESTS_PER_ACCOUNT, LIMIT_WINDOW_SECONDS)

    def _counted(self, session: Session, window: _Window, now: datetime) -> list[tuple[datetime, int]]:
        """Return when and how much was counted in the window, oldest first."""
        rows = session.execute(
            select(Attempt.at, Attempt.amount)
            .where(
                Attempt.kind == window.kind,
                Attempt.hashed == window.hashed,
                Attempt.at > now - timedelta(seconds=window.seconds),
            )
            .order_by(Attempt.at)
        )
        return [(at, amount) for at, amount in rows]

    def _free_at(self, counted: list[tuple[datetime, int]], window: _Window, attempts: int) -> datetime | None:
        """Return when `attempts` more fit into the window; None where they fit now."""
        over = sum(amount for _, amount in counted) + attempts - window.limit
        for at, amount in counted:
            if over <= 0:
                break
            over -= amount
            if over <= 0:
                return at + timedelta(seconds=window.seconds)
        return None

    def _paused_until(self, session: Session, now: datetime) -> datetime | None:
        until: datetime | None = session.scalar(select(Pause.until).where(Pause.name == LOGIN_TEST))
        return until if until is not None and until > now else None

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """Give a session whose transaction no other one of the counters runs beside."""
        with self._guarded(), db.begin(self._config) as session:
            db.enter_alone(session.connection(), db.Alone.LOGIN_TESTS)
            yield session

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            # From None: the statement's parameters stand in the error.
            raise LimitsUnavailableError(type(error).__name__) from None

    def _hash(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"{kind}\0{value}".encode(), "sha256").hexdigest()
