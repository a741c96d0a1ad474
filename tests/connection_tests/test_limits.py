"""The counters, in the database that a machine has and in the one that several share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

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
from webapp.connection_tests.limits import Again, Limits, LimitsUnavailableError, Wait
from webapp.models import Attempt
from webapp.security import network


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, config: Config) -> Iterator[Config]:
    if request.param == "postgresql":
        config = replace(config, database_url=request.getfixturevalue("postgres_url"))
        db.upgrade(config)
    yield config
    db.dispose()


@pytest.fixture
def limits(settings: Config, clock: Clock) -> Limits:
    return Limits(settings, clock)


def test_an_account_is_tested_three_times_whoever_asks_at_once(limits: Limits, clock: Clock) -> None:
    passed: list[bool] = []

    def ask(number: int) -> None:
        passed.append(limits.take_login("a@gmx.de", f"192.0.2.{number}", f"ticket {number}") is None)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 12
    assert sum(passed) == LOGIN_TESTS_PER_ACCOUNT
    wait = limits.take_login("a@gmx.de", "192.0.2.99", "one more")
    assert isinstance(wait, Wait)
    assert wait.until == clock.now + timedelta(seconds=LIMIT_WINDOW_SECONDS)
    allowance = limits.allowance("a@gmx.de")
    assert (allowance.left, allowance.next_at) == (0, wait.until)
    clock.now = wait.until
    assert limits.take_login("a@gmx.de", "192.0.2.99", "one more") is None


def test_one_click_counts_once_however_often_it_arrives(limits: Limits) -> None:
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(limits.take_login("a@gmx.de", "192.0.2.1", "ticket")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, Again) for answer in answers) == 5
    assert limits.allowance("a@gmx.de").left == LOGIN_TESTS_PER_ACCOUNT - 1


def test_a_restart_forgets_nothing(limits: Limits, settings: Config, clock: Clock) -> None:
    for number in range(LOGIN_TESTS_PER_ACCOUNT):
        assert limits.take_login("a@gmx.de", "192.0.2.1", f"ticket {number}") is None
    db.dispose()
    assert isinstance(Limits(settings, clock).take_login("a@gmx.de", "192.0.2.1", "new"), Wait)
    assert isinstance(Limits(settings, clock).take_login("a@gmx.de", "192.0.2.1", "ticket 0"), Again)


def test_an_address_tests_five_times_and_everybody_thirty_times_a_minute(limits: Limits, clock: Clock) -> None:
    results = [limits.take_login(f"{n}@gmx.de", "2001:db8::1", f"t{n}") for n in range(6)]
    assert [result is None for result in results] == [True] * LOGIN_TESTS_PER_ADDRESS + [False]
    clock.pass_by(61)
    results = [limits.take_login(f"x{n}@gmx.de", f"192.0.2.{n}", f"x{n}") for n in range(LOGIN_TESTS_PER_MINUTE + 1)]
    assert sum(result is None for result in results) == LOGIN_TESTS_PER_MINUTE
    clock.pass_by(61)
    assert limits.take_login("y@gmx.de", "192.0.2.77", "y") is None


def test_what_is_refused_counts_nowhere(limits: Limits) -> None:
    for number in range(LOGIN_TESTS_PER_ACCOUNT):
        limits.take_login("a@gmx.de", "192.0.2.1", f"a{number}")
    for number in range(10):
        assert isinstance(limits.take_login("a@gmx.de", "192.0.2.1", f"again {number}"), Wait)
    free = [limits.take_login(f"b{n}@gmx.de", "192.0.2.1", f"b{n}") is None for n in range(LOGIN_TESTS_PER_ADDRESS)]
    assert sum(free) == LOGIN_TESTS_PER_ADDRESS - LOGIN_TESTS_PER_ACCOUNT


def test_a_full_circle_counts_as_three(limits: Limits) -> None:
    assert limits.take_login("a@gmx.de", "192.0.2.1", "circle", attempts=3) is None
    assert limits.allowance("a@gmx.de").left == 0
    assert limits.take_login("b@gmx.de", "192.0.2.2", "one") is None
    assert isinstance(limits.take_login("b@gmx.de", "192.0.2.2", "circle b", attempts=3), Wait)
    with pytest.raises(ValueError, match="more attempts"):
        limits.take_login("c@gmx.de", "192.0.2.3", "four", attempts=4)


def test_checks_without_a_password_have_their_own_number(limits: Limits) -> None:
    results = [limits.take_check("192.0.2.1", f"t{n}") for n in range(CHECKS_PER_ADDRESS + 1)]
    assert [result is None for result in results] == [True] * CHECKS_PER_ADDRESS + [False]
    assert limits.take_login("a@gmx.de", "192.0.2.1", "login") is None


def test_many_refusals_of_several_accounts_switch_the_login_test_off(
    limits: Limits, settings: Config, clock: Clock
) -> None:
    for number in range(BREAKER_REFUSALS):
        assert limits.paused_until() is None
        limits.refused(f"{number % BREAKER_ACCOUNTS_MIN}@gmx.de")
    until = clock.now + timedelta(seconds=BREAKER_PAUSE_SECONDS)
    assert Limits(settings, clock).paused_until() == until
    assert limits.take_login("z@gmx.de", "192.0.2.1", "ticket") == Wait(until, paused=True)
    assert limits.take_check("192.0.2.1", "check") is None
    clock.now = until
    assert limits.paused_until() is None
    assert limits.take_login("z@gmx.de", "192.0.2.1", "ticket") is None


@pytest.mark.parametrize(
    ("accounts", "seconds_between"), [(BREAKER_ACCOUNTS_MIN - 1, 0), (20, BREAKER_WINDOW_SECONDS / 18)]
)
def test_few_accounts_or_slow_refusals_switch_nothing_off(
    limits: Limits, clock: Clock, accounts: int, seconds_between: float
) -> None:
    for number in range(BREAKER_REFUSALS + 5):
        limits.refused(f"{number % accounts}@gmx.de")
        clock.pass_by(seconds_between)
    assert limits.paused_until() is None


def test_nothing_is_allowed_while_the_database_does_not_answer(config: Config) -> None:
    limits = Limits(config)
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    for ask in (
        lambda: limits.take_login("a@gmx.de", "192.0.2.1", "ticket"),
        lambda: limits.take_check("192.0.2.1", "ticket"),
        lambda: limits.allowance("a@gmx.de"),
        lambda: limits.refused("a@gmx.de"),
    ):
        with pytest.raises(LimitsUnavailableError) as caught:
            ask()
        assert "gmx" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_the_database_knows_nobody(limits: Limits, settings: Config) -> None:
    limits.take_login("anna.muster@gmx.de", "192.0.2.77", "a-ticket-of-a-form")
    limits.refused("anna.muster@gmx.de")
    with db.read(settings) as session:
        kept = str(session.execute(text("SELECT * FROM attempts")).all())
    assert kept.count("'account'") == 1
    for word in ("anna", "muster", "192.0.2", "a-ticket"):
        assert word not in kept


def test_what_is_over_is_deleted(limits: Limits, settings: Config, clock: Clock) -> None:
    limits.take_login("a@gmx.de", "192.0.2.1", "old")
    clock.pass_by(LIMIT_WINDOW_SECONDS + 1)
    limits.take_check("192.0.2.1", "new")
    with db.read(settings) as session:
        kinds = sorted(session.scalars(text("SELECT kind FROM attempts")))
    assert kinds == ["check", "ticket"]


def test_one_ipv6_network_counts_as_one_source() -> None:
    assert network("2001:db8:0:1::1") == network("2001:db8:0:1:ffff::2") != network("2001:db8:0:2::1")
    assert network("::ffff:192.0.2.1") == "192.0.2.1"


def test_a_port_behind_the_address_makes_no_other_source() -> None:
    """Some proxies write X-Forwarded-For so; every connection would begin its own count."""
    assert network("192.0.2.1:50001") == network("192.0.2.1:50002") == "192.0.2.1"
    assert network("[2001:db8::1]:50001") == network("[2001:db8::2]") == network("2001:db8::1")
    assert network("unknown") == network("anything-else") == network("")


def test_what_counts_no_more_is_forgotten_without_anybody_coming(limits: Limits, clock: Clock) -> None:
    limits.take_login("a@gmx.de", "192.0.2.1", "old")
    limits.refused("a@gmx.de")
    clock.pass_by(LIMIT_WINDOW_SECONDS / 2)
    limits.take_check("192.0.2.1", "young")
    clock.pass_by(LIMIT_WINDOW_SECONDS / 2)
    limits.purge()
    with db.read(limits._config) as session:
        assert {row.kind for row in session.query(Attempt)} == {"check", "ticket"}


def test_one_network_makes_so_many_links_only(limits: Limits, clock: Clock) -> None:
    for _ in range(LINKS_PER_ADDRESS):
        assert limits.take_link("192.0.2.1") is None
    assert isinstance(limits.take_link("192.0.2.1"), Wait)
    assert limits.take_link("192.0.2.2") is None
    clock.pass_by(LIMIT_WINDOW_SECONDS)
    assert limits.take_link("192.0.2.1") is None
