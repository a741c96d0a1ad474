"""A case from the first code to the last trace."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.helpdesk.conftest import (
    Browser,
    agree,
    answer,
    case_row,
    fill,
    fragment,
    join,
    open_case,
    post,
    sign_in,
    token_of,
)
from tests.support.client import PageLintingClient
from webapp.helpdesk import purging
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import AuditEntry, Case, CaseEvent, CaseNote
from webapp.infrastructure.session import SealedSessionInterface


def purged(app: Flask, now: datetime) -> dict[str, int]:
    with app.app_context():
        return purging.purge(app.extensions["config"], now)


ADDRESS = "anna.beispiel@gmx.de"


def test_the_overview_keeps_itself_up_to_date(agent: PageLintingClient, new_browser: Browser) -> None:
    first = fragment(agent, "/helpdesk/queue")
    known = {"If-None-Match": first.headers["ETag"]}
    assert f'data-etag="{first.headers["ETag"].strip(chr(34))}"' in agent.get("/helpdesk").text
    assert fragment(agent, "/helpdesk/queue", headers=known).status_code == 304
    post(new_browser(), "/join/help", page="/")
    fresh = fragment(agent, "/helpdesk/queue", headers=known)
    assert fresh.status_code == 200
    assert "/helpdesk/queue/" in fresh.text


def test_the_agent_sees_steps_and_choices_and_a_shortened_address(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS, name="Anna Geheim")
    answer(person, "program", program="thunderbird")
    page = agent.get(f"/helpdesk/cases/{reference}").text
    assert "a…l@gmx.de" in page
    assert "Thunderbird" in page
    assert ADDRESS not in page
    assert "Geheim" not in page
    post(person, "/join/address", {"whole": "yes"}, page="/join/stored")
    assert ADDRESS in agent.get(f"/helpdesk/cases/{reference}").text
    post(person, "/join/address", {"whole": "no"}, page="/join/stored")
    assert ADDRESS not in agent.get(f"/helpdesk/cases/{reference}").text


def test_what_was_answered_before_joining_is_seen_too(agent: PageLintingClient, person: PageLintingClient) -> None:
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="apple-mail:iphone")
    reference, code, _ = open_case(agent)
    join(person, code)
    page = agent.get(f"/helpdesk/cases/{reference}").text
    assert "iPhone" in page
    assert "a…l@gmx.de" in page


def test_the_person_reads_what_is_stored(agent: PageLintingClient, person: PageLintingClient) -> None:
    _, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    page = person.get("/join/stored").text
    assert "a…l@gmx.de" in page
    assert page.count("<time") >= 3


def test_a_hint_appears_on_the_persons_page(agent: PageLintingClient, person: PageLintingClient) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    before = fragment(person, "/join/banner")
    assert fragment(person, "/join/banner", headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    post(agent, f"/helpdesk/cases/{reference}/hint", {"hint": "open-step", "step": "program"}, page="/helpdesk")
    after = fragment(person, "/join/banner", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert re.search(r"helper-hint.*E-Mail-Programm", after.text.replace("\u2011", "-"), re.DOTALL)
    assert "helper-hint" in person.get("/").text


def test_only_hints_of_the_list_are_shown(agent: PageLintingClient, person: PageLintingClient) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    for data in ({"hint": "visit evil.example"}, {"hint": "open-step", "step": "<b>"}, {"hint": "open-step"}):
        assert post(agent, f"/helpdesk/cases/{reference}/hint", data, page="/helpdesk").status_code == 400


def kept_keys(browser: PageLintingClient) -> set[str]:
    with browser.session_transaction() as session:
        return set(session)


def test_the_last_four_invitations_are_kept_in_the_order_in_which_they_were_made(
    agent: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = iter(["ZZZZZZZZ", "BBBBBBBB", "XXXXXXXX", "AAAAAAAA", "CCCCCCCC"])
    monkeypatch.setattr("webapp.helpdesk.cases.new_reference", lambda: next(references))
    made = [open_case(agent)[0] for _ in range(5)]
    seen = ["spoken-code" in agent.get(f"/helpdesk/cases/{reference}").text for reference in made]
    assert seen == [False, True, True, True, True]


def test_a_full_session_costs_an_agent_the_invitation_and_never_the_page(agent: PageLintingClient) -> None:
    """Who helps with the browser in which they tried the wizard: the answers come first."""
    fill(agent)
    assert post(agent, "/helpdesk/cases", {"ticket": ""}, page="/helpdesk").status_code == 303
    assert "answers" in kept_keys(agent)
    assert "invitations" not in kept_keys(agent)


def test_what_an_agent_keeps_does_not_end_the_wizard_in_the_same_browser(app: Flask, agent: PageLintingClient) -> None:
    made = [open_case(agent)[0] for _ in range(4)]
    interface = app.session_interface
    assert isinstance(interface, SealedSessionInterface)
    with agent.session_transaction() as session, app.app_context():
        session["answers"] = {"devices": {"names": ""}}
        while interface.fits(dict(session)):
            session["answers"]["devices"]["names"] += "x"
        session["answers"]["devices"]["names"] = session["answers"]["devices"]["names"][1:]
    assert fragment(agent, "/?lang=en").status_code in (200, 302, 303)  # the language is one thing more to keep
    assert "locale" in kept_keys(agent)
    seen = ["spoken-code" in fragment(agent, f"/helpdesk/cases/{reference}").text for reference in made]
    assert seen == [False, True, True, True]


def test_a_session_that_has_room_keeps_the_newest_invitation(agent: PageLintingClient) -> None:
    made = [open_case(agent)[0] for _ in range(4)]
    with agent.session_transaction() as session:
        session["answers"] = {"devices": {"names": "x" * 2150}}
    made.append(open_case(agent)[0])
    seen = ["spoken-code" in agent.get(f"/helpdesk/cases/{reference}").text for reference in made]
    assert seen[0] is False
    assert seen[-1] is True


def test_a_deep_link_into_a_full_session_is_a_page_too(new_browser: Browser) -> None:
    browser = new_browser()
    fill(browser)
    assert fragment(browser, f"/helpdesk/cases/new?ref={'T' * 40}").status_code == 303
    assert "answers" in kept_keys(browser)


def test_a_wrong_prepared_address_is_refused_with_a_sentence(agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    reply = post(agent, f"/helpdesk/cases/{reference}/prefill", {"email_address": "anna"}, page="/helpdesk")
    assert reply.status_code == 422


def test_a_case_belongs_to_its_agent_until_it_is_taken_over(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    page = other_agent.get(f"/helpdesk/cases/{reference}").text
    assert "Vera" in page
    assert "a…l" not in page
    assert fragment(other_agent, f"/helpdesk/cases/{reference}/progress").status_code == 403
    assert other_agent.get(f"/helpdesk/cases/{reference}/report").status_code == 403
    assert post(other_agent, f"/helpdesk/cases/{reference}/take", page="/helpdesk").status_code == 303
    assert "a…l" not in other_agent.get(f"/helpdesk/cases/{reference}").text
    assert (
        "E-Mail-Adresse"
        not in other_agent.get(f"/helpdesk/cases/{reference}").text.replace("\u2011", "-").partition("log-box")[2]
    )
    assert "Viktor möchte Ihnen helfen." in person.get("/").text
    assert agree(person).status_code == 303
    assert "a…l" in other_agent.get(f"/helpdesk/cases/{reference}").text
    with db.read(config) as session:
        assert session.query(CaseEvent).filter_by(kind="choice").count() == 1  # told once
    assert "a…l" not in agent.get(f"/helpdesk/cases/{reference}").text
    with db.read(config) as session:
        entries = [(entry.agent, entry.action, entry.subject) for entry in session.scalars(select(AuditEntry))]
    assert ("viktor@example.org", "case-taken", reference) in entries


def test_who_notes_something_after_the_end_is_told_that_it_is_not_sent_where_reports_are(
    agent: PageLintingClient, helpdesk: Flask, config: Config
) -> None:
    reference, _, _ = open_case(agent)
    case, said = f"/helpdesk/cases/{reference}", "Was Sie jetzt notieren, bleibt hier und wird nicht gesendet."
    assert said not in agent.get(case).text
    post(agent, f"{case}/close", {"outcome": "solved"}, page="/helpdesk")
    assert "Der Bericht ging" not in agent.get(case).text, "nobody gets reports here"
    sending = replace(config, webhook_url="https://example.org/hook", webhook_secret="a secret that is only for tests")
    helpdesk.extensions["config"] = sending
    assert said in agent.get(case).text


def test_notes_are_plain_text_of_bounded_length(agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    where = f"/helpdesk/cases/{reference}/note"
    assert post(agent, where, {"text": "<script>alert(1)</script>\nzweite Zeile"}, page="/helpdesk").status_code == 303
    page = agent.get(f"/helpdesk/cases/{reference}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    too_long = post(agent, where, {"text": "x" * 1001}, page="/helpdesk")
    assert too_long.status_code == 422
    assert '<a href="#text">Eine Notiz hat höchstens 1.000 Zeichen.</a>' in too_long.text, "told at the top of the page"
    assert post(agent, where, {"text": "  \n "}, page="/helpdesk").status_code == 422
    for length in (1001, 5000):  # fits into the cookie, and does not: it is lost neither time
        told = post(agent, where, {"text": "x" * length}, page="/helpdesk")
        assert told.status_code == 422
        assert "x" * length in told.text


def test_a_mistake_in_a_form_of_the_desk_leaves_a_page_to_go_back_to(agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    case = f"/helpdesk/cases/{reference}"
    for path, wrong, page in (
        ("/helpdesk/cases", {"ticket": "a b"}, "/helpdesk/cases/new"),
        ("/helpdesk/code", {"code": "1"}, "/helpdesk"),
        ("/helpdesk/courses", {"name": "", "day": "x", "places": "99"}, "/helpdesk/courses"),
        (f"{case}/note", {"text": ""}, case),
        (f"{case}/details", {"ticket": "<b>", "label": "Platz 3"}, case),
    ):
        answer = agent.post(path, data={**wrong, "csrf_token": token_of(agent, "/helpdesk")})
        assert (answer.status_code, answer.location) == (303, page), path
        told = agent.get(page)
        assert told.status_code == 422
        assert all(value in told.text for value in wrong.values() if not value.startswith("<"))
        assert agent.get(page).status_code == 200


def test_closing_ends_the_connection_and_makes_a_report(agent: PageLintingClient, person: PageLintingClient) -> None:
    reference, code, _ = open_case(agent, "#4711")
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="thunderbird")
    post(agent, f"/helpdesk/cases/{reference}/note", {"text": "war freundlich"}, page="/helpdesk")
    reply = post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "solved"}, page="/helpdesk")
    text = agent.get(reply.headers["Location"]).text
    for part in (reference, "#4711", "Thunderbird", "war freundlich", "Vera"):
        assert part in text
    assert ADDRESS not in text
    assert "a…l@gmx.de" not in text
    banner = fragment(person, "/join/banner").text
    assert "state-closed" in banner
    post(person, "/join/end", page="/join/stored")
    assert "helper-band" not in person.get("/").text


def test_a_ticket_reference_is_bounded(agent: PageLintingClient) -> None:
    for bad in ("a b", "<b>", "x" * 41, "é", "#4711;"):
        assert post(agent, "/helpdesk/cases", {"ticket": bad}, page="/helpdesk").status_code == 422
        assert agent.get("/helpdesk/cases/new", query_string={"ref": bad}).status_code == 200


def test_a_deep_link_survives_signing_in(new_browser: Browser) -> None:
    client = new_browser()
    assert client.get("/helpdesk/cases/new?ref=Ticket-17").headers["Location"] == "/helpdesk/sign-in"
    sign_in(client)
    assert 'value="Ticket-17"' in client.get("/helpdesk/cases/new?ref=Ticket-17").text


def test_search_finds_by_reference_and_ticket(agent: PageLintingClient, other_agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent, "ABC-9")
    for query in (reference, reference.lower(), "ABC-9"):
        assert reference in other_agent.get("/helpdesk", query_string={"q": query}).text
    assert reference not in other_agent.get("/helpdesk", query_string={"q": "ABC"}).text


def test_delete_now_leaves_only_counts(agent: PageLintingClient, person: PageLintingClient, config: Config) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    reply = post(person, "/join/delete", page="/join/stored")
    assert reply.headers["Location"] == "/join/deleted"
    page = person.get("/join/deleted")
    assert "Ihre Antworten sind noch in diesem Browser." in page.text
    assert case_row(config, reference) is None
    with db.read(config) as session:
        assert not list(session.scalars(select(CaseEvent)))
    assert (
        reference.encode()
        not in b"".join(path.read_bytes() for path in config.data_dir.glob("wizard.sqlite3") if path.exists())
        or agent.get(f"/helpdesk/cases/{reference}").status_code == 404
    )


def test_the_page_after_that_deletes_the_rest_too(agent: PageLintingClient, person: PageLintingClient) -> None:
    _, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    post(person, "/join/delete", page="/join/stored")
    assert person.submit(person.get("/join/deleted"), form="Meine Angaben jetzt löschen").location == "/deleted"
    assert "Meine Angaben" not in person.get("/join/deleted").text


def test_deleting_the_answers_deletes_the_case(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    assert person.post("/delete", data={}).status_code == 400
    assert case_row(config, reference) is not None
    assert post(person, "/delete", page="/").status_code == 303
    assert case_row(config, reference) is None


def test_time_deletes_everything_but_counts_and_log(
    config: Config, app: Flask, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent, "4711")
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    post(agent, f"/helpdesk/cases/{reference}/note", {"text": "Notiz"}, page="/helpdesk")
    now = datetime.now(UTC)
    assert purged(app, now + timedelta(hours=23))["cases"] == 0
    assert purged(app, now + timedelta(hours=25))["cases"] == 1
    with db.read(config) as session:
        for table in (Case, CaseEvent, CaseNote):
            assert not list(session.scalars(select(table)))
    assert sign_in(agent).status_code == 303  # the session was deleted by time, too
    assert "solved" not in agent.get("/helpdesk/statistics.csv").text
    assert "expired" in agent.get("/helpdesk/statistics.csv").text


def test_the_database_holds_no_token_and_no_code(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    _, code, link = open_case(agent)
    post(person, "/join/help", page="/")
    with db.read(config) as session:
        rows = [
            json.dumps(
                {
                    name: str(getattr(row, name))
                    for name in (attribute.key for attribute in Case.__mapper__.column_attrs)
                }
            )
            for row in session.scalars(select(Case))
        ]
    kept = "".join(rows)
    assert code.replace(" ", "") not in kept
    assert link.rpartition("/")[2] not in kept


def test_every_form_needs_its_token(agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    assert agent.post(f"/helpdesk/cases/{reference}/close", data={"outcome": "solved"}).status_code == 400
    assert token_of(agent, "/helpdesk")
