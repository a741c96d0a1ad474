"""Where the person is, what the agent says there, and hints that lead there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.connection_tests.conftest import PLAIN_ANSWERS
from tests.helpdesk.conftest import agree, answer, fragment, join, open_case, post, queue_run
from tests.project.test_translations import msgids_in_the_source
from tests.support.client import PageLintingClient, parse, text_of
from webapp.core.diagnosis import CATALOGUE
from webapp.core.diagnosis.messages import MESSAGES
from webapp.core.text import translations_for
from webapp.helpdesk import places
from webapp.helpdesk.saying import AT_A_PHONE
from webapp.helpdesk.vocabulary import STEP_SENTENCES
from webapp.infrastructure import db, events
from webapp.infrastructure.config import Config, site_provider
from webapp.infrastructure.models import CaseEvent

ADDRESS = "anna.beispiel@gmx.de"
TYPED = "canary typed 4711"
SENTENCES = [
    *STEP_SENTENCES.values(),
    AT_A_PHONE,
    *(sentence for pair in places.SENTENCES.values() for sentence in pair),
]


@pytest.fixture
def case(agent: PageLintingClient, person: PageLintingClient) -> str:
    """A joined case; gives its reference."""
    reference, code, _ = open_case(agent)
    join(person, code)
    return reference


def seen(agent: PageLintingClient, reference: str) -> str:
    return text_of(parse(agent.get(f"/helpdesk/cases/{reference}").text).find("body")).replace("\u2011", "-")


def form_of(page: Any, action: str) -> int:
    actions = [form.get("action", "") for form in parse(page.text).iter("form")]
    return next(number for number, where in enumerate(actions) if where.startswith(action))


def test_the_word_on_the_screen_is_the_word_that_is_said() -> None:
    """Every word in quotation marks is the label of something, in both languages."""
    labels, german = msgids_in_the_source(), translations_for("de")
    for sentence in SENTENCES:
        said = re.findall("“([^”]+)”", sentence)
        assert set(said) <= labels, sentence
        assert re.findall("„([^“]+)“", german.gettext(sentence)) == [german.gettext(word) for word in said], sentence


def test_every_place_is_a_page_that_there_is(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert places.ENDPOINTS.keys() <= endpoints


def test_a_mistake_in_a_field_is_told_by_its_kind_and_never_as_it_was_typed(
    config: Config, agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    for typed in (TYPED, "anna", "a@b@gmx.de"):
        page = person.get("/")
        person.submit(page, {"email_address": typed}, form=form_of(page, "/setup/address"))
    person.get("/?again=1")
    shown = seen(agent, case)
    assert "Am Feld steht eine Meldung: „Die E-Mail-Adresse enthält mehr als ein @." in shown
    with db.read(config) as session:
        kept = [event.details for event in session.scalars(select(CaseEvent)) if event.kind == "mistake"]
    assert [words["mistake"] for words in kept] == ["space", "no-at", "two-at"]
    assert TYPED not in str(kept)


def test_a_page_that_stops_the_person_and_a_page_of_help_are_told(
    agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    answer(person, "address", email_address="anna@gmxx.de")
    person.get("/setup/address")
    assert "Die Person sieht: Frage, ob die Adresse einen Tippfehler hat" in seen(agent, case)
    person.get("/help/login-refused")
    assert "Die Person sieht: Hilfe: " in seen(agent, case)
    person.get("/privacy")
    assert "Die Person sieht: Datenschutz, Impressum oder Barrierefreiheit" in seen(agent, case)


def test_a_message_that_was_looked_up_gives_the_cause_and_not_what_was_typed(
    app: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    message = next(message for message in MESSAGES if message.program == "thunderbird" and message.diagnoses)
    typed = {"q": f"{message.text('de')} {TYPED}", "program": "thunderbird"}
    person.get(person.submit(person.get("/help?lang=de"), typed, form="Ursache finden").location)
    shown = seen(agent, case)
    assert "Die Person sieht: Hilfe bei Meldungen" in shown
    with app.app_context():
        cause = CATALOGUE[message.diagnoses[0]].for_provider(site_provider())
    assert cause.say.translated(translations_for("de")) in shown
    with db.read(config) as session:
        kept = [event.details for event in session.scalars(select(CaseEvent))]
    assert TYPED not in str(kept)


def test_what_the_person_says_of_the_program_is_told(
    agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    with person.session_transaction() as session:
        session["answers"] = PLAIN_ANSWERS
    person.get("/help/not-working")
    assert "sagt: es geht nicht" in seen(agent, case)
    person.get("/done")
    assert "sagt: es geht " in seen(agent, case) + " "
    assert "sagt: es geht nicht" not in seen(agent, case)


def test_the_agent_sees_the_drawing_that_the_person_sees_with_the_button_ringed(
    agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="outlook:windows")
    person.get("/setup/preparation")
    page = agent.get(f"/helpdesk/cases/{case}").text
    assert '<figure class="guide-picture drawing">' in page
    assert "Dann drücken Sie „Erledigt, weiter“." in page
    answer(person, "preparation")
    person.get("/guide/mail")
    page = agent.get(f"/helpdesk/cases/{case}").text
    assert '<figure class="guide-picture' in page
    assert "Sehen Sie das?" in page
    assert ADDRESS not in page


def test_a_hint_leads_to_its_field_and_is_signed_by_who_gave_it(
    agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    where = f"/helpdesk/cases/{case}"
    post(agent, f"{where}/hint", {"hint": "open-step", "step": "address"}, page=where)
    band = fragment(person, "/join/banner").text
    assert re.search(r'Vera:</span>\s*<a href="/\?again=1#email_address"[^>]*>Gehen Sie zu', band)
    post(other_agent, f"{where}/take", page="/helpdesk")
    agree(person)
    assert "Vera:</span>" in fragment(person, "/join/banner").text
    post(other_agent, f"{where}/hint", {"hint": "wait"}, page=where)
    band = fragment(person, "/join/banner").text
    assert re.search(r"Viktor:</span>\s*Warten Sie einen Moment", band)


def test_a_hint_to_a_page_names_the_page(app: Flask) -> None:
    from webapp.helpdesk import person as banner
    from webapp.helpdesk.vocabulary import HINT_PAGES, HINT_STEPS

    with app.test_request_context("/"):
        urls: list[Any] = [banner._hint_url(name, None) for name in (*HINT_PAGES, *HINT_STEPS)]
        assert all(url.startswith("/") and url.endswith("#main") for url in urls), urls


def test_at_a_phone_the_agent_speaks_of_the_address_that_stands_there(
    agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="apple-mail:iphone")
    person.get("/setup/preparation")
    shown = seen(agent, case)
    assert "Tippen Sie sie an einem Computer ein" in shown
    assert "Kein Computer da?" in shown


def test_who_is_shown_a_way_on_hears_of_it_until_they_go(
    agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    where = f"/helpdesk/cases/{case}"
    person.get("/?again=1")
    post(agent, f"{where}/hint", {"hint": "message"}, page=where)
    assert "Oben auf Ihrer Seite steht ein Satz von mir." in seen(agent, case)
    person.get("/help")
    assert "Oben auf Ihrer Seite" not in seen(agent, case)


def refuse(app: Flask, person: PageLintingClient) -> None:
    """Let a login of the person be refused."""
    queue_run(app, person, "a-refused-login")
    told = {"run": "a-refused-login", "protocol": "pop3", "stage": "authenticate", "status": "failed"}
    events.test_progressed.send(app, **told, state="running", failure="authentication_failed", diagnosis=())
    events.test_progressed.send(app, run="a-refused-login", state="failed", diagnosis=("login-refused",))


def refuse_in_outlook(app: Flask, person: PageLintingClient) -> None:
    """Let the person answer up to the guide of Outlook, and a login of theirs be refused."""
    answer(person, "address", email_address=ADDRESS)
    answer(person, "program", program="outlook:windows")
    answer(person, "preparation")
    refuse(app, person)


def test_a_refused_login_stands_until_one_passes(
    app: Flask, agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    refuse(app, person)
    cause = "GMX hat die Anmeldung abgelehnt"
    queue_run(app, person, "a-check")
    events.test_progressed.send(
        app, run="a-check", protocol="pop3", stage="capa", status="passed", state="running", failure=None
    )
    assert "Noch nicht gelöst" in seen(agent, case)
    events.test_progressed.send(app, run="a-check", state="passed", diagnosis=())
    shown = seen(agent, case)
    assert cause in shown
    assert "Die Prüfung ohne Passwort ist in Ordnung" in shown
    assert "Zurück zur Anleitung" not in shown
    assert "Die Prüfung ohne Passwort ist in Ordnung" in text_of(
        parse(agent.get(f"/helpdesk/cases/{case}/report").text).find("body")
    )
    assert "Die Prüfung ist in Ordnung" not in shown  # the log beside it says what no password was tried for
    queue_run(app, person, "a-login")
    login = {"protocol": "pop3", "stage": "authenticate", "status": "passed", "failure": None, "state": "running"}
    events.test_progressed.send(app, run="a-login", **login)
    events.test_progressed.send(app, run="a-login", state="passed", diagnosis=())
    assert "Noch nicht gelöst" not in seen(agent, case)
    assert "Zurück zur Anleitung" in seen(agent, case)


def test_the_cause_stays_at_hand_when_the_person_goes_on(
    app: Flask, agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    refuse_in_outlook(app, person)
    assert "Haben Sie den Schalter bei GMX gedrückt und gespeichert?" in seen(agent, case)
    person.get("/guide/mail")
    assert re.search(r"Noch nicht gelöst, [\d:]+: GMX hat die Anmeldung abgelehnt", seen(agent, case))


def test_a_cause_that_the_agent_has_settled_is_put_away(
    app: Flask, agent: PageLintingClient, person: PageLintingClient, case: str
) -> None:
    refuse_in_outlook(app, person)
    person.get("/guide/mail")
    assert "Noch nicht gelöst" in seen(agent, case)
    desk = "GMX hat die Anmeldung abgelehnt"
    assert desk in fragment(agent, "/helpdesk/queue").text
    for _ in range(2):  # the second one finds none
        post(agent, f"/helpdesk/cases/{case}/settle", page="/helpdesk")
    assert "Noch nicht gelöst" not in seen(agent, case)
    assert seen(agent, case).count("Was die Prüfung fand, gilt als erledigt") == 1
    assert desk not in fragment(agent, "/helpdesk/queue").text
