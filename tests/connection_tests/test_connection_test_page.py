"""docs/connection-test.md names the numbers that are in force."""

from __future__ import annotations

import re
from pathlib import Path

from webapp import config
from webapp.diagnosis import CATALOGUE
from webapp.probe import LIMITS, circle
from webapp.probe.report import CIRCLE_STAGES, STAGES, Protocol, RunState

PAGE = (Path(__file__).parents[2] / "docs" / "connection-test.md").read_text(encoding="utf-8")


def row(name: str) -> list[int]:
    """Return the numbers of the row whose last cell begins with `name`."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith("|") and f"| `{name}`" in line)
    return [int(number) for number in re.findall(r"\d+", line.split("|")[2])]


def test_the_table_of_limits_is_that_of_the_code() -> None:
    window = config.LIMIT_WINDOW_SECONDS
    assert row("LIMITS.run") == [LIMITS.run]
    assert row("LIMITS.run_with_login") == [LIMITS.run_with_login]
    assert row("LIMITS.circle") == [LIMITS.circle]
    assert row("LIMITS.resolve") == [LIMITS.resolve, LIMITS.connect, LIMITS.tls, LIMITS.reply]
    assert row("LOGIN_TESTS_PER_ACCOUNT") == [config.LOGIN_TESTS_PER_ACCOUNT, window]
    assert row("LOGIN_TESTS_PER_ADDRESS") == [config.LOGIN_TESTS_PER_ADDRESS, window]
    assert row("LOGIN_TESTS_PER_MINUTE") == [config.LOGIN_TESTS_PER_MINUTE, 60]
    assert row("CHECKS_PER_ADDRESS") == [config.CHECKS_PER_ADDRESS, window]
    assert row("circle.ATTEMPTS") == [circle.ATTEMPTS]
    assert row("CIRCLE_AFTER_LOGIN_SECONDS") == [config.CIRCLE_AFTER_LOGIN_SECONDS]
    assert row("BREAKER_REFUSALS") == [
        config.BREAKER_REFUSALS, config.BREAKER_ACCOUNTS_MIN, config.BREAKER_WINDOW_SECONDS,
        config.BREAKER_PAUSE_SECONDS,
    ]  # fmt: skip
    assert row("PASSWORD_SECONDS") == [config.PASSWORD_SECONDS]
    assert row("RUN_STATE_SECONDS") == [config.RUN_STATE_SECONDS]


def test_the_page_knows_every_stage_every_state_and_the_diagnoses_of_a_circle() -> None:
    for protocol in Protocol:
        assert f"`{' '.join(STAGES[protocol])}`" in PAGE
    assert f"`{' '.join(name for _, name in CIRCLE_STAGES)}`" in PAGE
    assert all(f"`{state.value}`" in PAGE for state in RunState)
    assert all(f"`{name}`" in PAGE for name in CATALOGUE if name.startswith("circle-"))
    assert f"at most {circle.HEADERS_MAX}" in PAGE
