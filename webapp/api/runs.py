"""The one place where the API meets the engine of the connection test: begin a test, look how far it has come.

The same queue, the same counters and the same rules as in the browser.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import replace

from flask import current_app

from webapp import probe
from webapp.account import MailAccount
from webapp.api.problems import Kind, ProblemError
from webapp.config import current_config
from webapp.connection_tests import jobs, limits
from webapp.connection_tests.limits import Wait
from webapp.models import ApiKey
from webapp.probe.report import FailureKind, Report, RunState, Vantage, new_reference, now
from webapp.text import N_, InputError, Message

ID_PATTERN = "^[A-Za-z0-9_-]{32}$"
_RANDOM_BYTES, _TAG_BYTES = 15, 9  # together 32 characters


def begin(account: MailAccount, address: str, key: ApiKey | None, password: probe.Secret | None = None) -> str:
    """Queue a test of `account` for the network `address` and return its id; raises ProblemError where none may run."""
    login = password is not None
    try:
        queue = jobs.of(current_app)
    except InputError:
        raise ProblemError(Kind.UNAVAILABLE, headers={"Retry-After": "60"}) from None
    wait = limits().take_login(account.email_address, address) if login else limits().take_check(address)
    if wait is not None:
        raise _too_often(wait)
    run_id = new_id(key)
    report = probe.planned(account, vantage=Vantage.SERVER, login=login, reference=new_reference(), started_at=now())
    seconds = probe.LIMITS.run_with_login if login else probe.LIMITS.run
    queue.runs.add(run_id, report, seconds + jobs.EXPIRES_SECONDS)
    if password is not None:
        queue.passwords.put(run_id, password)
    queue.submit(run_id, jobs.Plan(account, login))
    return run_id


def login_test_is_on() -> bool:
    """Whether a login may be tested for anybody now."""
    return current_config().login_test and limits().paused() is None


def find(run_id: str, key: ApiKey | None) -> Report | None:
    """Return the report of a test as far as it has come, to the key that began it; None where nobody knows it."""
    if not _belongs(run_id, key):
        return None
    try:
        run = jobs.of(current_app).runs.get(run_id)
    except InputError:
        return None
    if run is None:
        return None
    _count_refusal(run_id, run.report, ended=run.ended)
    return replace(run.report, state=run.state)


def ended(report: Report) -> bool:
    return report.state not in (RunState.QUEUED, RunState.RUNNING)


def _count_refusal(run_id: str, report: Report, *, ended: bool) -> None:
    refused = any(stage.failure and stage.failure.kind is FailureKind.AUTHENTICATION_FAILED for stage in report.stages)
    counted = current_app.extensions.setdefault("counted_refusals", set())
    if ended and refused and run_id not in counted:
        counted.add(run_id)
        limits().refused(report.address)


def _too_often(wait: Wait) -> ProblemError:
    seconds = max(1, round(wait.seconds))
    detail = Message(
        N_("So that GMX does not lock anybody, tests are limited. Ask again in %(number)s second."),
        {"number": seconds},
        plural=N_("So that GMX does not lock anybody, tests are limited. Ask again in %(number)s seconds."),
    )
    return ProblemError(Kind.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})


def new_id(key: ApiKey | None) -> str:
    """Return the id of a new test: not to be guessed, and good for the key alone that began it, or for nobody's."""
    random = secrets.token_bytes(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(random + _tag(random, key)).decode()


def _belongs(run_id: str, key: ApiKey | None) -> bool:
    """Whether `new_id` made this id for `key`. The ids of tests in the browser are of no use here."""
    made = base64.urlsafe_b64decode(run_id)
    random, tag = made[:_RANDOM_BYTES], made[_RANDOM_BYTES:]
    return hmac.compare_digest(tag, _tag(random, key)) or hmac.compare_digest(tag, _tag(random, None))


def _tag(random: bytes, key: ApiKey | None) -> bytes:
    owner = str(key.id if key else 0).encode()
    return hmac.digest(current_config().key("api test ids"), random + owner, "sha256")[:_TAG_BYTES]
