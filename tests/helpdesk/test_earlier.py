"""What happened before the call: the last tests of this browser, and the reference that the person reads out of one."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.connection_tests.conftest import PLAIN_ANSWERS
from tests.helpdesk.conftest import Browser, agree, case_row, fill, fragment, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.connection_tests.engine import PLACEHOLDER_ADDRESS, Plan
from webapp.connection_tests.jobs import EmbeddedEngine
from webapp.core.probe.report import Failure, FailureKind, RunState, Status
from webapp.core.text import parse_reference, reference_for
from webapp.helpdesk import page_asks
from webapp.infrastructure.config import Config, current_providers
from webapp.infrastructure.session import SPARE

ADDRESS = PLAIN_ANSWERS["address"]["email_address"]
Fail = Callable[..., str]


@pytest.fixture
def fail(app: Flask, idle_engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let a login test of this browser fail and its page be seen; gives the run's id."""
    monkeypatch.setattr(page_asks.asks, "seconds", 0)

    def one(
        person: PageLintingClient, kind: FailureKind = FailureKind.AUTHENTICATION_FAILED, *, login: bool = True
    ) -> str:
        run_id = secrets.token_urlsafe(24)
        with app.app_context():
            plan = Plan("gmx.net", ADDRESS if login else PLACEHOLDER_ADDRESS, login=login)
            run = plan.run(run_id, current_providers())
        name = "authenticate" if login else "connect"
        stage = next(stage for stage in run.report.stages if stage.stage == name)
        broken = replace(stage, status=Status.FAILED, failure=Failure(kind), milliseconds=1.0)
        assert idle_engine.runs.add(run)
        report = replace(run.report.with_stage(broken), state=RunState.FAILED, password_sent=login)
        assert idle_engine.runs.end(run_id, RunState.FAILED, report)
        with person.session_transaction() as session:
            session.setdefault("answers", PLAIN_ANSWERS)
            session["runs"] = [*session.get("runs", []), run_id][-8:]
        assert person.get(f"/connection-tests/{run_id}").status_code == 200
        return run_id

    return one


def seen_by(agent: PageLintingClient, reference: str) -> str:
    return str(agent.get(f"/helpdesk/cases/{reference}").text)


def test_the_agent_sees_the_test_that_made_the_person_call(
    agent: PageLintingClient, person: PageLintingClient, idle_engine: EmbeddedEngine, fail: Fail
) -> None:
    """Also when the test itself is long forgotten; and the person goes on where they were."""
    run_id = fail(person)
    page = f"/connection-tests/{run_id}"
    person.get(f"/join?from={page}")
    idle_engine.runs.forget(run_id)
    reference, code, _ = open_case(agent)
    assert post(person, "/join", {"code": code}).status_code == 303
    assert "wie Ihre letzten Prüfungen mit dieser Adresse ausgingen" in person.get("/join/confirm").text
    assert "Anmeldung abgelehnt" not in seen_by(agent, reference)
    assert agree(person).location == page
    shown = seen_by(agent, reference)
    assert "say trouble" in shown
    assert "Anmeldung abgelehnt" in shown
    assert "Vor dieser Hilfe" in shown
    assert "Vor dieser Hilfe" in person.get("/join/stored").text


def test_who_gives_another_address_in_the_same_browser_brings_nothing_of_the_first(
    agent: PageLintingClient, person: PageLintingClient, fail: Fail
) -> None:
    fail(person)
    with person.session_transaction() as session:
        session["answers"] = {**PLAIN_ANSWERS, "address": {**PLAIN_ANSWERS["address"], "email_address": "bob@gmx.de"}}
    reference, code, _ = open_case(agent)
    join(person, code)
    assert "Vor dieser Hilfe" not in seen_by(agent, reference)


def test_the_last_three_tests_are_kept_each_once_and_no_word_of_the_address(
    agent: PageLintingClient, person: PageLintingClient, fail: Fail
) -> None:
    for kind in (FailureKind.LIMITED, FailureKind.LOGIN_DELAY, FailureKind.MAILBOX_IN_USE, FailureKind.TIMED_OUT):
        run_id = fail(person, kind)
        person.get(f"/connection-tests/{run_id}")
    with person.session_transaction() as session:
        kept = " ".join(session[SPARE])
        assert len(session[SPARE]) == 3
    assert "anna" not in kept
    assert abs(int(kept.split()[2]) - time.time()) < 60
    reference, code, _ = open_case(agent)
    join(person, code)
    shown = seen_by(agent, reference)
    assert shown.count("Vor dieser Hilfe, ") == 3
    assert "keine rechtzeitige Antwort" in shown


