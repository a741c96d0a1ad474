"""docs/connection-test.md names the numbers that are in force."""

from __future__ import annotations

import re
from pathlib import Path

from webapp.core.diagnosis import CATALOGUE
from webapp.core.probe import BOUNDS, STAGES, circle
from webapp.core.probe.report import CIRCLE_STAGES, Protocol, RunState
from webapp.infrastructure import config, limits
from webapp.infrastructure.limits import breaker

PAGE = (Path(__file__).parents[2] / "docs" / "connection-test.md").read_text(encoding="utf-8")


def row(name: str) -> list[int]:
    """Return the numbers of the row whose last cell begins with `name`."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith("|") and f"| `{name}`" in line)
    return [int(number) for number in re.findall(r"\d+", line.split("|")[2])]


def test_the_table_of_limits_is_that_of_the_code() -> None:
    settings = config.Config()
    assert row("BOUNDS.run") == [BOUNDS.run]
    assert row("BOUNDS.run_with_login") == [BOUNDS.run_with_login]
    assert row("BOUNDS.circle") == [BOUNDS.circle]
    assert row("BOUNDS.resolve") == [BOUNDS.resolve, BOUNDS.connect, BOUNDS.tls, BOUNDS.reply]
    quarter, day = limits.QUARTER, limits.DAY
    assert row("login_tests_per_account") == [settings.login_tests_per_account, quarter]
    assert row("login_refusals_per_account") == [settings.login_refusals_per_account, day]
    assert row("login_tests_per_network") == [*settings.login_tests_per_network, quarter]
    assert row("login_refusals_per_network") == [*settings.login_refusals_per_network, quarter]
    assert row("login_refusals_per_network_and_day") == [*settings.login_refusals_per_network_and_day, day]
    assert row("login_refusals_per_48_and_day") == [settings.login_refusals_per_48_and_day, day]
    assert row("login_tests_per_minute") == [settings.login_tests_per_minute, limits.MINUTE]
    assert row("checks_per_network") == [*settings.checks_per_network, quarter]
    assert row("circle.ATTEMPTS") == [circle.ATTEMPTS]
    assert row("CIRCLE_AFTER_LOGIN_SECONDS") == [config.CIRCLE_AFTER_LOGIN_SECONDS]
    assert row("breaker_refusals") == [
        settings.breaker_refusals, settings.breaker_accounts, breaker.WINDOW_SECONDS, settings.breaker_minutes,
    ]  # fmt: skip
    assert row("breaker_refusals_per_day") == [settings.breaker_refusals_per_day, day]
    assert row("PASSWORD_SECONDS") == [config.PASSWORD_SECONDS]
    assert row("RUN_STATE_SECONDS") == [config.RUN_STATE_SECONDS]


def test_the_page_knows_every_stage_every_state_and_the_diagnoses_of_a_circle() -> None:
    for protocol in Protocol:
        assert f"`{' '.join(STAGES[protocol])}`" in PAGE
    assert f"`{' '.join(name for _, name in CIRCLE_STAGES)}`" in PAGE
    assert all(f"`{state.value}`" in PAGE for state in RunState)
    assert all(f"`{name}`" in PAGE for name in CATALOGUE if name.startswith("circle-"))
    assert f"at most {circle.HEADERS_MAX}" in PAGE
