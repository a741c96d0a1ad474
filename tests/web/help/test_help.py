"""The help pages: a search that leads somewhere, and a page for every cause, in both languages."""

from __future__ import annotations

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.support.told import CATALOGUE
from tests.web.wizard.walk import PLAIN, walk
from webapp.core.diagnosis.in_guides import STEPS
from webapp.core.diagnosis.messages import MESSAGES, looking
from webapp.core.diagnosis.messages.vocabulary import COMMAND_LINE
from webapp.core.guides import SOURCES
from webapp.core.providers import load as load_providers
from webapp.core.text import translations_for
from webapp.infrastructure import events
from webapp.web.help import QUERY_MAX
from webapp.web.help.looked_up import step_for


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_cause_has_its_page(client: PageLintingClient, name: str, locale: str) -> None:
    page = client.get(f"/help/{name}?lang={locale}")
    assert page.status_code == 200
    text = "".join(parse(page.text).itertext())
    for message in (CATALOGUE[name].title, CATALOGUE[name].why, *CATALOGUE[name].advice):
        assert message.translated(translations_for(locale)) in text


def test_the_page_of_a_cause_leads_on(client: PageLintingClient) -> None:
    page = client.get("/help/login-refused").text
    assert 'href="https://hilfe.gmx.net/pop-imap/einschalten.html"' in page
    assert 'href="/settings/gmx.net"' in page
    assert 'href="/help"' in page
    assert "0x800CCC92" in page


def test_an_unknown_cause_is_no_page(client: PageLintingClient) -> None:
    assert client.get("/help/no-such-cause").status_code == 404


def test_without_a_question_it_offers_what_people_notice_and_three_questions(client: PageLintingClient) -> None:
    page = client.get("/help?lang=de").text
    assert "Oder was fällt Ihnen auf?" in page
    assert 'href="/help/login-refused"' in page
    assert all(f'name="{name}"' in page for name in looking.QUESTIONS)
    assert "Set-Cookie" not in client.get("/help").headers


def test_the_answer_is_there_at_once_with_its_steps(client: PageLintingClient) -> None:
    page = client.get("/help?q=0x800ccc92&lang=de").text
    shown, folded = page.split("Wenn es das nicht ist")
    assert "Das bedeutet meistens" in shown
    for step in CATALOGUE["login-refused"].advice:
        assert step.translated(translations_for("de"))[:30] in "".join(parse(shown).itertext())
    assert folded.count("<details>") >= 1


def test_the_answer_shows_the_step_with_its_drawing_beside_it(client: PageLintingClient) -> None:
    """For who is not known what is done at the provider; for who chose a program its own step."""
    page = client.get("/help?q=Anmeldung+fehlgeschlagen&lang=de").text
    shown, folded = page.split("Wenn es das nicht ist")
    assert "Auf der Website von GMX" in shown
    assert "<svg" in shown
    assert "POP3- und IMAP-Zugriff erlauben" in shown
    assert 'class="in-guide"' not in folded
    for page in (shown, client.get("/help/login-refused?lang=de").text):
        first, second = parse(page).findall(".//ol[@class='steps']/li")[:2]
        assert "POP3 eingeschaltet" in text_of(first)
        assert first.find(".//figure") is not None, "it stands at the step that it shows"
        assert second.find(".//figure") is None
        assert page.count('class="in-guide"') == 1
    page = client.get("/help/encryption-mismatch?program=fairemail&lang=de").text
    assert "Im Programm: FairEmail" in page
    assert 'href="/guide/receiving?client=fairemail"' in page


