"""What this session tests, which runs it owns, and how many tests it has left."""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from flask import abort, session
from flask_wtf.csrf import generate_csrf

from webapp.connection_tests.progress import Run
from webapp.core.probe import RunState
from webapp.core.probe.circle import ATTEMPTS
from webapp.core.providers import Provider
from webapp.core.text import reference_for
from webapp.infrastructure import limits
from webapp.infrastructure.config import CIRCLE_AFTER_LOGIN_SECONDS, current_config, current_providers
from webapp.infrastructure.sealing import is_tagged_id, new_tagged_id
from webapp.web.wizard import answers as store
from webapp.web.wizard.steps import is_complete

RUNS_KEY = "runs"  # in the session: ids of the runs it owns
RUNS_MAX = 8
_RUN_IDS = "connection test run ids"  # purpose of the tagged ids
PASSED_KEY = "login_passed"  # in the session, of the last login test that passed: mark of the address, provider, end


def mark_of(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Subject:
    """What this session tests. other: `provider` is not that of the answers but the other platform."""

    answers: store.Answers
    provider: Provider
    other: bool = False

    @property
    def address(self) -> str:
        return self.answers.email_address

    @property
    def by_imap(self) -> bool:
        """Whether the person's program receives by IMAP, which we do not test."""
        return self.answers.by_imap or not self.answers.speaks_pop

    @property
    def mark(self) -> str:
        """A short hash of the address for the cookie, whose size is limited."""
        return mark_of(self.address)


@dataclass(frozen=True, slots=True)
class CircleOffer:
    """Whether a full circle may begin. passed: after a login test that passed. until: when the limits allow it, None
    for now. off: login tests are switched off."""

    off: bool
    passed: bool
    until: datetime | None

    @property
    def open(self) -> bool:
        return self.passed and not self.off and self.until is None


def current_subject() -> Subject | None:
    """Return what the answers lead to; None if they are incomplete."""
    answers = store.load()
    provider = current_providers().get(answers.provider_id or "")
    return Subject(answers, provider) if provider and is_complete(answers) else None


def allowance_of(subject: Subject) -> limits.Allowance | None:
    """Return the login tests left; None if the limits are unavailable."""
    try:
        invited = limits.invitation() is not None
        return limits.current().allowance(subject.address, subject.provider.id, invited=invited)
    except limits.LimitsUnavailableError:
        return None


def login_test_is_on(allowance: limits.Allowance | None) -> bool:
    return current_config().login_test and allowance is not None and allowance.paused_until is None


def circle_offer(subject: Subject, allowance: limits.Allowance | None) -> CircleOffer | None:
    """Return whether a full circle may begin; None where the provider wants longer pauses than it can make."""
    if not subject.provider.offers_full_circle:
        return None
    off = not login_test_is_on(allowance)
    mark, provider, ended_at = session.get(PASSED_KEY, ("", "", 0))
    young = time.time() - ended_at < CIRCLE_AFTER_LOGIN_SECONDS
    passed = young and (mark, provider) == (subject.mark, subject.provider.id)
    until = limits.current().free_at(subject.address, ATTEMPTS) if passed and not off else None
    return CircleOffer(off, passed, until)


def note_passed_login(run: Run) -> None:
    """Note in the session that the login test passed: it allows a full circle, also after the run has expired."""
    report = run.report
    if run.state is RunState.PASSED and report.login and report.circle is None and run.ended_at is not None:
        passed = [mark_of(report.address), report.provider, int(run.ended_at)]
        if session.get(PASSED_KEY) != passed:
            session[PASSED_KEY] = passed


def remember(run_id: str) -> None:
    """Make this session the owner of the run."""
    session[RUNS_KEY] = [*own_runs(), run_id][-RUNS_MAX:]


def own_runs() -> list[str]:
    found: list[str] = session.get(RUNS_KEY, [])
    return found


def reference_of(run: Run) -> str:
    """Return what the person reads out of their result. Those who share a check have a reference each."""
    return reference_for(run.id) if run.shared else run.report.reference


def is_own(run_id: str) -> bool:
    return run_id in own_runs()


def check_own(run_id: str) -> None:
    """Abort with 404 unless this session owns the run."""
    if not is_own(run_id):
        abort(404)


def new_run_id(address: str) -> str:
    """Return a run id for a form about `address`, valid in this session and for this address only.

    A form left open so cannot send its password for an address that was entered later.
    """
    generate_csrf()  # puts the session's secret in place, to which the id is bound
    return new_tagged_id(current_config(), _RUN_IDS, _owner(address))


def was_issued(run_id: str, address: str) -> bool:
    """Whether `new_run_id` made `run_id` for this session and address."""
    return is_tagged_id(current_config(), _RUN_IDS, _owner(address), run_id)


def _owner(address: str) -> str:
    return f"{session.get('csrf_token', '')}\0{address}"
