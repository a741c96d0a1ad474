"""The one place where the API meets the engine of the connection test: begin a test, look how far it has come.

The same queue, the same counters and the same rules as in the browser.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from flask import current_app

from webapp.api.problems import Kind as Problem
from webapp.api.problems import ProblemError
from webapp.connection_tests import beginning, engine, jobs
from webapp.connection_tests.progress import Run
from webapp.core.account import MailAccount
from webapp.core.probe import Secret
from webapp.core.text import N_, Message
from webapp.infrastructure import events, sealing
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import ApiKey

_IDS = "api test ids"  # purpose of the ids: those of tests in the browser are of no use here


def begin_test(account: MailAccount, network: str, key: ApiKey | None, password: Secret | None = None) -> str:
    """Queue a test for the IP address `network`, return its id; raises ProblemError. It logs in with a `password`."""
    run_id = sealing.new_tagged_id(current_config(), _IDS, _owner(key))
    with _available():
        kind = beginning.Kind.CHECK if password is None else beginning.Kind.LOGIN
        begun = beginning.begin(account, kind, run_id, network=network, password=password)
    if begun.outcome is beginning.Outcome.OFF:
        raise ProblemError(Problem.NOT_ALLOWED, Message(N_("The login test is switched off at the moment.")))
    if begun.outcome is beginning.Outcome.WAIT and begun.wait is not None:
        raise _too_often(begun.wait.until)
    return run_id


def find(run_id: str, key: ApiKey | None) -> Run | None:
    """Return a test as far as it has come, to the key that began it; one of nobody to everybody. None: not known."""
    if not any(sealing.is_tagged_id(current_config(), _IDS, _owner(owner), run_id) for owner in (key, None)):
        return None
    with _available():
        runs = jobs.current().runs
        run = runs.get(run_id)
        if run is not None:
            engine.announce_end(events.running_app(), runs, run)
    return None if run is None else replace(run, report=replace(run.report, state=run.state))


@contextmanager
def _available() -> Iterator[None]:
    """Turn what cannot be reached into a problem; nothing was tried."""
    try:
        yield
    except beginning.UNAVAILABLE as error:
        current_app.logger.error("no connection tests: %s", type(error).__name__)
        raise ProblemError(Problem.UNAVAILABLE, headers={"Retry-After": "60"}) from None


def _too_often(until: datetime) -> ProblemError:
    seconds = max(1, round((until - datetime.now(UTC)).total_seconds()))
    detail = Message(
        N_("So that nobody is locked out, tests are limited. Ask again in %(number)s second."),
        {"number": seconds},
        plural=N_("So that nobody is locked out, tests are limited. Ask again in %(number)s seconds."),
    )
    return ProblemError(Problem.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})


def _owner(key: ApiKey | None) -> str:
    return str(key.id if key else 0)
