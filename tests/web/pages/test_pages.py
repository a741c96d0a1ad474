"""The pages to read: right for every provider, indexed where they shall be, and true to the settings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, render_template

from tests.support.client import PageLintingClient, parse
from tests.support.providers import PROVIDERS
from webapp import create_app
from webapp.core.account import ServerType
from webapp.core.providers import Provider, load
from webapp.infrastructure import config as numbers
from webapp.infrastructure import limits
from webapp.infrastructure.config import Config
from webapp.web.pages import contact_link

PAGES = ("/settings", "/settings/gmx.net", "/settings/gmx.com", "/privacy", "/imprint", "/accessibility")
LOCALES = ("de", "en")


def client_with(config: Config) -> PageLintingClient:
    app = create_app(config)
    app.testing = True
    app.test_client_class = PageLintingClient
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    return client


def main_text(page: str) -> str:
    return " ".join(" ".join(next(parse(page).iter("main")).itertext()).split())


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages(client: PageLintingClient, path: str, locale: str) -> None:
    page = client.get(f"{path}?lang={locale}")
    assert page.status_code == 200
    assert parse(page.text).get("lang") == locale


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("provider", load().values(), ids=lambda provider: provider.id)
def test_the_settings_show_every_value_of_the_provider(
    client: PageLintingClient, provider: Provider, locale: str
) -> None:
    text = main_text(client.get(f"/settings/{provider.id}?lang={locale}").text)
    for server in provider.servers:
        if server.type is not ServerType.IMAP or server.port == 993:
            assert server.hostname in text
            assert re.search(rf"\b{server.port}\b", text)
    for domain in provider.domains:
        assert domain in text
    for path in provider.paths("activation")[:1]:
        for step in path.steps:
            assert step in text
    assert "24. November 2026" in text or str(provider.checked.year) in text
    for source in provider.sources:
        assert source.replace(": ", " – ") in text  # a colon would be read as part of its link


def test_no_host_stands_in_the_page_itself(config: Config, tmp_path: Path) -> None:
    """Another organisation's provider file, and nothing of GMX's servers is left."""
    text = (PROVIDERS / "gmx.net.toml").read_text(encoding="utf-8")
    own = re.sub(r"\bgmx\.net\b", "mail.example", text).replace('"gmx.', '"example.')
    (tmp_path / "example.org.toml").write_text(own.replace('"mein.gmx", "mail.gmx"', '"mein.example"').replace(
        '"email.gmx"', '"email.example"').replace('[".gmx"]', '[".example"]').replace('name = "GMX"', 'name = "Beispiel"'),
        encoding="utf-8")  # fmt: skip
    page = re.sub(r"domains_to_confirm = \[.*?\]", "", (tmp_path / "example.org.toml").read_text(), flags=re.DOTALL)
    (tmp_path / "example.org.toml").write_text(page, encoding="utf-8")
    shown = client_with(replace(config, providers_dir=tmp_path)).get("/settings/example.org").text
    assert "pop.mail.example" in main_text(shown)
    assert not re.search(r"\b(?:pop|mail|imap)\.gmx\.", main_text(shown))


def test_an_unknown_provider_has_no_page_and_is_not_indexed(client: PageLintingClient) -> None:
    missing = client.get("/settings/example.org")
    assert missing.status_code == 404
    assert missing.headers["X-Robots-Tag"] == "noindex"


def test_the_overview_leads_to_every_provider_by_the_ends_of_addresses(client: PageLintingClient) -> None:
    page = client.get("/settings").text
    for provider in load().values():
        assert f'href="/settings/{provider.id}"' in page
        assert provider.domains <= set(re.findall(r"[a-z0-9.-]+", main_text(page)))


def test_the_overview_puts_the_provider_of_the_answers_first(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session["answers"] = {"platform": {"provider": "gmx.com"}}
    page = client.get("/settings").text
    assert page.index('href="/settings/gmx.com"') < page.index('href="/settings/gmx.net"')


def test_a_domain_of_two_platforms_leads_to_the_other_one(client: PageLintingClient) -> None:
    for shown, other in (("gmx.net", "gmx.com"), ("gmx.com", "gmx.net")):
        page = client.get(f"/settings/{shown}").text
        assert "gmx.com gibt es auf zwei Seiten" in main_text(page)
        assert f'href="/settings/{other}"' in page


# The corrections that articles on the web need: the sentence that gives each, in the page of gmx.net.
CORRECTIONS = {
    1: r"Diese Einstellungen gelten für Adressen mit der Endung",
    2: r"TLS 1\.2 oder neuer|Port 110 mit STARTTLS",
    3: r"Ohne Verschlüsselung geht nichts",
    4: r"Der Benutzername ist Ihre ganze E-Mail-Adresse",
    5: r"Mit Zwei-Faktor-Anmeldung .* gilt dieses Passwort in E-Mail-Programmen nicht",
    6: r"lässt E-Mail-Programme erst hinein, wenn Sie es erlauben.*schaltet GMX ihn wieder aus.*erlauben Sie POP3 danach noch einmal",
    7: r"löscht nicht GMX, sondern Ihr E-Mail-Programm.*Thunderbird auf dem Computer löscht nach 14 Tagen",
    8: r"Jedes Gerät holt eigene Kopien.*|Ein volles Postfach kann weder empfangen noch senden",
    9: r"mail\.gmx\.net.*465.*587.*Ihr Absender muss zu diesem Postfach gehören",
    10: r"Spam-Ordner, eigene Ordner, gesendete E-Mails und Entwürfe kommen nicht mit",
    11: r"authentication failed.*kann zu einer Sperre führen",
    12: r"Sehen Sie vor dem ersten Abholen nach.*Datensicherung",
    13: r"GMX selbst empfiehlt es",
}


@pytest.mark.parametrize("number", CORRECTIONS)
def test_the_article_is_right_where_others_are_wrong(client: PageLintingClient, number: int) -> None:
    assert re.search(CORRECTIONS[number], main_text(client.get("/settings/gmx.net").text))


def test_the_article_names_no_number_that_nobody_can_confirm(client: PageLintingClient) -> None:
    for locale in LOCALES:
        text = main_text(client.get(f"/settings/gmx.net?lang={locale}").text)
        assert not re.search(r"\d\s?(?:GB|MB|Megabyte|Gigabyte)|\b0\d{3,4}[ /-]\d{4,}", text)


def test_the_footer_leads_to_the_state_of_gmx_where_it_is_watched(config: Config) -> None:
    assert 'href="/status"' in client_with(replace(config, health_interval=300)).get("/").text


def test_the_start_page_and_every_footer_lead_to_the_pages(client: PageLintingClient) -> None:
    assert 'href="/settings/gmx.net"' in client.get("/?lang=de").text.partition("<footer")[0]
    for path in ("/", "/help", "/no-such-page"):
        footer = next(parse(client.get(path).text).iter("footer"))
        links = {link.get("href") for link in footer.iter("a")} | ({path} & {"/help"})
        assert links == {"/help", "/advice", "/settings", "/privacy", "/imprint", "/accessibility"}


def test_the_privacy_page_names_the_times_of_the_code(client: PageLintingClient) -> None:
    text = main_text(client.get("/privacy").text)
    assert f"höchstens {numbers.SESSION_HOURS} Stunden" in text
    assert f"höchstens {numbers.PASSWORD_SECONDS} Sekunden" in text
    assert f"etwa {numbers.RUN_STATE_SECONDS // 60} Minuten" in text
    assert "höchstens einen Tag" in text
    assert limits.DAY == 24 * 3600


def test_the_privacy_page_speaks_only_of_rooms_there_are(app: Flask) -> None:
    from webapp.web.pages import blueprint

    assert blueprint.name in app.blueprints
    values = {"session_hours": 1, "link_hours": 77, "result_minutes": 1, "password_seconds": 1, "contact_link": str}
    with app.test_request_context("/privacy"):
        with_rooms = render_template("pages/privacy.html", rooms={"downloads", "helpdesk"}, **values)
        without = render_template("pages/privacy.html", rooms=set(), **values)
    assert "77 Stunden" in with_rooms
    assert "Was Helfende sehen" in with_rooms
    assert "77 Stunden" not in without
    assert "Was Helfende sehen" not in without


def test_the_delete_button_of_the_privacy_page_deletes(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session["answers"] = {"address": {"email_address": "anna@gmx.de"}}
    response = client.submit(client.get("/privacy"), form="Jetzt löschen")
    assert response.status_code == 303
    with client.session_transaction() as session:
        assert "answers" not in session


def test_who_is_stuck_can_call_with_one_press(config: Config) -> None:
    client = client_with(replace(config, operator_contact="0123 456789"))
    assert (
        '<a href="tel:0123456789">' in client.get("/help/not-working").text.partition("<main")[2].partition("</main")[0]
    )


def test_without_an_operator_the_pages_say_so(client: PageLintingClient) -> None:
    assert "noch kein Impressum hinterlegt" in main_text(client.get("/imprint").text)
    assert "Wer diese Seite betreibt, steht hier nicht" in main_text(client.get("/privacy").text)
    assert "noch keinen Kontakt hinterlegt" in main_text(client.get("/accessibility").text)


def test_an_operator_is_named_with_contact_imprint_and_privacy_notice(config: Config) -> None:
    client = client_with(
        replace(
            config,
            operator_name="Stadtwerke Beispiel",
            operator_contact="hilfe@example.org",
            operator_imprint_url="https://example.org/impressum",
            operator_privacy_url="https://example.org/datenschutz",
            country="Deutschland",
        )
    )
    imprint, privacy = client.get("/imprint").text, client.get("/privacy").text
    assert "noch kein Impressum" not in imprint
    for page in (imprint, privacy):
        assert "Stadtwerke Beispiel" in main_text(page)
        assert 'href="mailto:hilfe@example.org"' in page
    assert 'href="https://example.org/impressum"' in imprint
    assert 'href="https://example.org/datenschutz"' in privacy
    assert "Unser Server steht hier: Deutschland" in privacy
    assert 'href="mailto:hilfe@example.org"' in client.get("/accessibility").text


def test_a_login_test_that_is_off_is_not_described(config: Config) -> None:
    text = main_text(client_with(replace(config, login_test=False)).get("/privacy").text)
    assert "Anmelde-Prüfung ist auf dieser Seite ausgeschaltet" in text


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("hilfe@example.org", "mailto:hilfe@example.org"),
        ("+49 (0)89 1234-56", "tel:+4989123456"),
        ("089 / 123 456", "tel:089123456"),
        ("Montag bis Freitag unter 089 123456", None),
        ("hilfe@example.org?subject=x", None),
        ('a"onmouseover="x@example.org', None),
        ("", None),
    ],
)
def test_a_contact_is_a_link_where_it_is_nothing_but_an_address_or_a_number(contact: str, link: str | None) -> None:
    assert contact_link(contact) == link
