"""Whom this session tests, which tests are theirs, and what they may still do."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from flask import abort, current_app, session

from webapp.config import CIRCLE_AFTER_LOGIN_SECONDS, current_config, current_providers
from webapp.connection_tests.limits import Allowance, Limits, LimitsUnavailableError
from webapp.connection_tests.progress import Run
from webapp.probe.circle import ATTEMPTS
from webapp.probe.report import RunState
from webapp.providers import Provider
from webapp.wizard import answers as store
from webapp.wizard.answers import Answers
from webapp.wizard.steps import is_complete

RUNS_KEY = "runs"  # in the session: the tests that belong to it alone, by the ticket of their form
RUNS_MAX = 8
PASSED_KEY = "login_passed"  # in the session: of a login test that passed, the address as its mark, provider and end


def mark_of(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Account:
    """What this session tests: its answers, and the platform, which may be the other one for a single attempt."""

    answers: Answers
    provider: Provider
    other: bool = False

    @property
    def address(self) -> str:
        return self.answers.email_address

    @property
    def mark(self) -> str:
        """What stands for the address in the cookie, which a second one of 254 letters would burst."""
        return mark_of(self.address)


@dataclass(frozen=True, slots=True)
class CircleOffer:
    """Whether this person may close the full circle: only after a login that worked, and once there is room for it.

    until: when there will be; None where there is. off: the login test is switched off.
    """

    off: bool
    passed: bool
    until: datetime | None

    @property
    def open(self) -> bool:
        return self.passed and not self.off and self.until is None


def current_account() -> Account | None:
    """Return what the answers lead to; None while they are not complete."""
    answers = store.load()
    provider = current_providers().get(answers.provider_id or "")
    return Account(answers, provider) if provider and is_complete(answers) else None


def current_limits() -> Limits:
    """Return the counters of this application."""
    found = current_app.extensions.get("limits")
    if not isinstance(found, Limits):
        found = current_app.extensions["limits"] = Limits(current_config())
    return found


def allowance_of(account: Account) -> Allowance | None:
    """Return how often the account may still be tested; None where the counters do not answer."""
    try:
        return current_limits().allowance(account.address)
    except LimitsUnavailableError:
        return None


def login_test_is_on(allowance: Allowance | None) -> bool:
    return current_config().login_test and allowance is not None and allowance.paused_until is None


def circle_offer(account: Account, allowance: Allowance | None) -> CircleOffer:
    """Return whether `account` may close the full circle now."""
    off = not login_test_is_on(allowance)
    mark, provider, ended_at = session.get(PASSED_KEY, ("", "", 0))
    young = time.time() - ended_at < CIRCLE_AFTER_LOGIN_SECONDS
    passed = young and (mark, provider) == (account.mark, account.provider.id)
    until = current_limits().free_at(account.address, ATTEMPTS) if passed and not off else None
    return CircleOffer(off, passed, until)


def note_passed_login(run: Run) -> None:
    """Remember in the session that the login worked: it opens the full circle, and outlives the run."""
    report = run.report
    if run.state is RunState.PASSED and report.login and report.circle is None and run.ended_at is not None:
        passed = [mark_of(report.address), report.provider, int(run.ended_at)]
        if session.get(PASSED_KEY) != passed:
            session[PASSED_KEY] = passed


def remember(ticket: str) -> None:
    """Note that the test of `ticket` belongs to this session."""
    session[RUNS_KEY] = [*own_runs(), ticket][-RUNS_MAX:]


def own_runs() -> list[str]:
    found: list[str] = session.get(RUNS_KEY, [])
    return found


def is_own(run_id: str) -> bool:
    return run_id in own_runs()


def check_own(run_id: str) -> None:
    """End the request with 404 where the test is not one of this session."""
    if not is_own(run_id):
        abort(404)
