"""Whoever comes next, person or agent, gets nothing that was shown by or to the one before."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.helpdesk.conftest import Browser, agree, answer, case_row, fragment, join, open_case, post
from tests.helpdesk.test_colleagues import id_of
from tests.helpdesk.test_courses import links, make
from tests.support.client import PageLintingClient
from webapp.helpdesk import agents, cases, hours, purging
from webapp.helpdesk.calls import book
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, AgentSession, AuditEntry, Case, CaseState, CaseWatcher

WHOLE = "paula.erste@gmx.de"
SHORT = "p…e@gmx.de"
VIKTOR = "viktor@example.org"


@pytest.fixture
def reference(agent: PageLintingClient, person: PageLintingClient) -> str:
    """A case of Vera's; the person shows her the whole address."""
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=WHOLE)
    post(person, "/join/address", {"whole": "yes"}, page="/join/stored")
    assert WHOLE in agent.get(f"/helpdesk/cases/{reference}").text
    return reference


def row(config: Config, reference: str) -> Case:
    found = case_row(config, reference)
    assert found is not None
    return found


def test_who_is_invited_into_a_case_that_was_taken_over_inherits_no_address(
    config: Config, other_agent: PageLintingClient, new_browser: Browser, reference: str
) -> None:
    where = f"/helpdesk/cases/{reference}"
    with db.begin(config) as session:  # as it was taken over before addresses were shortened then
        session.execute(update(Case).values(agent_id=int(id_of(config, VIKTOR)), state="confirming", check_words="x y"))
    post(other_agent, f"{where}/invitation", page=where)
    left = row(config, reference)
    assert (left.address, left.shares_address, left.check_words) == ("", False, "")
    page = other_agent.get(where).text
    assert WHOLE not in page
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', page)
    assert code
    second = new_browser()
    join(second, code[1])
    answer(second, "address", email_address="zora.zweite@gmx.de")
    assert row(config, reference).address == "z…e@gmx.de"


@pytest.mark.parametrize("how", ["take", "hand-over", "disabled"])
def test_the_next_agent_is_not_shown_the_whole_address(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient,
    reference: str, how: str,
) -> None:  # fmt: skip
    where = f"/helpdesk/cases/{reference}"
    match how:
        case "take":
            post(other_agent, f"{where}/take", page="/helpdesk")
        case "hand-over":
            post(agent, f"{where}/hand-over", {"agent": id_of(config, VIKTOR)}, page=where)
        case _:
            agents.disable(config, "vera@example.org")
            post(other_agent, f"/helpdesk/queue/{reference}", page="/helpdesk")
    agree(person)
    seen = other_agent.get(where).text
    assert SHORT in seen
    assert WHOLE not in seen
    answer(person, "address", email_address="paul.erster@gmx.de")
    assert "p…r@gmx.de" in other_agent.get(where).text


def test_a_colleague_who_looks_on_sees_the_short_address(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient, reference: str
) -> None:
    where, viktor = f"/helpdesk/cases/{reference}", id_of(config, VIKTOR)
    post(agent, f"{where}/watcher", {"agent": viktor}, page=where)
    post(person, "/join/colleague", {"answer": "yes", "agent": viktor}, page="/join/colleague")
    for seen in (other_agent.get(where), fragment(other_agent, f"{where}/progress")):
        assert SHORT in seen.text
        assert WHOLE not in seen.text
    assert WHOLE in fragment(agent, f"{where}/progress").text


def test_what_the_person_ended_is_nobody_elses_to_take(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient, reference: str
) -> None:
    where = f"/helpdesk/cases/{reference}"
    post(person, "/join/end")
    assert "Übergeben" not in agent.get(where).text
    assert post(agent, f"{where}/hand-over", {"agent": id_of(config, VIKTOR)}, page=where).status_code == 400
    agents.disable(config, "vera@example.org")
    assert where not in other_agent.get("/helpdesk").text
    assert f"{where}/take" not in other_agent.get(where).text
    assert post(other_agent, f"{where}/take", page="/helpdesk").status_code == 404
    assert "Viktor" not in person.get("/join/summary").text


