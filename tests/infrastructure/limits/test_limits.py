"""Who may do how much: login tests before and after they ran, checks, links, codes, sign-ins, people who wait."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.support.limits import DAY, NUMBERS, QUARTER, Clock, at_once, login, refuse
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Again, Ending, Limits, LimitsUnavailableError, Wait
from webapp.infrastructure.limits.store import Answer
from webapp.infrastructure.models import LimitRow

ACCOUNT = "a@gmx.de"


def test_an_account_is_tested_three_times_whoever_asks_at_once(limits: Limits, clock: Clock) -> None:
    asks = [lambda n=n: login(limits, ACCOUNT, f"192.0.2.{n}", f"click {n}") for n in range(12)]
    assert at_once(asks).count(None) == NUMBERS.login_tests_per_account
    wait = login(limits, ACCOUNT, "192.0.2.99", "one more")
    assert isinstance(wait, Wait)
    assert wait.until == clock.now + QUARTER
    allowance = limits.allowance(ACCOUNT, "gmx.net")
    assert (allowance.left, allowance.next_at, allowance.over) == (0, wait.until, False)
    clock.now = wait.until
    assert login(limits, ACCOUNT, "192.0.2.99", "one more") is None


def test_one_click_counts_once_however_often_it_arrives(limits: Limits) -> None:
    answers = at_once([lambda: login(limits, ACCOUNT, "192.0.2.1", "click")] * 6)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, Again) for answer in answers) == 5
    assert limits.allowance(ACCOUNT, "gmx.net").left == NUMBERS.login_tests_per_account - 1


def test_a_restart_forgets_nothing(limits: Limits, settings: Config, clock: Clock) -> None:
    for number in range(NUMBERS.login_tests_per_account):
        assert login(limits, ACCOUNT, "192.0.2.1", f"click {number}") is None
    db.dispose()
    assert isinstance(login(Limits(settings, clock), ACCOUNT, "192.0.2.1", "new"), Wait)
    assert isinstance(login(Limits(settings, clock), ACCOUNT, "192.0.2.1", "click 0"), Again)


def test_an_address_tests_twenty_times_and_everybody_thirty_times_a_minute(limits: Limits, clock: Clock) -> None:
    most, minute = NUMBERS.login_tests_per_network[0], NUMBERS.login_tests_per_minute
    for number in range(most):
        assert login(limits, f"{number}@gmx.de", "2001:db8::1", f"t{number}") is None
        limits.settle(f"t{number}", Ending.ANSWERED)
    wait = login(limits, "x@gmx.de", "2001:db8::2", "x")
    assert isinstance(wait, Wait)
    assert (wait.until, wait.soon) == (clock.now + QUARTER, False)
    clock.pass_by(61)
    results = [login(limits, f"x{n}@gmx.de", f"192.0.2.{n}", f"x{n}") for n in range(minute + 1)]
    assert results.count(None) == minute
    clock.pass_by(61)
    assert login(limits, "y@gmx.de", "192.0.2.77", "y") is None


def test_what_has_to_wait_counts_nowhere(limits: Limits) -> None:
    for number in range(NUMBERS.login_tests_per_account):
        login(limits, ACCOUNT, "192.0.2.1", f"a{number}")
    for number in range(10):
        assert isinstance(login(limits, ACCOUNT, "192.0.2.1", f"again {number}"), Wait)
    free = [login(limits, f"b{n}@gmx.de", "192.0.2.1", f"b{n}") for n in range(10)]
    assert free.count(None) == NUMBERS.login_refusals_per_network[0] - NUMBERS.login_tests_per_account


def test_a_full_circle_counts_as_three(limits: Limits) -> None:
    assert login(limits, ACCOUNT, "192.0.2.1", "circle", amount=3) is None
    assert limits.allowance(ACCOUNT, "gmx.net").left == 0
    assert login(limits, "b@gmx.de", "192.0.2.2", "one") is None
    assert limits.free_at("b@gmx.de", 2) is None
    assert limits.free_at("b@gmx.de", 3) is not None
    assert isinstance(login(limits, "b@gmx.de", "192.0.2.2", "circle b", amount=3), Wait)
    with pytest.raises(ValueError, match="more tries"):
        login(limits, "c@gmx.de", "192.0.2.3", "four", amount=4)


# How a test ended


def test_what_passed_counts_for_a_quarter_of_an_hour_only(limits: Limits, clock: Clock) -> None:
    for number in range(3 * NUMBERS.login_refusals_per_account):
        assert login(limits, ACCOUNT, "192.0.2.1", f"t{number}") is None
        limits.settle(f"t{number}", Ending.ANSWERED)
        clock.pass_by(QUARTER.total_seconds() / NUMBERS.login_tests_per_account)
    assert not limits.allowance(ACCOUNT, "gmx.net").over


def test_after_five_refusals_an_account_is_not_tested_any_more_that_day(limits: Limits, clock: Clock) -> None:
    allowed = []
    for minute in range(24 * 60):
        if minute % 4 == 0:
            allowed.append(refuse(limits, ACCOUNT, f"192.0.2.{minute % 200}", f"t{minute}"))
        clock.pass_by(60)
    assert allowed.count(True) == NUMBERS.login_refusals_per_account
    assert login(limits, ACCOUNT, "198.51.100.1", "late") is None  # the first refusal is a day old now
    assert isinstance(login(limits, ACCOUNT, "198.51.100.1", "later"), Wait)


def test_says_that_an_account_is_done_for_today(limits: Limits, clock: Clock) -> None:
    began = clock.now
    for number in range(NUMBERS.login_refusals_per_account):
        assert refuse(limits, ACCOUNT, "192.0.2.1", f"t{number}")
        clock.pass_by(600)
    wait = login(limits, ACCOUNT, "192.0.2.1", "one more")
    assert isinstance(wait, Wait)
    assert (wait.over, wait.until) == (True, began + DAY)
    allowance = limits.allowance(ACCOUNT, "gmx.net")
    assert (allowance.left, allowance.next_at, allowance.over) == (0, began + DAY, True)


def test_an_account_gets_its_try_back_where_no_password_was_sent_and_a_network_does_not(limits: Limits) -> None:
    most = NUMBERS.login_tests_per_network[0]
    for number in range(most):
        assert login(limits, ACCOUNT, "192.0.2.1", f"t{number}") is None
        limits.settle(f"t{number}", Ending.NOT_SENT)
    assert limits.allowance(ACCOUNT, "gmx.net").left == NUMBERS.login_tests_per_account
    wait = login(limits, ACCOUNT, "192.0.2.1", "one more")
    assert isinstance(wait, Wait)
    assert not wait.over
    assert isinstance(login(limits, "b@gmx.de", "192.0.2.1", "another"), Wait)


@pytest.mark.parametrize("ending", [Ending.UNKNOWN, None])
def test_what_ended_in_silence_stays_counted(limits: Limits, clock: Clock, ending: Ending | None) -> None:
    """Fifty clicks at a server that takes the password and says nothing; or whose worker is killed."""
    allowed = 0
    for number in range(50):
        allowed += login(limits, ACCOUNT, "192.0.2.1", f"t{number}") is None
        if ending is not None:
            limits.settle(f"t{number}", ending)
        clock.pass_by(600)
    assert allowed == NUMBERS.login_refusals_per_account
    assert limits.allowance(ACCOUNT, "gmx.net").over


def test_a_test_is_settled_once(limits: Limits) -> None:
    """A worker that is killed after it noted the end, a second delivery: nothing is given back twice."""
    assert refuse(limits, ACCOUNT, "192.0.2.1", "refused")
    at_once([lambda ending=ending: limits.settle("refused", ending) for ending in (*Ending, *Ending)])
    assert limits.allowance(ACCOUNT, "gmx.net").left == NUMBERS.login_tests_per_account - 1
    assert login(limits, ACCOUNT, "192.0.2.1", "not sent") is None
    limits.settle("not sent", Ending.NOT_SENT)
    limits.settle("not sent", Ending.NOT_SENT)
    limits.settle("never taken", Ending.NOT_SENT)
    assert limits.allowance(ACCOUNT, "gmx.net").left == NUMBERS.login_tests_per_account - 1
    assert isinstance(login(limits, ACCOUNT, "192.0.2.1", "not sent"), Again)  # its network still knows the click


def test_two_clicks_and_a_kill_in_between_refund_nothing(limits: Limits) -> None:
    """The first run is killed, the second sent no password: the first stays counted."""
    assert login(limits, ACCOUNT, "192.0.2.1", "killed") is None
    assert login(limits, ACCOUNT, "192.0.2.1", "second") is None
    limits.settle("second", Ending.NOT_SENT)
    assert limits.allowance(ACCOUNT, "gmx.net").left == NUMBERS.login_tests_per_account - 1


def test_tests_that_are_under_way_are_waited_for_a_few_seconds(limits: Limits, clock: Clock) -> None:
    most = NUMBERS.login_refusals_per_network[0]
    for number in range(most):
        assert login(limits, f"{number}@gmx.de", "192.0.2.1", f"t{number}") is None
    wait = login(limits, "x@gmx.de", "192.0.2.1", "x")
    assert isinstance(wait, Wait)
    assert wait.soon
    assert wait.until <= clock.now + timedelta(seconds=10)
    limits.settle("t0", Ending.ANSWERED)
    assert login(limits, "x@gmx.de", "192.0.2.1", "x") is None
    clock.pass_by(180)  # whoever ran them is gone
    late = login(limits, "y@gmx.de", "192.0.2.1", "y")
    assert isinstance(late, Wait)
    assert not late.soon


def test_a_course_behind_one_address_gets_through(limits: Limits, clock: Clock) -> None:
    """Twelve people, six of whom have POP3 still off, switch it on, and test once more; all within ten minutes."""
    waiting = [(person, person % 2 == 0) for person in range(12)]
    passed, waits = set(), 0
    for round_number in range(60):
        for person, off in list(waiting):
            click = f"{person} in round {round_number}"
            answer = login(limits, f"{person}@gmx.de", "192.0.2.1", click)
            if answer is None:
                limits.settle(click, Ending.REFUSED if off else Ending.ANSWERED)
                waiting.remove((person, off))
                if off:
                    waiting.append((person, False))
                else:
                    passed.add(person)
            else:
                assert isinstance(answer, Wait)
                assert answer.soon
                waits += 1
            clock.pass_by(2)
        clock.pass_by(5)
    assert passed == set(range(12))
    assert clock.now - Clock().now < timedelta(minutes=15)


def test_a_course_that_presses_at_the_same_moment_waits_some_seconds(limits: Limits, clock: Clock) -> None:
    answers = {person: login(limits, f"{person}@gmx.de", "192.0.2.1", f"t{person}") for person in range(12)}
    assert sum(answer is None for answer in answers.values()) == NUMBERS.login_refusals_per_network[0]
    for person, answer in answers.items():
        if answer is None:
            limits.settle(f"t{person}", Ending.REFUSED if person % 2 else Ending.ANSWERED)
        else:
            assert isinstance(answer, Wait)
            assert answer.soon
    clock.pass_by(5)
    assert login(limits, "11@gmx.de", "192.0.2.1", "again") is None


def test_whom_the_helpdesk_invited_counts_for_the_case(limits: Limits) -> None:
    most = NUMBERS.login_refusals_per_network[0]
    for number in range(most):
        assert refuse(limits, f"{number}@gmx.de", "192.0.2.1", f"t{number}")
    assert isinstance(login(limits, "x@gmx.de", "192.0.2.1", "stranger"), Wait)
    for number in range(most):
        assert refuse(limits, f"x{number}@gmx.de", "192.0.2.1", f"i{number}", invited="7")
    assert isinstance(login(limits, "y@gmx.de", "198.51.100.1", "elsewhere", invited="7"), Wait)
    assert login(limits, "y@gmx.de", "192.0.2.1", "another case", invited="8") is None


# All the rest


@pytest.mark.parametrize(
    ("take", "most"),
    [
        (lambda limits, address: limits.take_check(address, secrets.token_hex()), NUMBERS.checks_per_network[0]),
        (Limits.take_link, NUMBERS.links_per_network[0]),
    ],
)
def test_checks_and_links_have_their_own_number(
    limits: Limits, clock: Clock, take: Callable[[Limits, str], Answer], most: int
) -> None:
    answers = [take(limits, "192.0.2.1") for _ in range(most + 1)]
    assert answers.count(None) == most
    assert take(limits, "192.0.2.2") is None
    assert login(limits, ACCOUNT, "192.0.2.1", "login") is None
    clock.pass_by(QUARTER.total_seconds())
    assert take(limits, "192.0.2.1") is None


def test_agents_enter_codes_while_strangers_have_used_up_all(limits: Limits) -> None:
    most = NUMBERS.codes_of_strangers
    allowed = [limits.take_code(f"198.51.{n // 250}.{n % 250}", f"stranger {n}") for n in range(most + 10)]
    assert allowed.count(None) == most
    wait = limits.take_code("203.0.113.1", "a person")
    assert isinstance(wait, Wait)
    assert wait.for_everybody
    assert limits.take_code_of_agent(1, "right") is None
    limits.give_back("right")
    wrong = [limits.take_code_of_agent(1, f"wrong {n}") for n in range(NUMBERS.codes_per_agent + 1)]
    assert wrong.count(None) == NUMBERS.codes_per_agent
    assert limits.take_code_of_agent(2, "another agent") is None


def test_right_codes_are_given_back(limits: Limits) -> None:
    for number in range(3 * NUMBERS.codes_per_network[0]):
        assert limits.take_code("192.0.2.1", f"c{number}") is None
        limits.give_back(f"c{number}")


def test_who_waits_no_more_makes_room(limits: Limits, clock: Clock) -> None:
    most = NUMBERS.waiting_per_network[0]
    for number in range(most):
        assert limits.take_waiting("192.0.2.1", f"case {number}") is None
    wait = limits.take_waiting("192.0.2.1", "one more")
    assert isinstance(wait, Wait)
    assert not wait.for_everybody
    limits.give_back("case 3")
    assert limits.take_waiting("192.0.2.1", "one more") is None
    clock.pass_by(30 * 60)
    assert limits.take_waiting("192.0.2.1", "much later") is None


def test_booked_calls_count_for_a_day_and_not_with_who_waits(limits: Limits, clock: Clock) -> None:
    most = NUMBERS.calls_per_network[0]
    for number in range(most):
        assert limits.take_call("192.0.2.1", f"case {number}") is None
    assert limits.take_waiting("192.0.2.1", "who waits") is None
    clock.pass_by(3 * 3600)
    limits.purge()
    assert isinstance(limits.take_call("192.0.2.1", "one more"), Wait)
    limits.give_back("case 3")
    assert limits.take_call("192.0.2.1", "one more") is None
    clock.pass_by(24 * 3600)
    assert limits.take_call("192.0.2.1", "the next day") is None


def test_a_name_waits_five_minutes_and_then_an_hour(limits: Limits, clock: Clock) -> None:
    allowed = []
    for second in range(0, 3600, 30):
        if limits.take_sign_in(f"s{second}", login="vera@example.org") is None:
            allowed.append(second)
        clock.pass_by(30)
    assert len(allowed) == NUMBERS.sign_ins_per_agent_and_hour
    assert allowed[:6] == [0, 30, 60, 90, 120, 300]
    assert limits.take_sign_in("other", login="viktor@example.org") is None
    limits.forgive_agent("vera@example.org")
    assert limits.take_sign_in("again", login="vera@example.org") is None


# The table


def test_nothing_is_allowed_while_the_database_does_not_answer(config: Config) -> None:
    limits = Limits(config)
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    for ask in (
        lambda: login(limits, ACCOUNT, "192.0.2.1", "click"),
        lambda: limits.take_check("192.0.2.1", "click"),
        lambda: limits.allowance(ACCOUNT, "gmx.net"),
        lambda: limits.settle("click", Ending.REFUSED),
        limits.purge,
    ):
        with pytest.raises(LimitsUnavailableError) as caught:
            ask()
        assert "gmx" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_the_database_knows_nobody(limits: Limits, settings: Config) -> None:
    refuse(limits, "anna.muster@gmx.de", "192.0.2.77", "a-click-of-a-form")
    limits.take_sign_in("s", address="192.0.2.77", login="vera@example.org")
    limits.take_code("192.0.2.77", "c")
    with db.read(settings) as session:
        kept = str(session.execute(text("SELECT * FROM limits")).all())
    assert kept.count("'account'") == 1
    for word in ("anna", "muster", "192.0.2", "a-click", "vera"):
        assert word not in kept


def test_what_counts_no_more_is_deleted(limits: Limits, settings: Config, clock: Clock) -> None:
    login(limits, "a@gmx.de", "192.0.2.1", "passed")
    limits.settle("passed", Ending.ANSWERED)
    refuse(limits, "b@gmx.de", "192.0.2.2", "refused")
    clock.pass_by(3600)
    limits.take_check("192.0.2.1", "young")
    limits.purge()
    with db.read(settings) as session:
        rows = session.scalars(select(LimitRow)).all()
    assert {(row.kind, row.state) for row in rows} == {
        ("check", "tried"), ("account", "refused"), ("address", "refused"), ("login", "refused"), ("breaker", "refused"),
    }  # fmt: skip
    clock.pass_by(DAY.total_seconds())
    assert limits.purge() == len(rows)


def test_a_clock_that_ran_ahead_blocks_nobody_longer_than_a_window_and_resets_nobody(
    limits: Limits, clock: Clock
) -> None:
    clock.pass_by(DAY.total_seconds())
    for number in range(NUMBERS.login_tests_per_account):
        assert login(limits, ACCOUNT, "192.0.2.1", f"t{number}") is None
    for number in range(NUMBERS.login_tests_per_minute):
        login(limits, f"{number}@gmx.de", f"198.51.100.{number}", f"x{number}")
    clock.pass_by(-DAY.total_seconds())
    wait = login(limits, ACCOUNT, "192.0.2.2", "right again")
    assert isinstance(wait, Wait)
    assert wait.until == clock.now + QUARTER
    clock.pass_by(61)
    assert login(limits, "stranger@gmx.de", "203.0.113.1", "stranger") is None
    assert isinstance(login(limits, ACCOUNT, "192.0.2.2", "still"), Wait)
    clock.now = wait.until
    assert login(limits, ACCOUNT, "192.0.2.2", "later") is None


def test_the_login_of_a_test_begins_once_whatever_the_queue_delivers(limits: Limits) -> None:
    assert login(limits, ACCOUNT, "192.0.2.1", "click") is None
    assert at_once([lambda: limits.begin("click")] * 4).count(True) == 1
    limits.settle("click", Ending.ANSWERED)
    assert not limits.begin("click")
    assert limits.begin("never counted")
