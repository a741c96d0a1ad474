"""Rate limits of everything people may try. No other module counts tries.

`Limits` has the rules, with numbers from the settings; `store` counts in one table for all processes; `networks` maps
addresses to sources, `keys` has the hash keys, `breaker` is the circuit breaker of login tests. `rates` limits API
requests per minute, in memory or Redis.

Strangers and agents never share a counter. A login test is counted before it runs, as a try and, until it is settled,
as a refusal; the worker that ran it settles it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import Flask, current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.infrastructure import errors
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import breaker, queue, rates
from webapp.infrastructure.limits.breaker import ACCOUNT, BREAKER, NETWORK, Paused
from webapp.infrastructure.limits.networks import networks
from webapp.infrastructure.limits.queue import Standing
from webapp.infrastructure.limits.store import (
    CALL,
    DAY,
    EVERYBODY,
    HOUR,
    LOGIN,
    MINUTE,
    ROWS,
    UNSETTLED,
    Again,
    Answer,
    Counted,
    LimitsUnavailableError,
    Rule,
    State,
    Store,
    Wait,
    guarded,
)

__all__ = [
    "Again",
    "Allowance",
    "Ending",
    "Limits",
    "LimitsUnavailableError",
    "Paused",
    "Standing",
    "Wait",
    "current",
    "init_app",
    "invitation",
]  # fmt: skip

QUARTER = 15 * MINUTE
TEN_MINUTES = 10 * MINUTE
WAITING_SECONDS = 30 * MINUTE  # time in the helpdesk's queue
INVITATION = "invitation"  # in the application's extensions: the callback of `invitation`, set by the helpdesk


class Ending(StrEnum):
    NOT_SENT = "not-sent"  # refunded to the account, not to the network
    ANSWERED = "answered"  # the password was sent and not refused
    REFUSED = "refused"
    UNKNOWN = "unknown"  # sent, without an answer


@dataclass(frozen=True, slots=True)
class Allowance:
    """The login tests that an account has left.

    next_at: when the next one is possible if none is left. paused_until: end of the breaker's pause. over: refused so
    often today that it is not tested again before `next_at`.
    """

    left: int
    next_at: datetime | None = None
    paused_until: datetime | None = None
    over: bool = False


class Limits(Store):
    """The rules. `take_…` counts a try and returns None, or returns why it is not allowed."""

    def take_login(
        self, account: str, address: str, click: str, *, provider: str, amount: int = 1, invited: str | None = None
    ) -> Answer:
        """Count a login test of `account`, for the network of `address` or for the case `invited`.

        click: the run id. amount: how many tries it counts as; it is at most one refusal.
        """
        if not 1 <= amount <= self._config.login_tests_per_account:
            raise ValueError("more tries than an account ever has")
        name = breaker.name_of(provider, invited=invited is not None)
        rules = (*self._of_account(account), *self._of_source(address, invited))
        with self.writing() as found:
            if until := breaker.paused_until(found, name):
                return Wait(until)
            also = [(BREAKER, name.encode())]
            minute = self._of_minute(queue.ahead(found, click))
            answer = self._take(found, (*rules, minute), click, amount=amount, state=State.OPEN, also=also)
            if answer is None:
                self._leave(found, click)
            return answer

    def queue_up(self, click: str, address: str, *, invited: str | None = None) -> Answer:
        """Take a place in the queue for the run `click`. A network has as many places as login tests."""
        sources = networks(address) if invited is None else (f"case {invited}",)
        rules = _sized("place", sources, self._config.login_tests_per_network, QUARTER)
        with self.writing() as found:
            answer = self._take(found, rules, _place(click))
            if isinstance(answer, Wait):
                return answer
            if not queue.join(found, click):
                return Wait(found.now + timedelta(seconds=QUARTER), self._of_minute(0))
            return None

    def place(self, click: str) -> Standing | None:
        """Return where the run `click` stands in the queue, and note that somebody still waits; None: nowhere."""
        with self.writing() as found:
            minute = self._of_minute(0)
            return queue.stand(found, click, minute.most - found.used([minute])[0], minute.most)

    def leave_queue(self, click: str) -> None:
        with self.writing() as found:
            self._leave(found, click)

    def _leave(self, found: Counted, click: str) -> None:
        queue.leave(found, click)
        found.connection.execute(delete(ROWS).where(found.of_click(_place(click))))

    def _of_minute(self, ahead: int) -> Rule:
        """Return the rule for everybody together, where so many are ahead."""
        return Rule(LOGIN, "", self._config.login_tests_per_minute - ahead, MINUTE)

    def purge(self) -> int:
        with self.writing() as found:
            queue.purge(found)
        return super().purge()

    def begin(self, click: str) -> bool:
        """Note that the login of a test begins; False where it has begun before, whatever the queue says.

        What was not counted here, or is forgotten by now, may begin: then the password is gone, too.
        """
        with self.writing() as found:
            mine = found.of_click(click)
            is_open = (mine, ROWS.c.state == State.OPEN)
            if found.connection.execute(update(ROWS).where(*is_open).values(state=State.BEGUN)).rowcount:
                return True
            return found.connection.scalar(select(ROWS.c.id).where(mine).limit(1)) is None

    def settle(self, click: str, outcome: Ending) -> None:
        """Note how a login test ended; idempotent, the first call counts."""
        states = {Ending.REFUSED: State.REFUSED, Ending.UNKNOWN: State.UNKNOWN}
        with self.writing() as found:
            mine = (found.of_click(click), ROWS.c.state.in_(UNSETTLED))
            name = found.connection.scalar(select(ROWS.c.bucket).where(*mine, ROWS.c.kind == BREAKER))
            if outcome is Ending.NOT_SENT:
                found.connection.execute(delete(ROWS).where(*mine, ROWS.c.kind == ACCOUNT))
            found.connection.execute(update(ROWS).where(*mine).values(state=states.get(outcome, State.TRIED)))
            if outcome is Ending.REFUSED and name is not None:
                breaker.look(found, self._config, name.decode())

    def allowance(self, account: str, provider: str, *, invited: bool = False) -> Allowance:
        """Return what `account` may still do at `provider`."""
        rules = self._of_account(account)
        with self.reading() as found:
            left = max(0, min(rule.most - used for rule, used in zip(rules, found.used(rules), strict=True)))
            wait = None if left else self._longest(found, rules, 1)
            pause = breaker.paused_until(found, breaker.name_of(provider, invited=invited))
            return Allowance(left, wait.until if wait else None, pause, wait is not None and wait.over)

    def free_at(self, account: str, amount: int) -> datetime | None:
        """Return when a test that counts as `amount` is possible; None for now."""
        with self.reading() as found:
            wait = self._longest(found, self._of_account(account), amount)
            return wait.until if wait else None

    def paused_until(self, provider: str, *, invited: bool = False) -> datetime | None:
        with self.reading() as found:
            return breaker.paused_until(found, breaker.name_of(provider, invited=invited))

    def pauses(self) -> list[Paused]:
        with self.reading() as found:
            return breaker.open_ones(found)

    def lift_pauses(self) -> None:
        """Close every breaker and forget the refusals that opened it."""
        with self.writing() as found:
            breaker.lift(found)

    def take_check(self, address: str, click: str) -> Answer:
        return self.take(_sized("check", networks(address), self._config.checks_per_network, QUARTER), click)

    def take_link(self, address: str) -> Answer:
        """Count a new download link, which takes disk space for a day."""
        return self.take(_sized("link", networks(address), self._config.links_per_network, QUARTER))

    def take_code(self, address: str, click: str) -> Answer:
        """Count a code that a person enters; the caller refunds a right one."""
        of_network = _sized("code", networks(address), self._config.codes_per_network, TEN_MINUTES)
        return self.take((*of_network, Rule("code", EVERYBODY, self._config.codes_of_strangers, TEN_MINUTES)), click)

    def take_code_of_agent(self, agent_id: int, click: str) -> Answer:
        """Count a code that an agent enters; the caller refunds a right one."""
        return self.take([Rule("code", f"agent {agent_id}", self._config.codes_per_agent, TEN_MINUTES)], click)

    def take_waiting(self, address: str, click: str) -> Answer:
        """Count a person who waits for the helpdesk; the caller refunds it when they leave the queue."""
        of_network = _sized("help", networks(address), self._config.waiting_per_network, WAITING_SECONDS)
        return self.take((*of_network, Rule("help", EVERYBODY, self._config.waiting_in_all, WAITING_SECONDS)), click)

    def take_call(self, address: str, click: str) -> Answer:
        """Count a call that a person books; the caller refunds it when the booking is given up or the call comes.

        By the day, though a booking stands for up to seven: a longer count needs a key that links the days.
        """
        of_network = _sized(CALL, networks(address), self._config.calls_per_network, DAY)
        return self.take((*of_network, Rule(CALL, EVERYBODY, self._config.calls_in_all, DAY)), click)

    def take_sign_in(self, click: str, *, address: str | None = None, login: str | None = None) -> Answer:
        """Count a sign-in for network and login name; the caller refunds a successful one."""
        sources = networks(address) if address is not None else ()
        of_network = _sized("sign-in", sources, self._config.sign_ins_per_network, QUARTER)
        return self.take((*of_network, *(self._of_agent(login) if login is not None else ())), click)

    def forgive_agent(self, login: str, session: Session | None = None) -> None:
        """Reset the sign-ins of an agent who has signed in with the second factor."""
        self.forgive("agent", login, session)

    def _of_agent(self, login: str) -> tuple[Rule, ...]:
        return (
            Rule("agent", login, self._config.sign_ins_per_agent, 5 * MINUTE),
            Rule("agent", login, self._config.sign_ins_per_agent_and_hour, HOUR),
        )

    def _of_account(self, account: str) -> tuple[Rule, ...]:
        return (
            Rule(ACCOUNT, account, self._config.login_tests_per_account, QUARTER),
            Rule(ACCOUNT, account, self._config.login_refusals_per_account, DAY, refusals=True),
        )

    def _of_source(self, address: str, invited: str | None) -> tuple[Rule, ...]:
        """Return the rules for the network of `address`, or for the case `invited`."""
        config = self._config
        *smaller, largest = config.login_refusals_per_network_and_day
        daily = (*smaller, min(largest, config.login_refusals_per_48_and_day))
        sources = networks(address) if invited is None else (f"case {invited}",)
        return (
            *_sized(NETWORK, sources, config.login_tests_per_network, QUARTER),
            *_sized(NETWORK, sources, config.login_refusals_per_network, QUARTER, refusals=True),
            *_sized(NETWORK, sources, daily, DAY, refusals=True),
        )


def _sized(
    kind: str, sources: Sequence[str], numbers: Sequence[int], seconds: int, *, refusals: bool = False
) -> tuple[Rule, ...]:
    """Return one rule per size of network."""
    return tuple(Rule(kind, who, most, seconds, refusals) for who, most in zip(sources, numbers, strict=False))


def _place(click: str) -> str:
    """Return the id under which a place is counted; the run itself is counted under `click`."""
    return f"place {click}"


def current() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


def invitation() -> str | None:
    """Return the id of the helpdesk case that this request belongs to, or None."""
    find: Callable[[], str | None] | None = current_app.extensions.get(INVITATION)
    with guarded():
        return find() if find else None


def init_app(app: Flask, config: Config) -> None:
    """Set up limits; requests that need them answer 503 while the database is unavailable."""
    app.extensions["limits"] = Limits(config)
    app.extensions["rates"] = rates.of(config)
    app.register_error_handler(LimitsUnavailableError, lambda error: errors.unavailable(str(error)))
