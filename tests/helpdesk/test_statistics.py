"""Counts that outlive the cases, their tables and their CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.client import PageLintingClient, parse, text_of
from webapp.helpdesk import statistics
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Case, CaseEvent, Count

DAY = datetime(2026, 11, 25, 10, tzinfo=UTC)


def keep_case(
    config: Config,
    number: int,
    outcome: str,
    minutes: int,
    steps: tuple[str, ...],
    diagnosis: str = "",
    guide: str = "",
) -> None:
    """Write a closed case with its events, and count it twice: it must count once."""
    with db.begin(config) as session:
        case = Case(
            reference=f"CASE{number:04}", state="closed", created_at=DAY, touched_at=DAY, joined_at=DAY,
            closed_at=DAY + timedelta(minutes=minutes), sequence=1, ticket="", check_words="", address="", counted=False,
            shares_address=False,
        )  # fmt: skip
        session.add(case)
        session.flush()

        def event(kind: str, words: dict[str, object]) -> None:
            at = DAY + timedelta(minutes=minutes)
            session.add(CaseEvent(case_id=case.id, at=at, kind=kind, details=words))

        for step in steps:
            event("step", {"step": step})
        if guide:
            event("guide", dict(zip(("client", "way", "step"), guide.split("/"), strict=True)))
        event("choice", {"step": "program", "choice": "thunderbird", "detail": None})
        if diagnosis:
            for _ in range(2):
                event("test", {"run": 1, "state": "failed", "diagnoses": [diagnosis]})
        session.flush()
        statistics.count(session, case, outcome)
        statistics.count(session, case, outcome)


@pytest.fixture
def found(config: Config) -> statistics.Overview:
    keep_case(config, 1, "solved", 4, ("address", "review"))
    keep_case(config, 2, "by-hand", 6, ("address", "preparation"))
    keep_case(config, 3, "not-solved", 30, ("address", "preparation"), "login-refused")
    keep_case(config, 4, "broken-off", 900, ("address",), "login-refused")
    with db.read(config) as session:
        return statistics.overview(session, 30, DAY.date())


def test_counts_each_case_once_by_what_happened(found: statistics.Overview) -> None:
    assert (found.cases, found.joined, found.solved) == (4, 4, 2)
    assert found.of("stopped") == {"address": 1, "preparation": 1}
    assert found.of("diagnosis") == {"login-refused": 2}
    assert found.of("program") == {"thunderbird": 4}
    assert found.median_minutes == 6
    assert found.of("minutes")[str(statistics.MINUTES_MAX)] == 1


def test_the_counts_stay_when_the_cases_go(config: Config, found: statistics.Overview) -> None:
    with db.begin(config) as session:
        session.query(Case).delete()
    with db.read(config) as session:
        assert statistics.overview(session, 30, DAY.date()) == found
        assert not session.query(CaseEvent).count()


def test_other_days_do_not_count(config: Config, found: statistics.Overview) -> None:
    with db.read(config) as session:
        assert statistics.overview(session, 7, date(2027, 3, 1)).cases == 0


@settings(deadline=None)
@given(st.lists(st.integers(0, 180), min_size=1))
def test_the_median_of_a_histogram_is_that_of_its_values(values: list[int]) -> None:
    histogram: dict[int, int] = {}
    for value in values:
        histogram[value] = histogram.get(value, 0) + 1
    assert statistics.median(histogram) == sorted(values)[(len(values) - 1) // 2]


def test_the_median_of_nothing_is_unknown() -> None:
    assert statistics.median({}) is None


def test_the_csv_is_read_back_as_it_was(app: Flask, config: Config, found: statistics.Overview) -> None:
    with db.begin(config) as session:
        session.add(Count(day=datetime.now(UTC).date(), measure="outcome", value='=cmd|"x"!A1', number=3))
    with app.app_context(), db.read(config) as session:
        text = statistics.as_csv(session, 365)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["day", "measure", "value", "number"]
    assert [datetime.now(UTC).date().isoformat(), "outcome", '\'=cmd|"x"!A1', "3"] in rows


def test_shares_lose_no_number() -> None:
    numbers = {f"value {number}": 40 - number for number in range(15)}
    rows = statistics.shares(numbers, {"value 0": "a label"})
    assert rows[0] == ("a label", 40, 8)
    assert [number for _, number, _ in rows] == list(numbers.values())
    assert statistics.shares({}, {}) == []


def test_the_page_shows_every_number_in_a_table(found: statistics.Overview, agent: PageLintingClient) -> None:
    page = agent.get("/helpdesk/statistics?days=365")
    rows = [[text_of(cell) for cell in row.iter("td")] for row in parse(page.text).iter("tr")]
    assert len([row for row in rows if row]) == 4 + 2 + 1 + 1  # outcomes, steps, diagnoses, programs
    assert ["Thunderbird", "4", "100 %"] in rows
    assert "<td>100%</td>" in agent.get("/helpdesk/statistics?days=365&lang=en").text


def test_an_unsolved_case_counts_where_the_guide_was_left(config: Config, agent: PageLintingClient) -> None:
    keep_case(config, 1, "not-solved", 30, ("address", "preparation"), guide="thunderbird/file/try")
    with db.read(config) as session:
        assert statistics.overview(session, 30, DAY.date()).of("stopped") == {"thunderbird/file/try": 1}
    page = agent.get("/helpdesk/statistics?days=365&lang=de").text
    assert "Thunderbird: " in page
    assert "thunderbird/file/try" not in page
