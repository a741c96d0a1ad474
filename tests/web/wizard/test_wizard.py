"""The way to the guide: every page and state of the questions, fetched with the client that looks each one over."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.client import PageLintingClient, parse, text_of
from tests.support.fixed_providers import replace_providers
from tests.web.wizard.walk import GUIDE, PLAIN, answer, follow, refused, url_of, walk
from webapp.core import clients
from webapp.core.clients import CLIENTS, Client
from webapp.core.clients.guides import BY_HAND
from webapp.core.systems import SYSTEMS
from webapp.infrastructure.config import current_providers
from webapp.web.wizard import programs
from webapp.web.wizard.answers import SESSION_KEY

OPTIONS = [option for _, options in programs.groups() for option in options if not option.client.ended]
WINDOWS = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0"}
IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"}
MAC = {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15"}
SAMSUNG = {"User-Agent": "Mozilla/5.0 (Linux; Android 15; SM-S921B) Chrome/130.0 Mobile Safari/537.36"}
PIXEL = {"User-Agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/130.0 Mobile Safari/537.36"}


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest, client: PageLintingClient) -> str:
    client.get(f"/?lang={request.param}")
    return str(request.param)


def kept(client: PageLintingClient) -> dict[str, dict[str, object]]:
    with client.session_transaction() as session:
        found: dict[str, dict[str, object]] = session.get(SESSION_KEY, {})
        return found


def checked(page: str) -> list[str]:
    """Return the values of the choices that are made already."""
    return [field.get("value", "") for field in parse(page).iter("input") if "checked" in field.attrib]


def test_three_questions_lead_to_the_guide(client: PageLintingClient, locale: str) -> None:
    assert walk(client, PLAIN[0]) == "/setup/program"
    assert walk(client, PLAIN[1]) == "/setup/preparation"
    assert walk(client, PLAIN[2]) == GUIDE
    assert client.get("/finish").status_code == 200


def test_every_page_of_the_way_has_one_control_that_leads_on(client: PageLintingClient, locale: str) -> None:
    for slug, values in PLAIN:
        page = parse(client.get(url_of(slug)).text)
        main = page.find("body/main")
        assert main is not None
        assert main.get("data-journey") == ("start" if slug == "address" else "question")
        assert len([control for control in main.iter() if "data-next" in control.attrib]) == 1
        walk(client, (slug, values))


def test_sends_an_early_visitor_to_the_first_unanswered_step_and_says_why(client: PageLintingClient) -> None:
    for path in ("/setup/program", "/setup/review", "/finish", "/adjust", "/adjust/retention", "/connection-tests"):
        response = client.get(path)
        assert response.headers["Location"] == "/?gone=1", path
    assert "Ihre Angaben sind nicht mehr da" in follow(client, response).text
    assert "nicht mehr da" not in client.get("/").text
    assert client.get("/setup/no-such-step").status_code == 404
    assert client.get("/adjust/no-such-step").status_code == 404


def test_a_download_without_answers_leads_to_a_page_that_says_so(client: PageLintingClient) -> None:
    response = client.get("/finish/gmx-pop.txt")
    assert response.headers["Location"] == "/?gone=1"


def test_sends_a_late_visitor_to_the_first_unanswered_step(client: PageLintingClient) -> None:
    walk(client, PLAIN[0])
    for path in ("/setup/preparation", "/setup/review", "/finish", "/adjust", "/adjust/retention"):
        assert client.get(path).headers["Location"] == "/setup/program", path


@pytest.mark.parametrize("slug", ["outlook-profile", "devices", "retention"])
def test_the_addresses_of_former_questions_lead_to_where_they_are_changed(client: PageLintingClient, slug: str) -> None:
    walk(client, PLAIN[0], ("program", {"program": "outlook:windows"}), PLAIN[2])
    assert client.get(f"/setup/{slug}").headers["Location"] == f"/adjust/{slug}"
    assert client.get("/setup/review").headers["Location"] == "/adjust"
    assert client.get("/setup/address").headers["Location"] == "/"


def test_a_program_added_to_the_registry_is_offered_by_itself(
    client: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = Client(id="some-mailer", name="Some Mailer", systems=("linux", "android"), keeps=BY_HAND)
    monkeypatch.setattr(clients, "CLIENTS", {**CLIENTS, added.id: added})
    monkeypatch.setattr("webapp.core.systems.CLIENTS", clients.CLIENTS)
    monkeypatch.setattr("webapp.web.wizard.programs.CLIENTS", clients.CLIENTS)
    walk(client, PLAIN[0])
    for system, offered in (("linux", True), ("android", True), ("windows", False)):
        page = client.get(f"/setup/program?system={system}").text
        assert (f'value="some-mailer:{system}"' in page) == offered


@pytest.mark.parametrize(
    ("agent", "system", "usual"),
    [(WINDOWS, "Windows", "thunderbird:windows"), (IPHONE, "iPhone oder iPad", "apple-mail:iphone"),
     (MAC, "Mac", "apple-mail:mac"), (SAMSUNG, "Android", "samsung-email:android"),
     (PIXEL, "Android", "gmail-app:android"), ({"User-Agent": "X11; Linux"}, "Linux", "thunderbird:linux")],
    ids=["windows", "iphone", "mac", "samsung", "pixel", "linux"],
)  # fmt: skip
def test_the_visitors_own_system_comes_first_with_its_usual_program_chosen(
    client: PageLintingClient, agent: dict[str, str], system: str, usual: str
) -> None:
    walk(client, PLAIN[0])
    page = client.get("/setup/program", headers=agent).text
    assert checked(page) == [usual]
    assert f"Ihr Gerät: {system}" in page
    assert "Stimmt das?" in page


def test_nothing_is_chosen_for_who_has_an_unknown_device_or_looks_at_another_one(client: PageLintingClient) -> None:
    walk(client, PLAIN[0])
    assert checked(client.get("/setup/program", headers={"User-Agent": ""}).text) == []
    page = client.get("/setup/program?system=mac", headers=WINDOWS).text
    assert checked(page) == []
    assert 'value="apple-mail:mac"' in page
    assert "Stimmt das?" not in page


def test_every_program_is_offered_for_its_system(client: PageLintingClient) -> None:
    walk(client, PLAIN[0])
    for system in SYSTEMS:
        page = client.get(f"/setup/program?system={system}").text
        for option in OPTIONS:
            assert (f'value="{option.value}"' in page) == (option.system.id == system), option.value


@pytest.mark.parametrize(("agent", "program"), [(WINDOWS, "thunderbird"), (IPHONE, "apple-mail"), (PIXEL, "gmail-app")])
def test_who_does_not_know_the_program_gets_a_simple_one(
    client: PageLintingClient, agent: dict[str, str], program: str, locale: str
) -> None:
    walk(client, PLAIN[0])
    assert walk(client, ("program", {"program": "unknown"})) == "/setup/program"
    page = client.get("/setup/program", headers=agent)
    assert {"de": "Im Browser?", "en": "In the browser?"}[locale] in page.text
    (button,) = [control for control in parse(page.text).iter("button") if "data-next" in control.attrib]
    assert client.submit(page, {"program": button.get("value", "")}).headers["Location"] == "/setup/preparation"
    assert kept(client)["program"]["client"] == program
    assert client.submit(page, {"confirm": "1"}).status_code == 303


@pytest.mark.parametrize("instead", ["thunderbird", "outlook-new"])
def test_a_program_that_is_no_more_leads_to_another_at_once(
    client: PageLintingClient, instead: str, locale: str
) -> None:
    walk(client, PLAIN[0])
    page = follow(client, answer(client, "program", {"program": "windows-mail:windows"}))
    assert page.request.path == "/setup/program"
    assert "Windows Mail" in page.text
    for url in ("/setup/preparation", "/adjust", "/finish", "/connection-tests"):
        assert client.get(url).status_code == 303
    again = client.submit(page, {"confirm": "1"})  # nothing leads past it
    assert client.get("/setup/preparation").status_code == 303, again.headers["Location"]
    assert f'value="{instead}:windows"' in page.text
    assert client.submit(page, {"program": f"{instead}:windows"}).headers["Location"] == "/setup/preparation"
    assert walk(client, PLAIN[2]) == GUIDE


def test_the_switch_is_shown_in_the_words_of_the_site_and_opened_beside_ours(
    client: PageLintingClient, locale: str
) -> None:
    walk(client, *PLAIN[:2])
    page = parse(client.get("/setup/preparation").text)
    assert "POP3- und IMAP-Zugriff erlauben" in text_of(page)  # a German site, whatever our language is
    link = next(link for link in page.iter("a") if link.get("href") == "https://www.gmx.net")
    assert link.get("target") == "_blank"


def test_who_copies_six_digits_is_led_to_an_app_password_and_nobody_else(
    client: PageLintingClient, locale: str
) -> None:
    walk(client, *PLAIN[:2])
    page = client.get("/setup/preparation").text
    assert ("SMS" in page) == (locale == "de")
    assert ("Text messages" in page) == (locale == "en")
    assert walk(client, ("preparation", {"two_factor": "yes"})) == "/setup/preparation"
    assert client.get(GUIDE).headers["Location"] == "/setup/preparation"
    page = client.get("/setup/preparation")
    assert "Anwendungsspezifische Passwörter" in page.text
    assert ("Sie brauchen ein App-Passwort. GMX nennt es „anwendungsspezifisches Passwort“." in page.text) == (
        locale == "de"
    )
    assert client.submit(page).headers["Location"] == GUIDE
    assert kept(client)["preparation"] == {"two_factor": "yes", "confirmed": True}
    again = client.get("/setup/preparation?again=1")
    assert checked(again.text) == ["yes"]
    assert client.submit(again, {"two_factor": None}).headers["Location"] == GUIDE  # type: ignore[dict-item]
    assert kept(client)["preparation"] == {"two_factor": "no"}


def test_a_phone_hands_the_switch_over_to_a_computer_by_a_short_address(client: PageLintingClient) -> None:
    """The page that opens there needs nothing of the person: no answers, no code, no cookie."""
    walk(client, PLAIN[0], ("program", {"program": "apple-mail:iphone"}))
    page = parse(client.get("/setup/preparation", headers=IPHONE).text)
    assert "localhost/switch" in text_of(page)
    folded = {link for fold in page.iter("details") for link in fold.iter("a")}
    assert {link for link in page.iter("a") if "gmx.net" in link.get("href", "")} <= folded
    assert {text_of(fold) for fold in page.iter("summary")} >= {"Am Computer sieht es so aus", "Kein Computer da?"}
    assert "Tippen Sie in Safari auf das Zeichen in der Adresszeile" in text_of(page)
    assert "Desktop-Website anfordern" in text_of(page)
    assert "localhost/switch" not in client.get("/setup/preparation", headers=WINDOWS).text
    at_the_computer = client.application.test_client()
    page = at_the_computer.get("/switch", headers=WINDOWS)
    assert "POP3- und IMAP-Zugriff erlauben" in page.text
    assert "Set-Cookie" not in page.headers
    assert at_the_computer.get("/switch/gmx.com").status_code == 200
    assert at_the_computer.get("/switch/no-such-site").status_code == 404


def test_a_provider_that_needs_nothing_is_not_prepared(app: Flask, client: PageLintingClient) -> None:
    from dataclasses import replace

    with app.app_context():
        known = current_providers()
    replace_providers(app, {"gmx.net": replace(known["gmx.net"], activation={}, app_password={})})
    walk(client, PLAIN[0])
    assert walk(client, PLAIN[1]) == GUIDE


def test_nothing_chosen_is_told_on_every_question(client: PageLintingClient, locale: str) -> None:
    words = "Wählen Sie eine der Antworten aus" if locale == "de" else "Choose one of the answers"
    walk(client, ("address", {"email_address": "anna@gmx.com"}))
    assert words in refused(client, "platform", {}).text
    walk(client, ("platform", {"provider": "gmx.com"}))
    page = client.submit(client.get("/setup/program", headers={"User-Agent": ""}), {})
    assert words in follow(client, page).text


def test_two_windows_do_not_mix_two_addresses(client: PageLintingClient, locale: str) -> None:
    walk(client, PLAIN[0])
    first_window = client.get("/setup/program")
    walk(client, ("address", {"email_address": "bernd@gmx.de"}))
    page = follow(client, client.submit(first_window, {"program": "thunderbird:linux"}))
    assert "bernd@gmx.de" in page.text
    assert "program" not in kept(client)
    assert client.submit(page, {"program": "thunderbird:linux"}).headers["Location"] == "/setup/preparation"


def test_back_leads_to_what_was_seen_before(client: PageLintingClient) -> None:
    """Back after next: from each question to the one before, which stands there as it was answered."""
    walk(client, *PLAIN)
    seen = []
    url = "/setup/preparation?again=1"
    while not url.startswith("/?"):
        page = client.get(url)
        assert page.status_code == 200
        seen.append(url)
        back = next(nav for nav in parse(page.text).iter("nav") if "way-back" in nav.get("class", ""))
        link = back.find("a")
        assert link is not None
        url = link.attrib["href"]
    assert seen == ["/setup/preparation?again=1", "/setup/program?again=1"]
    assert 'value="anna@gmx.de"' in client.get(url).text


def test_who_comes_back_may_go_on_or_delete(client: PageLintingClient, locale: str) -> None:
    assert "/delete" not in client.get("/").text
    walk(client, *PLAIN[:2])
    page = client.get("/")
    assert 'href="/setup/preparation"' in page.text
    response = client.submit(page, form="Meine Angaben löschen" if locale == "de" else "Delete my answers")
    assert response.headers["Location"] == "/deleted"
    assert kept(client) == {}


def test_a_provider_taken_away_since_asks_for_the_address_again(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    with client.session_transaction() as session:
        session[SESSION_KEY] = {
            **session[SESSION_KEY],
            "address": {**session[SESSION_KEY]["address"], "providers": ["gone.example"]},
        }
    assert client.get("/setup/program").headers["Location"] == "/"
    assert client.get("/finish").status_code == 303


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_answered_leads_to_the_guide(app: Flask, data: st.DataObject) -> None:
    """A person answers at random: every page they meet has a way on, and it ends."""
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    choices = {
        "": st.fixed_dictionaries(
            {"email_address": st.sampled_from(["a@gmx.de", "a@gmx.com", "a@turboprinz.de", "a@example.org"])}),
        "platform": st.fixed_dictionaries({"provider": st.just("gmx.net")}),
        "program": st.sampled_from(OPTIONS).map(lambda option: {"program": option.value}),
        "preparation": st.sampled_from([{}, {"two_factor": "yes"}]),
    }  # fmt: skip
    url = "/"
    for _ in range(20):
        page = client.get(url)
        assert page.status_code == 200
        slug = url.removeprefix("/setup/").partition("?")[0].strip("/")
        stopped = 'name="confirm"' in page.text
        response = client.submit(page, {} if stopped else data.draw(choices.get(slug, st.just({}))))
        assert response.status_code == 303, response.text
        url = response.headers["Location"]
        if url == GUIDE:
            break
    assert url == GUIDE
    assert client.get(url).status_code in (200, 303)


def test_every_system_offers_at_least_one_program_with_a_file() -> None:
    for system in SYSTEMS.values():
        assert any(client.formats for client in system.clients()), system.id
        assert system.clients()[-1].id == "other"


def test_no_answer_stays_in_the_log_or_the_address_bar(
    client: PageLintingClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    location = walk(client, ("address", {"email_address": "canary.address@gmx.de"}), *PLAIN[1:])
    assert "canary" not in location.lower()
    assert "canary" not in caplog.text.lower()
    assert "canary" in json.dumps(kept(client)).lower()


@pytest.mark.parametrize("path", ["/", "/advice", "/help/login-refused", "/check"])
def test_before_an_address_is_known_pages_name_a_provider_that_there_is(client: PageLintingClient, path: str) -> None:
    with client.application.app_context():
        known = current_providers()
    replace_providers(client.application, {"gmx.com": known["gmx.com"]})
    page = client.get(path)
    assert page.status_code == 200
    assert "pop.gmx.net" not in page.text
