"""Joining: by code, link or queue; what a person has seen before they agree, and leaving again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.helpdesk.conftest import (
    Browser,
    agree,
    answer,
    case_row,
    fragment,
    join,
    open_case,
    post,
    token_of_page,
)
from tests.support.client import PageLintingClient
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Case, CaseEvent

ADDRESS = "anna.beispiel@gmx.de"
AGREE = 0  # the first form of the page that asks: yes


def test_a_person_joins_by_the_spoken_code_however_it_is_typed(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent, "4711")
    confirm = post(person, "/join", {"code": f" {code.replace(' ', '-')} "})
    page = person.get(confirm.headers["Location"]).text
    row = case_row(config, reference)
    assert row is not None
    assert "Vera" in page
    assert not row.check_words  # the telephone is the proof
    assert agree(person).status_code == 303
    assert "Vera" in person.get("/").text
    assert "helper-band" in person.get("/").text


def test_a_link_is_used_up_by_the_button_and_not_by_looking(agent: PageLintingClient, new_browser: Browser) -> None:
    reference, _, link = open_case(agent)
    scanner, person, late = new_browser(), new_browser(), new_browser()
    for _ in range(3):
        assert scanner.get(link).status_code == 200
        assert fragment(scanner, link, method="HEAD").status_code == 200
    assert post(person, link, page=link).headers["Location"] == "/join/confirm"
    words = re.search(r'class="words"[^>]*>([^<]+ – [^<]+)<', person.get("/join/confirm").text)
    assert words
    assert words[1] in agent.get(f"/helpdesk/cases/{reference}").text
    assert late.get(link).status_code == 410
    assert post(late, link).status_code == 410


@pytest.mark.parametrize("when", ["before", "confirming"])
def test_a_cookie_that_was_copied_before_opens_no_case_that_was_agreed_to(
    agent: PageLintingClient, person: PageLintingClient, new_browser: Browser, when: str
) -> None:
    _, _, link = open_case(agent)
    name, thief = agent.application.config["SESSION_COOKIE_NAME"], new_browser()
    person.get("/join")
    copied = person.get_cookie(name)
    post(person, link, page=link)
    if when == "confirming":
        copied = person.get_cookie(name)
    assert agree(person).status_code == 303
    assert copied is not None
    thief.set_cookie(name, copied.value)
    assert thief.get(link).status_code == 410
    assert post(thief, link).status_code == 410
    thief.post("/join/confirm", data={"csrf_token": token_of_page(thief.get("/").text)})
    assert "helper-band" not in thief.get("/").text
    assert person.get("/join/stored").text.count("Vera")


def test_who_agrees_by_two_presses_is_in(agent: PageLintingClient, person: PageLintingClient) -> None:
    _, _, link = open_case(agent)
    post(person, link, page=link)
    page, name = person.get("/join/confirm"), agent.application.config["SESSION_COOKIE_NAME"]
    before = person.get_cookie(name)
    assert before is not None
    for _ in range(2):  # the second is on its way before the first is answered
        person.set_cookie(name, before.value)
        assert person.submit(page, form=AGREE).status_code == 303
    assert "helper-band" in person.get("/").text


def test_the_page_that_asks_leads_not_to_itself(agent: PageLintingClient, person: PageLintingClient) -> None:
    _, _, link = open_case(agent)
    post(person, link, page=link)
    for path, leads in (("/?lang=de", True), ("/join/confirm", False)):
        page = person.get(path).text
        asked = re.search(r'data-poll="(/join/banner[^"]*)"', page)
        assert asked is not None
        for shown in (page, fragment(person, asked[1]).text):  # also once the banner is asked for anew
            assert ("Ansehen und entscheiden" in shown) == leads, path
    assert '<span class="nowrap">a…a@gmx.de</span>' in page


def test_link_and_code_are_each_others_end(agent: PageLintingClient, new_browser: Browser) -> None:
    _, code, link = open_case(agent)
    assert post(new_browser(), "/join", {"code": code}).status_code == 303
    assert new_browser().get(link).status_code == 410
    assert post(new_browser(), "/join", {"code": code}).status_code == 422


def test_an_expired_code_is_refused_and_a_new_one_works(
    config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    reference, code, _ = open_case(agent)
    with db.begin(config) as session:
        session.query(Case).update({"code_expires_at": datetime.now(UTC) - timedelta(seconds=1)})
    assert post(new_browser(), "/join", {"code": code}).status_code == 422
    post(agent, f"/helpdesk/cases/{reference}/invitation", page="/helpdesk")
    fresh = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', agent.get(f"/helpdesk/cases/{reference}").text)
    assert fresh
    assert post(new_browser(), "/join", {"code": fresh[1]}).status_code == 303


def test_a_stuck_person_reads_a_code_to_the_agent(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    assert post(person, "/join/help", page="/").headers["Location"] == "/join/wait"
    page = person.get("/join/wait").text
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', page)
    assert code
    reply = post(agent, "/helpdesk/code", {"code": code[1]}, page="/helpdesk")
    reference = reply.headers["Location"].rpartition("/")[2]
    assert person.get("/join/wait").headers["Location"] == "/join/confirm"
    assert agree(person).status_code == 303
    row = case_row(config, reference)
    assert row is not None
    assert row.state == "joined"


def test_the_queue_shows_who_waits_and_one_agent_gets_them(
    agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    post(person, "/join/help", page="/")
    reference = re.search(r"/helpdesk/queue/(\w+)", agent.get("/helpdesk").text)
    assert reference
    assert post(agent, f"/helpdesk/queue/{reference[1]}", page="/helpdesk").headers["Location"].endswith(reference[1])
    assert post(other_agent, f"/helpdesk/queue/{reference[1]}", page="/helpdesk").headers["Location"] == "/helpdesk"
    assert "/helpdesk/queue/" not in other_agent.get("/helpdesk").text


def test_who_says_no_is_not_seen(config: Config, agent: PageLintingClient, person: PageLintingClient) -> None:
    reference, code, _ = open_case(agent)
    post(person, "/join", {"code": code})
    post(person, "/join/end", page="/join/confirm")
    person.get("/")
    row = case_row(config, reference)
    assert row is not None
    assert row.state == "ended"
    assert row.person_hash is None
    with db.read(config) as session:
        assert {event.kind for event in session.scalars(select(CaseEvent))} == {"case"}


def test_ending_the_help_stops_the_view_at_once(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    _, code, _ = open_case(agent)
    join(person, code)
    person.get("/")
    post(person, "/join/end", page="/join/stored")
    with db.read(config) as session:
        before = len(list(session.scalars(select(CaseEvent))))
    answer(person, "address", email_address=ADDRESS)
    with db.read(config) as session:
        assert len(list(session.scalars(select(CaseEvent)))) == before
    assert "helper-band" not in person.get("/").text


def test_prepared_answers_save_pages_and_are_shown_before(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    sent = {"email_address": ADDRESS, "program": "apple-mail:mac"}
    assert post(agent, f"/helpdesk/cases/{reference}/prefill", sent, page="/helpdesk").status_code == 303
    row = case_row(config, reference)
    assert row is not None
    assert row.prefill is not None
    assert b"beispiel" not in row.prefill
    page = post(person, "/join", {"code": code})
    assert "a…l@gmx.de" in person.get(page.headers["Location"]).text
    onward = person.submit(person.get("/join/confirm"), form=AGREE).headers["Location"]
    assert onward == "/setup/preparation"
    row = case_row(config, reference)
    assert row is not None
    assert row.prefill is None


def test_nobody_agrees_to_what_was_changed_behind_the_page(
    config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    post(person, "/join", {"code": code})
    page = person.get("/join/confirm")
    sent = {"email_address": "someone.else@gmx.de", "program": "outlook"}
    assert post(agent, f"/helpdesk/cases/{reference}/prefill", sent, page="/helpdesk").status_code == 303
    answered = person.submit(page, form=AGREE)
    assert answered.status_code == 409
    assert "s…e@gmx.de" in answered.text
    assert "Sehen Sie noch einmal hin." in answered.text
    row = case_row(config, reference)
    assert row is not None
    assert row.state == "confirming"
    assert person.submit(answered, form=AGREE).status_code == 303
    assert 'value="outlook:windows" checked' in person.get("/setup/program?again=1").text


def test_nobody_agrees_to_an_agent_whom_the_page_does_not_name(
    agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    post(person, "/join", {"code": code})
    page = person.get("/join/confirm")
    assert "Vera" in page.text
    assert post(other_agent, f"/helpdesk/cases/{reference}/take", page="/helpdesk").status_code == 303
    answered = person.submit(page, form=AGREE)
    assert (answered.status_code, "Viktor" in answered.text) == (409, True)
    assert person.submit(answered, form=AGREE).status_code == 303


def test_what_was_saved_again_as_it_was_is_still_what_the_person_has_seen(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    path, sent = f"/helpdesk/cases/{reference}/prefill", {"email_address": ADDRESS, "program": "outlook"}
    post(agent, path, sent, page="/helpdesk")
    post(person, "/join", {"code": code})
    page = person.get("/join/confirm")
    assert post(agent, path, sent, page="/helpdesk").status_code == 303
    assert person.submit(page, form=AGREE).status_code == 303


def test_who_comes_after_somebody_inherits_nothing(
    config: Config, agent: PageLintingClient, person: PageLintingClient, new_browser: Browser
) -> None:
    reference, code, _ = open_case(agent)
    answer(person, "address", email_address="anna.geheim@gmx.de")
    join(person, code)
    post(person, "/join/address", {"whole": "yes"}, page="/join/stored")
    path = f"/helpdesk/cases/{reference}"
    assert "anna.geheim@gmx.de" in agent.get(path).text
    assert post(agent, f"{path}/note", {"text": "Ruft wieder an."}, page=path).status_code == 303
    post(person, "/join/end", page="/join/stored")
    assert "anna.geheim" not in agent.get(path).text
    post(agent, f"{path}/invitation", page=path)
    row = case_row(config, reference)
    assert row is not None
    assert row.joined_at is None  # the report must not say that somebody was connected
    link = re.search(r"/join/link/[\w-]+", agent.get(path).text)
    assert link
    next_person = new_browser()
    answer(next_person, "address", email_address="bernd.privat@gmx.de")
    post(next_person, link[0], page=link[0])
    agree(next_person)
    page = agent.get(path).text
    assert "b…t@gmx.de" in page
    assert "bernd.privat" not in page
    assert "Ruft wieder an." in page
    assert "a…m@gmx.de" not in next_person.get("/join/stored").text
    with db.read(config) as session:
        words = [event.details.get("what") for event in session.scalars(select(CaseEvent)) if event.kind == "case"]
    assert words == ["joined"]


def test_nothing_is_offered_where_nobody_helps(client: PageLintingClient) -> None:
    assert "/join/help" not in client.get("/").text


@pytest.mark.parametrize("path", ["/join/confirm", "/join/wait", "/join/stored", "/join/ended"])
def test_the_persons_pages_are_harmless_without_a_case(client: PageLintingClient, path: str) -> None:
    assert client.get(path).status_code in (200, 303)


def test_a_stranger_changes_nothing_with_the_persons_buttons(helpdesk: object, person: PageLintingClient) -> None:
    for path in ("/join/confirm", "/join/end", "/join/delete", "/join/address"):
        assert post(person, path).status_code == 303