def test_who_was_not_let_in_sees_nothing_afterwards(
    config: Config, other_agent: PageLintingClient, person: PageLintingClient, reference: str
) -> None:
    where = f"/helpdesk/cases/{reference}"
    post(other_agent, f"{where}/take", page="/helpdesk")
    post(person, "/join/end", page="/join/confirm")
    assert row(config, reference).state == CaseState.ENDED
    assert 'class="tasks-live"' not in other_agent.get(where).text
    assert "Viktor" not in person.get("/join/summary").text


@pytest.mark.parametrize("path", ["/delete", "/join/delete"])
def test_deleting_reaches_the_case_that_has_ended(
    config: Config, agent: PageLintingClient, person: PageLintingClient, reference: str, path: str
) -> None:
    post(person, "/join/end")
    second, code, _ = open_case(agent)
    join(person, code)
    assert post(person, path, page="/").status_code == 303
    assert case_row(config, reference) is None
    assert case_row(config, second) is None


@pytest.mark.parametrize("how", ["code", "help", "call"])
def test_a_new_case_leaves_the_one_before_in_reach(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient, reference: str, how: str
) -> None:
    if how == "code":
        post(person, "/join", {"code": open_case(agent)[1]}, page="/join/stored")
    else:
        post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "solved"}, page="/helpdesk")
    if how == "call":
        helpdesk.extensions["config"] = replace(config, helpdesk_hours="mon-sun 0:00-24:00")
        times = re.findall(r'<option value="(\d+)">', person.get("/join/call").text)
        assert post(person, "/join/call", {"time": times[0]}, page="/join/call").location == "/join/call"
    if how == "help":
        assert post(person, "/join/help").location == "/join/wait"
    assert case_row(config, reference) is not None
    post(person, "/join/delete", page="/join/wait")
    assert case_row(config, reference) is None


def test_the_next_at_a_computer_of_the_course_starts_over(
    config: Config, agent: PageLintingClient, person: PageLintingClient, reference: str
) -> None:
    course = make(agent, config)
    post(agent, f"{course}/open", page=course)
    link, *_ = links(agent, config)
    post(person, "/join/end")
    assert "/join/summary" in person.get("/join/ended").text
    assert post(person, link, page=link).location == "/join/confirm"
    page = person.get("/join/confirm")
    assert SHORT in page.text
    assert WHOLE not in page.text
    assert person.submit(page, form="Das bin ich nicht: neu anfangen").location == "/join/confirm"
    page = person.get("/join/confirm").text
    assert SHORT not in page
    assert "Das bin ich nicht" not in page
    agree(person)
    post(person, "/join/end")
    assert row(config, reference).state == CaseState.ENDED
    with db.read(config) as session:
        newest = session.scalars(select(Case).order_by(Case.id.desc())).first()
    assert newest is not None
    assert newest.address == ""


def test_who_says_no_on_a_course_link_reads_no_sheet_of_another(
    config: Config, agent: PageLintingClient, person: PageLintingClient, reference: str
) -> None:
    assert reference
    course = make(agent, config)
    post(agent, f"{course}/open", page=course)
    link, *_ = links(agent, config)
    post(person, "/join/end")
    post(person, link, page=link)
    post(person, "/join/end", page="/join/confirm")
    assert "/join/summary" not in person.get("/join/ended").text


def test_who_presses_twice_or_scans_again_is_led_on(
    config: Config, agent: PageLintingClient, person: PageLintingClient, new_browser: Browser
) -> None:
    course = make(agent, config)
    post(agent, f"{course}/open", page=course)
    link, *_ = links(agent, config)
    assert [post(person, link, page="/join/confirm").location for _ in range(2)] == ["/join/confirm"] * 2
    assert person.get(link).location == "/join/confirm"
    agree(person)
    assert person.get(link).location == "/join/stored"
    assert new_browser().get(link).status_code == 410
    post(person, "/join/end")
    assert person.get(link).status_code == 410


