"""When the login test of a provider is switched off, and who cannot do it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.support.limits import DAY, NUMBERS, Clock, login, refuse, site
from webapp.infrastructure import db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Ending, Limits, Wait
from webapp.infrastructure.models import Delivery

PAUSE = timedelta(minutes=NUMBERS.breaker_minutes)


def refuse_many(
    limits: Limits, clock: Clock, number: int, *, accounts: int = 1000, sources: int = 200, **more: object
) -> None:
    for count in range(number):
        assert refuse(
            limits, f"{count % accounts}@gmx.de", f"198.51.100.{count % sources}", f"{clock.now} {count}", **more
        )
        clock.pass_by(3)


def test_many_refusals_of_several_accounts_switch_one_provider_off(
    limits: Limits, settings: Config, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_many(limits, clock, NUMBERS.breaker_refusals - 1)
    assert limits.paused_until("gmx.net") is None
    with caplog.at_level(logging.WARNING, "webapp"):
        assert refuse(limits, "last@gmx.de", "203.0.113.1", "last")
    until = clock.now + PAUSE
    assert Limits(settings, clock).paused_until("gmx.net") == until
    assert limits.paused_until("gmx.com") is None
    assert login(limits, "z@gmx.de", "192.0.2.1", "click") == Wait(until)
    assert limits.allowance("z@gmx.de", "gmx.net").paused_until == until
    assert limits.take_check("192.0.2.1", "check") is None
    (record,) = caplog.records
    assert "gmx.net" in record.getMessage()
    assert "198.51.100" not in record.getMessage()
    clock.now = until
    assert limits.paused_until("gmx.net") is None
    assert login(limits, "z@gmx.de", "192.0.2.1", "click") is None


def test_the_operator_is_told_once_when_a_login_test_is_switched_off(settings: Config, clock: Clock) -> None:
    told = replace(settings, operator_webhook="https://hooks.example.org/x", operator_webhook_secret="s" * 32)
    limits = Limits(told, clock)
    refuse_many(limits, clock, NUMBERS.breaker_refusals)
    with db.read(settings) as session:
        (delivery,) = session.scalars(select(Delivery))
    assert delivery.target == outbox.OPERATOR
    until = limits.paused_until("gmx.net")
    assert until
    assert {**delivery.body, "at": "", "until": ""} == {
        "event": "login-test-paused", "at": "", "site": None, "provider": "gmx.net", "invited": False, "until": "",
    }  # fmt: skip
    assert datetime.fromisoformat(delivery.body["until"]) <= until
    assert [(pause.provider, pause.invited, pause.until) for pause in limits.pauses()] == [("gmx.net", False, until)]


def test_nobody_is_told_where_no_address_is_set(limits: Limits, settings: Config, clock: Clock) -> None:
    refuse_many(limits, clock, NUMBERS.breaker_refusals)
    with db.read(settings) as session:
        assert session.scalars(select(Delivery)).all() == []


def test_refusals_of_few_accounts_switch_nothing_off(on_sqlite: Limits, config: Config, clock: Clock) -> None:
    limits = Limits(replace(config, login_tests_per_account=5), clock)  # as often as may be set
    accounts = NUMBERS.breaker_accounts - 1
    for number in range(5 * accounts):
        assert refuse(limits, f"{number % accounts}@gmx.de", f"198.51.100.{number}", f"few {number}")
        clock.pass_by(2)
    assert 5 * accounts > NUMBERS.breaker_refusals
    assert limits.paused_until("gmx.net") is None
    assert refuse(limits, "one more@gmx.de", "203.0.113.1", "one account more")
    assert limits.paused_until("gmx.net") is not None


def test_slow_refusals_switch_nothing_off(on_sqlite: Limits, clock: Clock) -> None:
    for number in range(NUMBERS.breaker_refusals + 5):
        assert refuse(on_sqlite, f"slow{number}@gmx.de", f"203.0.113.{number}", f"slow {number}")
        clock.pass_by(600 / (NUMBERS.breaker_refusals - 2))
    assert on_sqlite.paused_until("gmx.net") is None


def test_what_nobody_answered_is_no_refusal(on_sqlite: Limits, clock: Clock) -> None:
    for number in range(NUMBERS.breaker_refusals + 5):
        assert login(on_sqlite, f"{number}@gmx.de", f"198.51.100.{number}", str(number)) is None
        on_sqlite.settle(str(number), Ending.UNKNOWN)
        clock.pass_by(3)
    assert on_sqlite.paused_until("gmx.net") is None


def test_one_owner_of_a_48_cannot_switch_the_test_off_for_others(on_sqlite: Limits, clock: Clock) -> None:
    """By trying all day, also around midnight, when the keys of the counters change."""
    for number in range(250):
        refuse(on_sqlite, f"{number}@gmx.de", site(number), str(number))
        assert on_sqlite.paused_until("gmx.net") is None
        clock.pass_by(5 if number < 100 else 500)
    assert login(on_sqlite, "person@gmx.de", "192.0.2.1", "a person") is None
    assert login(on_sqlite, "person@gmx.de", site(77), "of the site") is not None


def test_two_sources_are_too_few_and_three_are_enough(on_sqlite: Limits, clock: Clock) -> None:
    third = NUMBERS.breaker_refusals // 3
    for source in range(3):
        assert on_sqlite.paused_until("gmx.net") is None
        for number in range(third):
            refuse(on_sqlite, f"{source} {number}@gmx.de", f"192.0.2.{source}", f"{source} {number}")
        clock.pass_by(60)
    assert on_sqlite.paused_until("gmx.net") is not None


def test_500_refusals_in_a_day_switch_it_off_for_a_day_or_until_somebody_looks(on_sqlite: Limits, clock: Clock) -> None:
    most = NUMBERS.breaker_refusals_per_day
    for number in range(most):
        assert on_sqlite.paused_until("gmx.net") is None
        assert refuse(on_sqlite, f"{number}@gmx.de", f"198.51.{number // 200}.{number % 200}", f"d{number}")
        clock.pass_by(60)
    assert on_sqlite.paused_until("gmx.net") == clock.now - timedelta(seconds=60) + DAY
    on_sqlite.lift_pauses()
    assert on_sqlite.paused_until("gmx.net") is None
    assert refuse(on_sqlite, "after@gmx.de", "203.0.113.9", "after")
    assert on_sqlite.paused_until("gmx.net") is None


def test_refusals_of_invited_people_count_apart(on_sqlite: Limits, clock: Clock) -> None:
    for number in range(NUMBERS.breaker_refusals):
        assert refuse(on_sqlite, f"{number}@gmx.de", "192.0.2.1", f"i{number}", invited=str(number % 5))
        clock.pass_by(3)
    assert on_sqlite.paused_until("gmx.net") is None
    assert on_sqlite.paused_until("gmx.net", invited=True) is not None
    clock.pass_by(NUMBERS.breaker_minutes * 60)
    refuse_many(on_sqlite, clock, NUMBERS.breaker_refusals)
    assert on_sqlite.paused_until("gmx.net") is not None
    assert login(on_sqlite, "invited@gmx.de", "192.0.2.1", "invited", invited="9") is None
