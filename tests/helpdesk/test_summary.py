"""The sheet after the call: closed words to keep or print, for the person alone, and gone with the case."""

from __future__ import annotations

import re

from flask import Flask

from tests.helpdesk.conftest import answer, case_row, fragment, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.helpdesk import cases
from webapp.helpdesk.vocabulary import Kind
from webapp.infrastructure.config import Config
from webapp.infrastructure.session import SealedSessionInterface

ADDRESS = "zora.quast@gmx.de"


def test_who_was_helped_keeps_what_was_done_and_what_comes_next(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="thunderbird:linux")
    post(person, "/join/address", {"whole": "yes"}, page="/join/stored")
    post(agent, f"/helpdesk/cases/{reference}/note", {"text": "ein Satz über die Person"}, page="/helpdesk")
    assert person.get("/join/summary").location == "/join/ended"
    post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "solved"}, page="/helpdesk")
    assert 'href="/join/summary"' in person.get("/").text
    page = person.get("/join/summary").text
    for words in ("Ihre E-Mails kommen in Ihrem Programm an.", "Thunderbird", "Vera", reference, "/advice/backup"):
        assert words in page
    for words in (ADDRESS, "z…t", "ein Satz über die Person"):
        assert words not in page
    post(person, "/join/delete", page="/join/summary")
    assert case_row(config, reference) is None


def test_who_ends_the_help_keeps_the_sheet_until_it_is_deleted(
    config: Config, agent: PageLintingClient, person: PageLintingClient, other_agent: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    post(person, "/join/end")
    assert 'href="/join/summary"' in person.get("/join/ended").text
    assert "Sie haben die Hilfe beendet." in person.get("/join/summary").text
    assert "helper-end" not in person.get("/").text
    assert other_agent.get("/join/summary").location == "/join/ended"
    post(person, "/join/delete", page="/join/summary")
    assert case_row(config, reference) is None


def test_the_sheet_is_gone_once_somebody_else_is_invited(agent: PageLintingClient, person: PageLintingClient) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    post(person, "/join/end")
    post(agent, f"/helpdesk/cases/{reference}/invitation", page=f"/helpdesk/cases/{reference}")
    assert person.get("/join/summary").location == "/join/ended"


def test_what_did_not_work_comes_with_the_next_steps(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    row = case_row(config, reference)
    assert row is not None
    with helpdesk.app_context():
        cases.record(row.id, Kind.TEST, {"run": 1, "state": "failed", "diagnoses": ["login-refused"]})
        cases.record(row.id, Kind.CHOICE, {"step": "preparation", "choice": "pop3", "detail": None})
        cases.record(row.id, Kind.GUIDE, {"client": "thunderbird", "way": "file", "step": "try"})
    post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "not-solved"}, page="/helpdesk")
    page = person.get("/join/summary").text
    assert "Es funktioniert noch nicht." in page
    assert "GMX hat die Anmeldung abgelehnt" in page
    assert "POP3 eingeschaltet (eigene Angabe)" in page
    assert re.search(r"Schritt (\d+) von \1: ", page)
    assert page.partition("Wie es weitergeht")[2].count("<li>") > 3
    assert "/advice/backup" not in page, "nothing was fetched yet"


def test_the_sheet_gives_way_where_the_session_is_full(app: Flask, person: PageLintingClient) -> None:
    interface = app.session_interface
    assert isinstance(interface, SealedSessionInterface)
    person.get("/join")  # its form has a token
    with person.session_transaction() as session, app.app_context():
        session["help_over"] = "x" * 22
        session["answers"] = {"devices": {"names": ""}}
        while interface.fits(dict(session)):
            session["answers"]["devices"]["names"] += "x"
        session["answers"]["devices"]["names"] = session["answers"]["devices"]["names"][1:]
    assert fragment(person, "/?lang=en").status_code in (200, 302, 303)  # the language is one thing more to keep
    with person.session_transaction() as session:
        assert "locale" in session
        assert "help_over" not in session
