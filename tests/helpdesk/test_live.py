"""From what happens to what the agent sees: the closed vocabulary, connection tests, forged events."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.connection_tests.conftest import PLAIN_ANSWERS
from tests.helpdesk.conftest import Browser, agree, answer, case_row, fragment, join, open_case, post, queue_run
from tests.support.client import PageLintingClient, parse, text_of
from webapp import create_app
from webapp.connection_tests.engine import PLACEHOLDER_ADDRESS, Plan
from webapp.connection_tests.jobs import EmbeddedEngine
from webapp.core.diagnosis import CATALOGUE
from webapp.core.probe import STAGES
from webapp.core.probe.report import Failure, FailureKind, RunState, Status
from webapp.helpdesk import live, live_view, places, vocabulary
from webapp.helpdesk.vocabulary import HINTS, STEP_SENTENCES, STEP_SLUGS, CaseWord, Kind, checked
from webapp.infrastructure import db, events, limits
from webapp.infrastructure.config import Config, current_providers
from webapp.infrastructure.models import CaseEvent
from webapp.web.wizard.answers import Answers

ADDRESS = "anna.beispiel@gmx.de"
PASSWORD = "canary-password-4711"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def case(config: Config, agent: PageLintingClient, person: PageLintingClient) -> str:
    """A joined case; gives its reference."""
    reference, code, _ = open_case(agent)
    join(person, code)
    return reference


def events_kept(config: Config) -> list[CaseEvent]:
    with db.read(config) as session:
        return list(session.scalars(select(CaseEvent).order_by(CaseEvent.id)))


# The vocabulary


@settings(deadline=None)
@given(st.sampled_from(list(Kind)), st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=5))
def test_nothing_outside_the_vocabulary_can_be_said(kind: Kind, words: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="event"):
        checked(kind, words)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_no_word_takes_a_text_that_somebody_typed(text: str) -> None:
    """Every place of every kind refuses what is none of its words: there is no room for a password."""
    good: dict[Kind, dict[str, Any]] = {
        Kind.STEP: {"step": "address"},
        Kind.CHOICE: {"step": "program", "choice": "thunderbird", "detail": None},
        Kind.TEST: {"run": 1, "state": "failed", "diagnoses": ["login-refused"]},
        Kind.STAGE: {"run": 1, "protocol": "pop3", "stage": "capa", "status": "failed", "failure": "refused"},
        Kind.EARLIER: {
            "at": 1795584220,
            "state": "failed",
            "protocol": "pop3",
            "stage": "capa",
            "failure": "refused",
            "diagnosis": None,
        },
        Kind.FILE: {"client": "outlook", "format": "prf"},
        Kind.PLACE: {"place": "help", "about": "login-refused"},
        Kind.MISTAKE: {"step": "address", "mistake": "no-at"},
        Kind.MESSAGE: {"message": "", "outcome": "nothing"},
        Kind.GUIDE: {"client": "outlook", "way": "hand", "step": "pop"},
        Kind.HINT: {"hint": "wait", "step": None, "by": 1},
        Kind.CASE: {"what": "joined"},
    }
    for kind, words in good.items():
        assert checked(kind, words) == words
        for place in words:
            assert f"{text}\u2063" not in CATALOGUE
            for value in (f"{text}\u2063", [f"{text}\u2063"], {"text": text}, 1.5, True):
                with pytest.raises(ValueError, match="event"):
                    checked(kind, {**words, place: value})


def test_every_word_has_a_label() -> None:
    assert all(word.label for word in CaseWord)
    assert STEP_SENTENCES.keys() == vocabulary.STEP_QUESTIONS.keys() == STEP_SLUGS
    typed_or_read = {"address", "name", "port"}  # that they were answered is told, and no word of the answer
    assert vocabulary.CHOICES.keys() == STEP_SLUGS - typed_or_read
    assert vocabulary.HINT_STEPS.keys() | vocabulary.HINT_PAGES.keys() <= HINTS.keys()
    assert places.SENTENCES.keys() | set(places.ENDPOINTS.values()) <= places.LABELS.keys()


def test_every_diagnosis_has_a_sentence_and_a_question() -> None:
    for diagnosis in CATALOGUE.values():
        assert str(diagnosis.say)
        assert str(diagnosis.ask)


@pytest.mark.parametrize(
    ("step", "kept", "expected"),
    [
        ("address", {"email_address": ADDRESS}, (None, None)),
        ("address", {"email_address": ADDRESS, "providers": ["web.de"], "certainty": "certain"}, ("web.de", None)),
        ("address", {"email_address": ADDRESS, "providers": ["my secret"], "certainty": "certain"}, (None, None)),
        ("platform", {"provider": "gmx.com"}, ("gmx.com", None)),
        ("platform", {"provider": "<script>"}, (None, None)),
        ("program", {"client": "apple-mail", "device": "iphone"}, ("apple-mail", "iphone")),
        ("program", {"client": "my secret", "device": "my secret"}, ("other", None)),
        ("devices", {"devices": "several", "others": [{"name": "Annas Handy"}]}, ("several", None)),
        ("retention", {"keep": "14"}, ("days", 14)),
        ("retention", {"keep": "forever"}, ("forever", None)),
        ("retention", {"keep": "secret"}, (None, None)),
        ("preparation", {"two_factor": "yes"}, ("pop3", "yes")),
        ("preparation", {"two_factor": "secret"}, ("pop3", None)),
        ("name", {"name": "secret"}, (None, None)),
    ],
)
def test_answers_become_words_and_nothing_else(
    app: Flask, step: str, kept: dict[str, Any], expected: tuple[Any, Any]
) -> None:
    with app.app_context():
        assert live.choice_words(step, Answers({step: kept})) == expected


# Connection tests


def test_a_test_is_followed_through_its_stages_from_another_thread(
    app: Flask, config: Config, case: str, agent: PageLintingClient, person: PageLintingClient
) -> None:
    queue_run(app, person, "run-of-this-person-1")
    before = case_row(config, case)
    assert before is not None

    def work() -> None:
        for stage, status, failure in (
            ("resolve", "passed", None),
            ("connect", "passed", None),
            ("authenticate", "failed", "authentication_failed"),
        ):
            events.test_progressed.send(
                app, run="run-of-this-person-1", state="running", protocol="pop3", stage=stage, status=status,
                failure=failure, diagnosis=(),
            )  # fmt: skip

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    page = agent.get(f"/helpdesk/cases/{case}").text
    assert "Anmeldung abgelehnt" in page
    events.test_progressed.send(
        app, run="run-of-this-person-1", state="failed", protocol=None, stage=None, status=None, failure=None,
        diagnosis=("login-refused", "no such diagnosis"),
    )  # fmt: skip
    page = agent.get(f"/helpdesk/cases/{case}").text
    assert "say trouble" in page
    after = case_row(config, case)
    assert after is not None
    assert after.sequence == before.sequence + 4


def test_an_agent_knows_the_cause_before_the_test_says_it(
    app: Flask, case: str, agent: PageLintingClient, person: PageLintingClient
) -> None:
    """A failed stage alone has a sentence already."""
    queue_run(app, person, "run-of-this-person-2")
    events.test_progressed.send(
        app, run="run-of-this-person-2", protocol="pop3", stage="resolve", status="failed", failure="unresolved"
    )
    assert "say trouble" in agent.get(f"/helpdesk/cases/{case}").text


@pytest.mark.parametrize("kind", [None, *FailureKind])
def test_every_failure_of_every_stage_can_be_shown(kind: FailureKind | None) -> None:
    for protocol, stages in STAGES.items():
        for stage in stages:
            words = {
                "protocol": protocol.value, "stage": stage, "status": "failed",
                "failure": (kind or FailureKind.UNEXPECTED).value,
            }  # fmt: skip
            assert live.diagnosis_of_stage(words) in CATALOGUE


def test_the_poll_answers_304_until_something_is_new(
    app: Flask, case: str, agent: PageLintingClient, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.helpdesk import case_views

    monkeypatch.setattr(case_views.sequences, "seconds", 0)
    where = f"/helpdesk/cases/{case}/progress"
    first = fragment(agent, where)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-store"
    again = fragment(agent, where, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data
    answer(person, "address", email_address=ADDRESS)
    fresh = fragment(agent, where, headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200
    assert "a…l@gmx.de" in fresh.text
    in_english = fragment(agent, f"{where}?lang=en", headers={"If-None-Match": fresh.headers["ETag"]})
    assert in_english.status_code == 200


# Forgery


def test_a_persons_events_reach_their_own_case_alone(
    app: Flask, config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    references, people = [], []
    for _ in range(2):
        reference, code, _ = open_case(agent)
        person = new_browser()
        join(person, code)
        references.append(reference)
        people.append(person)
    queue_run(app, people[0], "run-of-the-first")
    queue_run(app, people[1], "run-of-the-first")  # forged: the run is somebody else's
    events.test_progressed.send(app, run="run-of-the-first", state="passed", diagnosis=())
    answer(people[0], "address", email_address=ADDRESS)
    first, second = (case_row(config, reference) for reference in references)
    assert first is not None
    assert second is not None
    kept = events_kept(config)
    assert {event.case_id for event in kept if event.kind in ("test", "choice")} == {first.id}


def test_events_without_a_case_or_with_strange_words_leave_nothing(
    app: Flask, config: Config, case: str, client: PageLintingClient, person: PageLintingClient
) -> None:
    before = len(events_kept(config))
    answer(client, "address", email_address=ADDRESS)
    events.test_progressed.send(app, run="unknown", state="failed", diagnosis=("login-refused",))
    events.test_progressed.send(app, run="", state="queued")
    events.step_reached.send(app, step="address")
    queue_run(app, person, "a-run")
    for words in (
        {"stage": "DROP TABLE", "protocol": "pop3", "status": "failed"},
        {"stage": "capa", "protocol": "imap", "status": "failed"},
        {"stage": "capa", "protocol": "pop3", "status": PASSWORD},
        {"state": PASSWORD},
        {"state": ["failed"]},
    ):
        events.test_progressed.send(app, run="a-run", **words)
    assert len(events_kept(config)) == before + 1


def test_a_password_in_every_place_of_every_signal_is_kept_nowhere(
    app: Flask, config: Config, case: str, agent: PageLintingClient, person: PageLintingClient
) -> None:
    """The canary: even a careless sender cannot make us keep what is no word of the vocabulary."""
    queue_run(app, person, "canary-run", protocol=PASSWORD, failure=PASSWORD, diagnosis=(PASSWORD,))
    for place in ("protocol", "stage", "status", "failure", "diagnosis", "state"):
        words: dict[str, Any] = {"protocol": "pop3", "stage": "authenticate", "status": "failed", "state": "running"}
        events.test_progressed.send(app, run="canary-run", **{**words, place: PASSWORD})
    answer(person, "address", email_address=ADDRESS, name=PASSWORD)
    fragment(person, "/setup/program", method="POST", data={"program": PASSWORD})
    for page in (f"/helpdesk/cases/{case}", f"/helpdesk/cases/{case}/report", "/helpdesk/statistics.csv"):
        assert PASSWORD not in agent.get(page).text
    db.dispose()
    kept = b"".join(path.read_bytes() for path in config.data_dir.iterdir() if path.is_file())
    assert PASSWORD.encode() not in kept
    assert ADDRESS.encode() not in kept


def test_a_test_of_a_deleted_case_never_tells_a_new_one(
    app: Flask, config: Config, case: str, agent: PageLintingClient, person: PageLintingClient, new_browser: Browser
) -> None:
    queue_run(app, person, "run-of-somebody-gone")
    events.test_progressed.send(app, run="run-of-somebody-gone", state="running")
    post(person, "/join/delete", page="/join/stored")
    _, code, _ = open_case(agent)
    join(new_browser(), code)
    before = len(events_kept(config))
    events.test_progressed.send(app, run="run-of-somebody-gone", state="failed", diagnosis=("login-refused",))
    assert len(events_kept(config)) == before


def test_a_lost_database_does_not_disturb_the_person(
    app: Flask, config: Config, case: str, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def broken(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr("webapp.helpdesk.cases.record", broken)
    answer(person, "address", email_address=ADDRESS)
    assert post(person, "/join/end", page="/join/stored").status_code == 303


def test_a_check_that_others_had_made_is_seen_with_all_it_found(
    app: Flask,
    config: Config,
    case: str,
    agent: PageLintingClient,
    person: PageLintingClient,
    new_browser: Browser,
    idle_engine: EmbeddedEngine,
) -> None:
    """Whoever checks within 30 seconds of somebody else looks at that check, and hears of nothing earlier."""
    stranger = new_browser()
    for client in (stranger, person):
        with client.session_transaction() as session:
            session["answers"] = PLAIN_ANSWERS
    mine = stranger.submit(stranger.get("/connection-tests"), form="Ohne Passwort prüfen").location.rpartition("/")[2]
    (run,) = (run for run in map(idle_engine.runs.get, idle_engine.runs._runs) if run is not None)
    report = run.report
    for stage in report.stages:
        report = report.with_stage(replace(stage, status=Status.PASSED, milliseconds=1.0))
    assert idle_engine.runs.end(run.id, RunState.PASSED, report)
    before = len(events_kept(config))
    theirs = person.submit(person.get("/connection-tests"), form="Ohne Passwort prüfen")
    assert theirs.status_code == 303
    assert theirs.location.rpartition("/")[2] != mine
    kinds = [event.kind for event in events_kept(config)[before:]]
    assert kinds.count("stage") == len(report.stages)
    assert [event.details["state"] for event in events_kept(config)[before:] if event.kind == "test"] == ["passed"]
    assert agent.get(f"/helpdesk/cases/{case}").text.count('class="status passed"') == len(report.stages)


def test_a_test_of_the_person_before_tells_the_next_person_nothing(
    app: Flask, config: Config, case: str, agent: PageLintingClient, person: PageLintingClient, new_browser: Browser
) -> None:
    queue_run(app, person, "run-of-the-person-before")
    events.test_progressed.send(app, run="run-of-the-person-before", state="running")
    post(person, "/join/end", page="/join/stored")
    post(agent, f"/helpdesk/cases/{case}/invitation", page="/helpdesk")
    link = re.search(r"/join/link/[\w-]+", agent.get(f"/helpdesk/cases/{case}").text)
    assert link
    next_person = new_browser()
    post(next_person, link[0], page=link[0])
    agree(next_person)
    before = len(events_kept(config))
    events.test_progressed.send(app, run="run-of-the-person-before", state="failed", diagnosis=("login-refused",))
    assert len(events_kept(config)) == before


def test_a_worker_that_told_of_a_check_before_somebody_joined_it_is_heard_afterwards(
    app: Flask, config: Config, case: str, person: PageLintingClient
) -> None:
    """The worker is another process: what one process learns the other one must not have to forget."""
    worker = create_app(config)
    told: dict[str, Any] = {
        "run": "joined-run",
        "state": "running",
        "protocol": "pop3",
        "status": "passed",
        "failure": None,
    }
    events.test_progressed.send(worker, **told, stage="resolve")
    queue_run(app, person, "joined-run", state="running")
    events.test_progressed.send(worker, **told, stage="connect")
    events.test_progressed.send(worker, run="joined-run", state="passed")
    kept = [event.details for event in events_kept(config) if event.kind in ("test", "stage")]
    assert [words.get("stage") for words in kept] == [None, "connect", None]
    assert kept[-1]["state"] == "passed"


@pytest.mark.parametrize("told", ["queued", "running"])
def test_a_check_that_ends_while_somebody_joins_it_is_told_as_ended(
    app: Flask,
    config: Config,
    case: str,
    agent: PageLintingClient,
    person: PageLintingClient,
    idle_engine: EmbeddedEngine,
    told: str,
) -> None:
    """What the run did between the look at it and the note whose it is has reached nobody."""
    with app.app_context():
        run = Plan("gmx.net", PLACEHOLDER_ADDRESS).run("a-run", current_providers())
    broken = replace(run.report.stages[0], status=Status.FAILED, failure=Failure(FailureKind.UNRESOLVED))
    assert idle_engine.runs.add(run)
    assert idle_engine.runs.end("a-run", RunState.FAILED, run.report.with_stage(broken))
    queue_run(app, person, "a-run", state=told)
    tests = [event.details for event in events_kept(config) if event.kind == "test"]
    assert [words["state"] for words in tests] == ["failed"]
    assert tests[0]["diagnoses"]
    assert "say trouble" in agent.get(f"/helpdesk/cases/{case}").text


def test_what_has_ended_stays_ended_in_the_picture_whatever_is_told_late(
    app: Flask, case: str, agent: PageLintingClient, person: PageLintingClient
) -> None:
    """Who joins a check writes what they saw; the worker may have written more by then."""
    queue_run(app, person, "a-run")
    stage: dict[str, Any] = {
        "run": "a-run",
        "state": "running",
        "protocol": "pop3",
        "stage": "resolve",
        "failure": None,
    }
    events.test_progressed.send(app, **stage, status="passed")
    events.test_progressed.send(app, run="a-run", state="passed")
    events.test_progressed.send(app, **stage, status="running")
    events.test_progressed.send(app, run="a-run", state="running")
    page = agent.get(f"/helpdesk/cases/{case}").text
    assert 'class="status running"' not in page
    assert page.count('class="status passed"') == 1
    assert "Die Prüfung ohne Passwort ist in Ordnung" in page


def test_tests_of_a_connected_person_count_for_the_case_and_of_nobody_else(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    def counts_for() -> str | None:
        with person:
            person.get("/")
            return limits.invitation()

    assert counts_for() is None
    reference, code, _ = open_case(agent)
    assert post(person, "/join", {"code": code}).status_code == 303
    assert counts_for() is None  # not yet agreed
    assert agree(person).status_code == 303
    row = case_row(config, reference)
    assert row is not None
    assert counts_for() == str(row.id)
    post(person, "/join/end", page="/join/stored")
    assert counts_for() is None


def test_the_agent_reads_the_sentence_of_the_step_that_the_person_sees(
    config: Config, agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="samsung-email:android")
    answer(person, "preparation")
    person.get("/guide/address")
    person.get("/guide/address")
    told = [event.details for event in events_kept(config) if event.kind == Kind.GUIDE]
    assert told == [{"client": "samsung-email", "way": "hand", "step": "address"}]
    page = text_of(parse(agent.get(f"/helpdesk/cases/{case}?lang=en").text).find("body"))
    assert "Type address and password. Do not sign in yet. Press ‘Manual setup’, then ‘POP3 account’." in page
    assert "Step 2 of 7: Type address and password." in page


def test_a_failed_test_bears_no_tick_and_stands_behind_the_guide(app: Flask, config: Config) -> None:
    found = [
        CaseEvent(at=NOON, kind=str(kind), details=words)
        for kind, words in (
            (Kind.GUIDE, {"client": "thunderbird", "way": "file", "step": "try"}),
            (Kind.TEST, {"run": 1, "state": "failed", "diagnoses": ["login-refused"]}),
            (Kind.PLACE, {"place": "not-working", "about": None}),
        )
    ]
    with app.test_request_context("/"):
        tasks = live_view.build(found).tasks
    assert [(row.slug, row.status) for row in tasks[-3:]] == [
        ("file", "pending"),
        ("guide", "done"),
        ("test", "failed"),
    ]


def test_who_has_the_file_and_is_at_it_has_a_tick(app: Flask) -> None:
    event = CaseEvent(at=NOON, kind=str(Kind.FILE), details={"client": "thunderbird", "format": "zip"})
    with app.test_request_context("/"):
        tasks = live_view.build([event]).tasks
    assert [(row.slug, row.status) for row in tasks if row.here] == [("file", "done")]
