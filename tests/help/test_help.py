"""The help pages: a search that leads somewhere, and a page for every cause, in both languages."""

from __future__ import annotations

import pytest

from tests.support.client import PageLintingClient, parse
from webapp.diagnosis import CATALOGUE
from webapp.diagnosis.programs import MESSAGES
from webapp.diagnosis.programs.matching import QUERY_MAX
from webapp.help import SHOWN_AT_ONCE
from webapp.text import translations_for


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


def test_the_start_lists_every_message(client: PageLintingClient) -> None:
    text = "".join(parse(client.get("/help?lang=de").text).itertext())
    for message in MESSAGES:
        assert message.text("de") in text


def test_a_search_leads_to_the_cause(client: PageLintingClient) -> None:
    page = client.get("/help?q=0x800ccc92").text
    assert "1 Meldung passt" in page
    assert page.index("Das bedeutet meistens") < page.index('href="/help/login-refused"')


def test_a_search_without_result_shows_a_way_on(client: PageLintingClient) -> None:
    page = client.get("/help?q=xyzzy").text
    assert "Diese Meldung kennen wir noch nicht" in page
    assert 'href="/help/port-blocked"' in page
    assert "Was Ihnen auffällt" in page


def test_the_check_is_offered_to_whoever_has_answered_the_questions(client: PageLintingClient) -> None:
    """Anybody else would land at the first question without knowing why."""
    for path in ("/help", "/help/login-refused"):
        assert 'href="/connection-tests"' not in client.get(path).text
    with client.session_transaction() as session:
        session["answers"] = {
            "address": {"email_address": "anna@gmx.de", "name": "", "providers": ["gmx.net"], "certainty": "certain"},
            "program": {"client": "thunderbird"},
            "devices": {"devices": "one"},
            "retention": {"keep": "forever"},
            "preparation": {"done": ["pop3"], "two_factor": "no"},
            "review": {},
        }
    for path in ("/help", "/help/login-refused"):
        assert 'href="/connection-tests"' in client.get(path).text


def test_of_many_results_the_best_are_shown_and_the_others_folded(client: PageLintingClient) -> None:
    page = client.get("/help?q=passwort").text
    shown, folded = page.split("weitere Meldungen")
    assert shown.count('<section class="card">') == SHOWN_AT_ONCE
    assert folded.count('<section class="card">') > 1


def test_what_people_notice_stands_first_and_open(client: PageLintingClient) -> None:
    page = client.get("/help").text
    assert page.count("<details open") == 1
    assert page.index("<details open") < page.index("Was Ihnen auffällt") < page.index("E-Mails verschwinden bei GMX")


def test_what_was_typed_is_shown_again_as_text(client: PageLintingClient) -> None:
    page = client.get("/help", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_chosen_program_is_chosen_again_and_opened(client: PageLintingClient) -> None:
    page = client.get("/help?program=thunderbird").text
    assert '<option value="thunderbird" selected' in page
    assert page.count("<details open") == 1


def test_a_program_there_is_not_means_all(client: PageLintingClient) -> None:
    page = client.get("/help?program=nonsense&q=Passwort").text
    assert '<option value="all" selected' in page


def test_a_query_longer_than_a_message_is_cut(client: PageLintingClient) -> None:
    page = client.get("/help", query_string={"q": "a" * 5000}).text
    assert f'value="{"a" * QUERY_MAX}"' in page


def test_the_wizard_s_answer_chooses_program_and_servers(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session["answers"] = {"platform": {"provider": "gmx.com"}, "program": {"client": "outlook"}}
    assert '<option value="outlook" selected' in client.get("/help").text
    assert "pop.gmx.com" in client.get("/help/certificate-wrong-host").text


def test_help_is_not_indexed(client: PageLintingClient) -> None:
    for path in ("/help", "/help/login-refused"):
        assert "noindex" in client.get(path).headers["X-Robots-Tag"]
