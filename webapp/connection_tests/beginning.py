"""`begin`: the one way to queue a connection test, for browser, full circle and API.

Nothing is tried before it is counted. Order: engine ready, limits, password store, run store, event, queue.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from secrets import token_urlsafe

from redis.exceptions import RedisError

from webapp.connection_tests import jobs
from webapp.connection_tests.engine import PLACEHOLDER_ADDRESS, Engine, Plan, UnavailableError, announce
from webapp.connection_tests.progress import SHARED_ID
from webapp.core.account import MailAccount
from webapp.core.probe import Secret
from webapp.core.probe.circle import ATTEMPTS
from webapp.infrastructure import limits
from webapp.infrastructure.config import current_config, current_providers
from webapp.infrastructure.events import running_app

UNAVAILABLE = (UnavailableError, limits.LimitsUnavailableError, RedisError)  # raised by `begin`; nothing was tried


class Kind(StrEnum):
    """CHECK: without password. LOGIN: one login for receiving, one for sending. CIRCLE: also a mail to oneself."""

    CHECK = auto()
    LOGIN = auto()
    CIRCLE = auto()


class Outcome(Enum):
    """STARTED: queued. AGAIN: duplicate submit. WAIT: limit reached. OFF: login tests are switched off."""

    STARTED = auto()
    AGAIN = auto()
    WAIT = auto()
    OFF = auto()


@dataclass(frozen=True, slots=True)
class Beginning:
    """wait: with WAIT when to retry and why; with OFF the end of the pause, None if the operator switched it off."""

    outcome: Outcome
    wait: limits.Wait | None = None


def begin(
    account: MailAccount, kind: Kind, run_id: str, *,
    network: str, invited: str | None = None, password: Secret | None = None, strip: bool = False,
) -> Beginning:  # fmt: skip
    """Queue one test of `account`; idempotent by `run_id`. Raises one of UNAVAILABLE.

    network: the client's IP address, which is limited too. invited: the helpdesk case that is limited in its place.
    password: None if it is in the password store already. strip: remove blanks around it. Checks are shared: they join
    a running or recent one.
    """
    if kind is not Kind.CHECK and not current_config().login_test:
        return Beginning(Outcome.OFF)
    engine = jobs.current()
    engine.check_ready()
    refusal = _refusal(engine, account, kind, run_id, network, invited)
    if refusal is not None:
        if refusal.outcome is not Outcome.AGAIN:
            engine.passwords.take(run_id)
        return refusal
    if kind is Kind.CHECK:
        _join_check(engine, account, run_id)
        return Beginning(Outcome.STARTED)
    plan = Plan(account.provider_id, account.email_address, login=True, strip=strip, circle=kind is Kind.CIRCLE)
    if password is not None:
        engine.passwords.put(run_id, password)
    if engine.runs.add(plan.run(run_id, current_providers())):
        _announce_queued(engine, run_id)
        engine.submit(run_id, plan)
    return Beginning(Outcome.STARTED)


def _refusal(
    engine: Engine, account: MailAccount, kind: Kind, run_id: str, network: str, invited: str | None
) -> Beginning | None:
    """Count the test; return why it must not run, or None."""
    if engine.runs.get(run_id) is not None:
        return Beginning(Outcome.AGAIN)
    if kind is Kind.CHECK:
        wait = limits.current().take_check(network, run_id)
    else:
        wait = limits.current().take_login(
            account.email_address, network, run_id,
            provider=account.provider_id, amount=ATTEMPTS if kind is Kind.CIRCLE else 1, invited=invited,
        )  # fmt: skip
    if wait is None:
        return None
    if isinstance(wait, limits.Again):
        return Beginning(Outcome.AGAIN)
    return Beginning(Outcome.OFF if wait.paused else Outcome.WAIT, wait)


def _join_check(engine: Engine, account: MailAccount, run_id: str) -> None:
    plan = Plan(account.provider_id, PLACEHOLDER_ADDRESS)
    run = plan.run(SHARED_ID + token_urlsafe(16), current_providers())
    servers = f"{plan.provider} {account.incoming.hostname}:{account.incoming.port} {account.outgoing.port}"
    is_new = engine.runs.join(servers, run_id, run)
    _announce_queued(engine, run_id)
    if is_new:
        engine.submit(run.id, plan)


def _announce_queued(engine: Engine, run_id: str) -> None:
    run = engine.runs.get(run_id)
    if run is not None:
        announce(running_app(), run)
