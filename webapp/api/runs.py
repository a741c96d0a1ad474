"""The one place where the API meets the engine of the connection test: begin a test, look how far it has come.

The same queue, the same counters and the same rules as in the browser.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from flask import current_app
from redis.exceptions import RedisError

from webapp import probe
from webapp.account import MailAccount
from webapp.api.problems import Kind, ProblemError
from webapp.config import current_config, current_providers
from webapp.connection_tests import jobs
from webapp.connection_tests.engine import NOBODY, Engine, Plan, UnavailableError, tell
from webapp.connection_tests.limits import LimitsUnavailableError, Wait
from webapp.connection_tests.ownership import current_limits
from webapp.connection_tests.progress import SHARED_ID, Run
from webapp.models import ApiKey
from webapp.text import N_, Message

ID_PATTERN = "^[A-Za-z0-9_-]{32}$"
_RANDOM_BYTES, _TAG_BYTES = 15, 9  # together 32 characters


def begin_check(account: MailAccount, address: str, key: ApiKey | None) -> str:
    """Queue a check without a password for the network `address`, return its id; raises ProblemError.

    It is the same for everybody, so everybody looks at one run.
    """
    run_id = new_id(key)
    with _available() as engine:
        wait = current_limits().take_check(address, run_id)
        if isinstance(wait, Wait):
            raise _too_often(wait)
        plan = Plan(account.provider_id, NOBODY)
        shared_key = f"{plan.provider} {account.incoming.hostname}:{account.incoming.port} {account.outgoing.port}"
        run = plan.run(SHARED_ID + secrets.token_urlsafe(16), current_providers())
        fresh = engine.runs.join(shared_key, run_id, run)
        _tell(engine, run_id)
        if fresh:
            engine.submit(run.id, plan)
    return run_id


def begin_login(account: MailAccount, address: str, key: ApiKey, password: probe.Secret) -> str:
    """Queue a test with a login for the network `address`, return its id; raises ProblemError."""
    run_id = new_id(key)
    with _available() as engine:
        if current_limits().paused_until() is not None:
            raise ProblemError(Kind.NOT_ALLOWED, Message(N_("The login test is switched off at the moment.")))
        wait = current_limits().take_login(account.email_address, address, run_id)
        if isinstance(wait, Wait):
            raise _too_often(wait)
        plan = Plan(account.provider_id, account.email_address, login=True)
        engine.passwords.put(run_id, password)
        if engine.runs.add(plan.run(run_id, current_providers())):
            _tell(engine, run_id)
            engine.submit(run_id, plan)
    return run_id


def find(run_id: str, key: ApiKey | None) -> Run | None:
    """Return a test as far as it has come, to the key that began it; None where nobody knows it."""
    if not _belongs(run_id, key):
        return None
    with _available() as engine:
        run = engine.runs.get(run_id)
    return None if run is None else replace(run, report=replace(run.report, state=run.state))


@contextmanager
def _available() -> Iterator[Engine]:
    """Give the engine; what cannot be reached becomes a problem, and nothing was tried."""
    try:
        engine = jobs.of(current_app)
        engine.check_ready()
        yield engine
    except (UnavailableError, LimitsUnavailableError, RedisError) as error:
        current_app.logger.error("no connection tests: %s", type(error).__name__)
        raise ProblemError(Kind.UNAVAILABLE, headers={"Retry-After": "60"}) from None


def _tell(engine: Engine, run_id: str) -> None:
    run = engine.runs.get(run_id)
    if run is not None:
        tell(current_app._get_current_object(), run)  # type: ignore[attr-defined]


def _too_often(wait: Wait) -> ProblemError:
    seconds = max(1, round((wait.until - datetime.now(UTC)).total_seconds()))
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