def test_a_full_cookie_lets_go_of_the_oldest_tests(person: PageLintingClient, fail: Fail) -> None:
    for _ in range(3):
        fail(person)
    fill(person)
    with person.session_transaction() as session:
        assert len(session[SPARE]) < 3
    assert person.get("/help").status_code == 200


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("7k3m9pqr", "7K3M9PQR"),
        ("7K3M-9PQR", "7K3M9PQR"),
        (" 7 k o i 9 l q r", "7K0191QR"),
        ("7K3M9PQ", None),
        ("7K3M9PQU", None),
    ],
)
def test_a_reference_is_read_however_it_is_typed(typed: str, read: str | None) -> None:
    assert parse_reference(typed) == read
    assert parse_reference(reference_for("a run")) == reference_for("a run") != reference_for("another run")


def kennung(person: PageLintingClient, run_id: str) -> str:
    found = re.search(r"Kennung[^<]*<strong[^>]*>(\w{8})<", person.get(f"/connection-tests/{run_id}").text)
    assert found
    return found[1]


def ask(agent: PageLintingClient, reference: str) -> str:
    asked = post(agent, "/helpdesk/code", {"code": reference}, page="/helpdesk")
    assert asked.status_code == 303
    return str(asked.location.rpartition("/")[2])


def band(person: PageLintingClient) -> str:
    return str(fragment(person, "/join/banner").text)


@pytest.mark.parametrize("login", [True, False])
def test_the_page_whose_reference_is_read_out_asks_for_consent_once(
    config: Config, agent: PageLintingClient, person: PageLintingClient, fail: Fail, login: bool
) -> None:
    run_id = fail(person, login=login)
    assert "/join/banner" in person.get(f"/connection-tests/{run_id}").text
    assert "möchte Ihnen helfen" not in band(person)
    case = ask(agent, kennung(person, run_id).lower())
    assert "Vera möchte Ihnen helfen." in band(person)
    assert "Vera möchte Ihnen helfen." in person.get(f"/connection-tests/{run_id}").text  # without JavaScript, too
    assert "say trouble" not in seen_by(agent, case)
    assert post(person, "/join/asked").location == "/join/confirm"
    assert "say trouble" not in seen_by(agent, case)
    assert "Vera" in person.get("/join/confirm").text
    assert agree(person).location == f"/connection-tests/{run_id}"
    assert "say trouble" in seen_by(agent, case)
    row = case_row(config, case)
    assert row is not None
    assert not row.check_words


def test_who_says_no_is_asked_no_more(agent: PageLintingClient, person: PageLintingClient, fail: Fail) -> None:
    run_id = fail(person)
    case = ask(agent, kennung(person, run_id))
    post(person, "/join/asked")
    post(person, "/join/end")
    assert "möchte Ihnen helfen" not in band(person)
    assert "say trouble" not in seen_by(agent, case)


def test_unknown_forwarded_expired_and_other_references_answer_alike(
    app: Flask, agent: PageLintingClient, person: PageLintingClient, new_browser: Browser, fail: Fail,
    idle_engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """By a case that waits: nobody learns whether there is such a test, and no other page asks."""
    run_id, stranger = fail(person), new_browser()
    good = kennung(person, run_id)
    pages = []
    for reference in (good, "0000000A", "DEADBEEF"):
        case = ask(agent, reference)
        page = re.sub(r"\d\d:\d\d:\d\d|value=\"[^\"]+\"|nonce=\"[^\"]+\"", "", seen_by(agent, case).replace(case, ""))
        pages.append(page)
    assert pages[0] == pages[1] == pages[2]
    assert "möchte Ihnen helfen" in band(person)
    fail(stranger)
    assert "möchte Ihnen helfen" not in band(stranger)  # who was told the reference has no page of it
    assert post(stranger, "/join/asked").location == "/join"
    idle_engine.runs.forget(run_id)  # ten minutes later
    assert "möchte Ihnen helfen" not in band(person)
    assert post(person, "/join/asked").location == "/join"


def test_an_ask_runs_out(
    agent: PageLintingClient, person: PageLintingClient, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = fail(person)
    monkeypatch.setattr(page_asks, "LIFE", -page_asks.LIFE)
    ask(agent, kennung(person, run_id))
    assert "möchte Ihnen helfen" not in band(person)


def test_references_that_no_page_answers_count_as_wrong_codes(
    config: Config, agent: PageLintingClient, person: PageLintingClient, fail: Fail
) -> None:
    run_id = fail(person)
    reference: Any = kennung(person, run_id)
    for _ in range(config.codes_per_agent - 1):
        ask(agent, "0000000A")
    ask(agent, reference)
    assert post(agent, "/helpdesk/code", {"code": "0000000B"}, page="/helpdesk").status_code == 429
    post(person, "/join/asked")  # the page answers: the try is given back
    ask(agent, "0000000B")