def test_nobody_is_connected_with_whoever_takes_over_at_that_moment(
    config: Config, agent: PageLintingClient, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, code, _ = open_case(agent)
    post(person, "/join", {"code": code})
    page = person.get("/join/confirm")
    confirm = cases.confirm

    def late(case_id: int, mark: str, secret: str) -> bool | None:
        cases.take_over(case_id, int(id_of(config, VIKTOR)), VIKTOR)
        return confirm(case_id, mark, secret)

    monkeypatch.setattr(cases, "confirm", late)
    told = person.submit(page, form=0)
    assert told.status_code == 409
    assert "Viktor" in told.text
    assert row(config, reference).state == CaseState.CONFIRMING


def test_an_agent_before_the_second_step_is_not_there(
    config: Config, other_agent: PageLintingClient, reference: str
) -> None:
    vera = int(id_of(config, "vera@example.org"))
    assert f"/helpdesk/cases/{reference}" not in other_agent.get("/helpdesk").text
    with db.begin(config) as session:
        session.execute(update(AgentSession).where(AgentSession.agent_id == vera).values(level="password"))
    assert f"/helpdesk/cases/{reference}" in other_agent.get("/helpdesk").text


def test_a_colleague_who_was_disabled_in_the_database_looks_on_no_more(
    helpdesk: Flask, config: Config, agent: PageLintingClient, reference: str
) -> None:
    where, viktor = f"/helpdesk/cases/{reference}", id_of(config, VIKTOR)
    post(agent, f"{where}/watcher", {"agent": viktor}, page=where)
    with db.begin(config) as session:
        session.execute(update(Agent).where(Agent.id == int(viktor)).values(disabled_at=datetime.now(UTC)))
    with helpdesk.app_context():
        purging.purge(config)
    with db.read(config) as session:
        assert session.scalar(select(func.count()).select_from(CaseWatcher)) == 0


def test_a_call_is_taken_in_its_time_alone(helpdesk: Flask, config: Config, agent: PageLintingClient) -> None:
    now = datetime.now(UTC)
    with helpdesk.app_context():
        window = hours.Window(now - timedelta(hours=3), now - timedelta(hours=2))
        assert book("the token of a browser", "123456789", "ABCD2345", window, before=None)
    assert "/take" not in agent.get("/helpdesk/cases/ABCD2345").text
    post(agent, "/helpdesk/queue/ABCD2345", page="/helpdesk")
    assert row(config, "ABCD2345").state == CaseState.BOOKED
    with db.begin(config) as session:
        session.execute(update(Case).values(code_expires_at=now + timedelta(hours=1)))
    post(agent, "/helpdesk/queue/ABCD2345", page="/helpdesk")
    assert row(config, "ABCD2345").state == CaseState.CONFIRMING


def test_who_deletes_a_course_is_in_the_log(config: Config, agent: PageLintingClient, admin: PageLintingClient) -> None:
    course = make(agent, config)
    post(agent, f"{course}/delete", page=course)
    with db.read(config) as session:
        newest = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert newest is not None
    assert (newest.action, newest.subject) == ("course-deleted", course.rpartition("/")[2])
    assert "hat einen Kurs gelöscht" in admin.get("/helpdesk/log").text


@pytest.mark.parametrize("written", [True, False])
def test_a_no_deletes_nothing_that_an_agent_wrote(
    config: Config, agent: PageLintingClient, person: PageLintingClient, written: bool
) -> None:
    reference, code, _ = open_case(agent)
    if written:
        post(agent, f"/helpdesk/cases/{reference}/note", {"text": "called twice"}, page="/helpdesk")
    agents.disable(config, "vera@example.org")
    post(person, "/join", {"code": code})
    assert row(config, reference).state == CaseState.WAITING
    post(person, "/join/end", page="/join/wait")
    left = case_row(config, reference)
    assert (left.state if left else None) == (CaseState.ENDED if written else None)