def test_who_has_answered_the_questions_is_led_to_the_step_of_their_own_guide(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    page = client.get("/help/old-password-saved?lang=de").text
    assert 'href="/guide/password"' in page
    assert "Im Programm: Thunderbird" in page
    assert 'href="/setup/preparation?again=1"' in client.get("/help/login-refused").text


def test_a_program_with_a_guide_shows_a_step_for_most_causes(client: PageLintingClient) -> None:
    provider = load_providers()["gmx.net"]
    with client.application.test_request_context():
        for program in ("", *SOURCES):
            shown = {cause for cause in STEPS if step_for(cause, program, provider)}
            assert shown >= {"login-refused", "mailbox-inactive", "app-password-needed"}
            assert program in ("", *COMMAND_LINE) or len(shown) >= 5


def test_weak_evidence_says_could_and_asks(client: PageLintingClient) -> None:
    page = client.get("/help?q=Verbindung+Server+Zeit&lang=de").text
    assert "Das könnte es sein" in page
    assert "Das bedeutet meistens" not in page


def test_a_program_that_keeps_the_servers_words_to_itself_is_asked_for_them(client: PageLintingClient) -> None:
    page = client.get("/help?q=curl:+(67)+Login+denied&lang=de").text
    assert "Das könnte es sein" in page
    assert "curl sagt mehr, wenn Sie es mit „-v“ starten" in page
    assert 'href="/help/log"' in page.split("sagt mehr")[1].split("</p>")[0]
    assert "sagt mehr" not in client.get("/help?q=535+Authentication+credentials+invalid&lang=de").text


def test_where_no_cause_is_sure_three_questions_lead_on(client: PageLintingClient) -> None:
    page = client.get("/help?q=geht+nicht&lang=de").text
    assert "Das könnte es sein" in page
    assert "Drei Fragen führen weiter" in page
    assert "Drei Fragen" not in client.get("/help?q=0x800ccc92&lang=de").text


def test_a_password_in_a_pasted_log_is_not_shown_back(client: PageLintingClient) -> None:
    log = "> USER anna\n< +OK\n> PASS kuckuck-4711\n< -ERR [IN-USE] no"
    answer = client.submit(client.get("/help/log?lang=de"), {"q": log}, form="Ursache finden")
    page = client.get(answer.location)
    assert "Das bedeutet meistens" in page.text
    assert "kuckuck" not in page.text + answer.location


def test_what_is_typed_comes_into_no_address_and_the_answer_stays_in_another_language(
    client: PageLintingClient,
) -> None:
    typed = {"q": "geheim4711 0x800ccc92", "program": "outlook"}
    answer = client.submit(client.get("/help?lang=de"), typed, form="Ursache finden")
    assert answer.status_code == 303
    assert "geheim4711" not in answer.location
    shown = client.get(answer.location).text
    assert "geheim4711" not in shown
    assert '<option value="outlook" selected' in shown
    title = CATALOGUE["login-refused"].title
    assert title.translated(translations_for("de")) in shown
    other = next(a.get("href", "") for a in parse(shown).iter("a") if a.get("hreflang") == "en")
    assert title.translated(translations_for("en")) in client.get(other).text
    nothing = client.submit(client.get("/help?lang=de"), {"q": "xyzzy", "program": "outlook"}, form="Ursache finden")
    assert "Diese Meldung kennen wir noch nicht" in nothing.text
    assert 'name="q" value="xyzzy" autocomplete="off"' in nothing.text, "to be changed"
    again = client.submit(nothing, form="English").text
    assert "We do not know this message yet" in again
    assert 'name="q" value="xyzzy" autocomplete="off"' in again
    assert '<option value="outlook" selected' in again
    assert (
        "Oder was fällt Ihnen auf?"
        in client.get(client.submit(client.get("/help?lang=de"), {"q": " "}, form="Ursache finden").location).text
    )


def test_an_address_with_messages_that_there_are_not_says_that_none_is_known(client: PageLintingClient) -> None:
    assert "Diese Meldung kennen wir noch nicht" in client.get("/help?found=zz.0&sure=1&lang=de").text


def test_where_nothing_is_found_three_questions_lead_on(client: PageLintingClient) -> None:
    page = client.get("/help?q=xyzzy&lang=de").text
    assert "Diese Meldung kennen wir noch nicht" in page
    assert "Was klappt nicht?" in page
    led = client.get("/help?direction=receiving&shows=nothing&before=yes&lang=de").text
    assert "Das könnte es sein" in led
    assert CATALOGUE["not-online"].title.translated(translations_for("de")) in led


def test_a_whole_log_is_read_from_its_end(client: PageLintingClient) -> None:
    log = "line of no interest\n" * 2000 + "fetchmail: Query status=3 (AUTHFAIL)\n"
    page = client.get(client.submit(client.get("/help/log?lang=de"), {"q": log}, form="Ursache finden").location).text
    assert CATALOGUE["login-refused"].title.translated(translations_for("de")) in page
    assert "line of no interest" not in page


@pytest.mark.parametrize(("said", "outcome"), [("yes", "helped"), ("no", "not-helped")])
def test_whether_it_helped_is_counted_and_leads_on(client: PageLintingClient, said: str, outcome: str) -> None:
    heard: list[dict[str, str]] = []

    def hear(_app: object, **values: str) -> None:
        heard.append(values)

    events.help_answered.connect(hear)
    secret = "geheim4711"
    page = client.get(f"/help?q=Passwort+falsch+{secret}&program=outlook&lang=de")
    answer = client.submit(page, form="Ja" if said == "yes" else "Nein")
    assert answer.status_code == 303
    assert client.get(answer.headers["Location"]).status_code == 200
    assert [values["outcome"] for values in heard] == ["maybe", outcome]
    assert heard[1]["message"] == heard[0]["message"]
    assert heard[0]["message"] in {message.text("en") for message in MESSAGES}
    assert secret not in repr(heard)


@pytest.mark.parametrize("number", ["", "-1", "99999", "x", "²", "9" * 5000])
def test_a_number_of_no_message_is_counted_without_one(client: PageLintingClient, number: str) -> None:
    page = client.get("/help?q=Passwort+falsch&lang=de")
    assert client.submit(page, {"message": number}, form="Nein").status_code == 303


def test_the_check_is_offered_to_whoever_has_answered_the_questions(client: PageLintingClient) -> None:
    """Anybody else would land at the first question without knowing why."""
    for path in ("/help", "/help/login-refused"):
        assert 'href="/connection-tests"' not in client.get(path).text
    with client.session_transaction() as session:
        session["answers"] = {
            "address": {"email_address": "anna@gmx.de", "providers": ["gmx.net"], "certainty": "certain"},
            "program": {"client": "thunderbird"},
            "preparation": {"two_factor": "no"},
        }
    for path in ("/help", "/help/login-refused"):
        assert 'href="/connection-tests"' in client.get(path).text


def test_what_was_typed_is_shown_again_as_text(client: PageLintingClient) -> None:
    page = client.get("/help", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_chosen_program_is_chosen_again(client: PageLintingClient) -> None:
    assert '<option value="thunderbird" selected' in client.get("/help?program=thunderbird").text


def test_a_program_there_is_not_means_all(client: PageLintingClient) -> None:
    page = client.get("/help?program=nonsense&q=Passwort").text
    assert " selected" not in page


def test_a_query_longer_than_a_message_is_cut(client: PageLintingClient) -> None:
    page = client.get("/help", query_string={"q": "a" * 5000}).text
    assert f'value="{"a" * QUERY_MAX}"' in page


def test_the_wizard_s_answer_chooses_program_and_servers(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session["answers"] = {"platform": {"provider": "gmx.com"}, "program": {"client": "outlook"}}
    assert '<option value="outlook" selected' in client.get("/help").text
    assert "pop.gmx.com" in client.get("/help/certificate-wrong-host").text


@pytest.mark.parametrize(
    ("page", "link", "heading"),
    [
        ("/guide/try", "Nein, es klappt nicht", "Es klappt noch nicht: Was sehen Sie?"),
        ("/", "GMX läuft schon in meinem Programm", "Anleitungen, wenn GMX schon läuft"),
        ("/help/not-working", "Mein Passwort wird nicht angenommen", "Verbindung prüfen"),
        ("/help/not-working", "Verbindung prüfen", "Verbindung prüfen"),
    ],
)
def test_a_link_and_the_heading_that_it_leads_to_belong_together(
    client: PageLintingClient, page: str, link: str, heading: str
) -> None:
    walk(client, *PLAIN)
    href = next(a.get("href", "") for a in parse(client.get(page).text).iter("a") if text_of(a) == link)
    shown = parse(client.get(href).text)
    assert text_of(shown.find(".//h1")) == heading
    _, _, part = href.partition("#")
    if part:  # the heading that answers stands there
        section = next(element for element in shown.iter("section") if element.get("id") == part)
        assert text_of(section.find("h2")) == "Klappt die Anmeldung?"


@pytest.mark.parametrize("locale", ["de", "en"])
def test_who_says_that_it_does_not_work_is_led_on_from_what_they_see(client: PageLintingClient, locale: str) -> None:
    page = client.get(f"/help/not-working?lang={locale}")
    for words in (
        ("Es passiert nichts", "Ich komme nicht weiter") if locale == "de" else ("Nothing happens", "I am stuck")
    ):
        assert words in page.text
    assert 'href="/connection-tests"' not in page.text
    walk(client, *PLAIN)
    page = client.get("/help/not-working")
    for link in (
        "/help?program=thunderbird",
        "/connection-tests#login",
        "/setup/preparation?again=1",
        "/setup/program?again=1",
    ):
        assert f'href="{link}"' in page.text


def test_a_pasted_log_comes_back_with_its_words_apart(client: PageLintingClient) -> None:
    page = client.submit(client.get("/help/log?lang=de"), {"q": "xyzzy\nplugh"}, form="Ursache finden").text
    assert 'value="xyzzy plugh"' in page
