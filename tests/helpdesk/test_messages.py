"""The agent's field for what stands on the person's screen."""

from __future__ import annotations

from tests.helpdesk.conftest import open_case
from tests.support.client import PageLintingClient
from tests.support.told import CATALOGUE
from webapp.core.text import translations_for

GERMAN = translations_for("de")


def test_the_sentence_to_say_stands_beside_the_cause(agent: PageLintingClient) -> None:
    page = agent.get("/helpdesk/messages?q=0x800CCC92&lang=de").text
    cause = CATALOGUE["login-refused"]
    assert cause.title.translated(GERMAN) in page
    assert cause.say.translated(GERMAN) in page
    assert cause.ask.translated(GERMAN) in page
    assert "Das bedeutet meistens" in page


def test_an_unknown_message_leads_to_three_questions(agent: PageLintingClient) -> None:
    page = agent.get("/helpdesk/messages?q=xyzzy&lang=de").text
    assert "Diese Meldung kennen wir noch nicht" in page
    assert 'href="/help?q=xyzzy"' in page


def test_without_a_message_there_is_only_the_field(agent: PageLintingClient) -> None:
    page = agent.get("/helpdesk/messages?lang=de").text
    assert 'name="q"' in page
    assert "Diese Meldung" not in page


def test_what_is_pasted_keeps_its_lines_goes_into_no_address_and_shows_no_password(agent: PageLintingClient) -> None:
    log = "> AUTH PLAIN\n< +\n> AGFubmEAZ2VoZWlt\n< -ERR [IN-USE] no"
    page = agent.submit(agent.get("/helpdesk/messages?lang=de"), {"q": log}, form="Ursache finden")
    assert CATALOGUE["mailbox-in-use"].title.translated(GERMAN) in page.text
    assert "AGFubmEA" not in page.text
    assert "AGFubmEA" not in page.request.url
    other = agent.submit(page, form="en")
    assert CATALOGUE["mailbox-in-use"].title.translated(translations_for("en")) in other.text


def test_who_asked_in_a_case_finds_back_to_it(agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    assert f'name="case" value="{reference}"' in agent.get(f"/helpdesk/cases/{reference}").text
    asked = agent.get(f"/helpdesk/messages?q=xyzzy&case={reference}&lang=de").text
    assert f'href="/helpdesk/cases/{reference}"' in asked
    assert f'name="case" value="{reference}"' in asked, "the next question knows it, too"
    assert "Zurück zum Fall" not in agent.get("/helpdesk/messages?q=xyzzy").text
