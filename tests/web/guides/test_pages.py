"""The pages of the guide."""

from __future__ import annotations

from itertools import cycle

import pytest
from flask import Flask

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, follow, walk
from webapp.core.guides import SOURCES
from webapp.core.systems import SYSTEMS
from webapp.infrastructure.events import guide_step_reached
from webapp.web.wizard.programs import groups

ALL = [option.value for _, options in groups() for option in options if not option.client.ended]
# Once each; on both its systems what differs there.
CHOICES = [*{value.split(":")[0]: value for value in ALL}.values(), "apple-mail:mac", "thunderbird:windows"]
OUTLOOK = (PLAIN[0], ("program", {"program": "outlook:windows"}), *PLAIN[2:])


def test_who_has_answered_nothing_is_sent_to_the_first_question(client: PageLintingClient) -> None:
    for address in ("/guide", "/guide/close", "/guide/all"):
        answer = client.get(address)
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/?gone=1"


def test_leads_step_by_step_to_the_end_and_back(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    page = follow(client, client.get("/guide"))
    seen = []
    while True:
        root = parse(page.text)
        main = next(root.iter("main"))
        assert main.get("data-journey") == "guide"
        seen.append(page.request.path.rsplit("/", 1)[1])
        onward = [link for link in root.iter("a") if "data-next" in link.attrib]
        assert len(onward) == 1
        assert text_of(next(root.iter("h1")))
        page = client.get(onward[0].get("href"))
        if page.request.path == "/done":
            break
    assert seen[0] == "close"
    assert "keep" in seen
    assert seen.index("keep") < seen.index("fetch")
    assert seen[-1] == "try"
    back = [link.get("href") for link in parse(client.get("/guide/mail").text).iter("a") if text_of(link) == "Zurück"]
    assert back == ["/guide/control-panel"]


@pytest.mark.parametrize(("program", "locale"), [*zip(CHOICES, cycle(("de", "en")))])
def test_every_step_of_every_program_is_a_page(client: PageLintingClient, program: str, locale: str) -> None:
    _, system = program.split(":")
    walk(client, PLAIN[0], ("program", {"program": program}), *PLAIN[2:])
    page = follow(client, client.get(f"/guide?lang={locale}"))
    whole = client.get("/guide/all").text
    assert "anna@gmx.de" in whole
    ids = {element.get("id") for element in parse(whole).iter("h3")}
    while page.request.path != "/done":
        assert page.status_code == 200
        assert page.request.path.rsplit("/", 1)[1] in ids
        onward = next(link for link in parse(page.text).iter("a") if "data-next" in link.attrib)
        page = client.get(onward.get("href"))
    assert SYSTEMS[system]


def test_a_step_that_this_guide_has_not_leads_to_its_first(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    answer = client.get("/guide/no-such-step")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/guide/close"


def test_the_file_is_one_press_from_the_first_step(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    first = client.get("/guide/close")
    link = next(a for a in parse(first.text).iter("a") if text_of(a) == "Mit Datei, für Geübte")
    page = client.get(link.get("href"))
    file = next(a for a in parse(page.text).iter("a") if text_of(a) == "Datei herunterladen")
    assert client.get(file.get("href")).data.startswith(b"; Outlook")


def test_a_guide_for_the_phone_leads_there_from_the_computer(client: PageLintingClient) -> None:
    client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0"
    walk(client, PLAIN[0], ("program", {"program": "apple-mail:iphone"}), PLAIN[2])
    page = client.get("/guide/file")
    assert page.text.count("Auf dem Handy öffnen") == 1
    assert "Datei herunterladen" in page.text
    shown = client.get(client.submit(page, form="Auf dem Handy öffnen").location)
    assert 'class="qr"' in shown.text
    client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
    assert "Auf dem Handy öffnen" not in client.get("/guide/file").text


def test_what_helps_who_does_not_see_it_belongs_to_the_step(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    page = client.get("/guide/mail?unseen=1&lang=de").text
    assert "Gibt es den Eintrag nicht?" in page
    assert "/guide/add-account?way=program" in page
    assert "/help?program=outlook" in page
    assert "Gibt es den Eintrag nicht?" not in client.get("/guide/outgoing?unseen=1").text


def test_reaching_a_step_is_told_but_not_by_who_reads_along(app: Flask, client: PageLintingClient) -> None:
    told: list[dict[str, str]] = []

    def listen(_app: Flask, **words: str) -> None:
        told.append(words)

    with guide_step_reached.connected_to(listen, app):
        walk(client, *OUTLOOK)
        client.get("/guide/pop")
        assert told == [{"client": "outlook", "way": "hand", "step": "pop"}]
        page = follow(client, client.submit(client.get("/guide/pop"), form="Auf dem Handy mitlesen"))
        address = next(a.get("href") for a in parse(page.text).iter("a") if "/f/" in a.get("href", ""))
        told.clear()
        assert address.endswith("/guide/pop")
        other = app.test_client()
        assert other.get(address).status_code == 200
        assert told == []


def test_who_reads_along_sees_no_address_and_changes_nothing(app: Flask, client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    page = follow(client, client.submit(client.get("/guide/account"), form="Auf dem Handy mitlesen"))
    address = next(a.get("href") for a in parse(page.text).iter("a") if "/f/" in a.get("href", ""))
    other = PageLintingClient(app)
    seen = other.get(address)
    assert "anna@gmx.de" not in seen.text
    assert "pop.gmx.net" in seen.text
    assert "Set-Cookie" not in seen.headers
    assert not [form for form in parse(seen.text).iter("form") if form.get("method") == "post"]
    client.post("/delete", data={"csrf_token": token_of(client)})
    assert other.get(address).status_code == 404


def token_of(client: PageLintingClient) -> str:
    root = parse(client.get("/finish").text)
    return next(field.get("value", "") for field in root.iter("input") if field.get("name") == "csrf_token")


@pytest.mark.parametrize("client_id", SOURCES)
def test_a_program_alone_has_a_guide_without_an_address(client: PageLintingClient, client_id: str) -> None:
    page = follow(client, client.get(f"/guide?client={client_id}&lang=en"))
    assert page.status_code == 200
    whole = client.get(f"/guide/all?client={client_id}&lang=en")
    assert "@gmx.de" not in whole.text.replace("anna.beispiel@gmx.de", "").replace("anna@example.org", "")


def test_the_page_of_all_steps_has_the_switch_and_the_address(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    page = client.get("/guide/all?lang=de").text
    assert "anna@gmx.de" in page
    assert "POP3- und IMAP-Zugriff erlauben" in page
    assert "data-print" in page


def test_an_app_password_belongs_to_the_preparation_of_who_needs_one(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    assert "Anwendungsspezifische Passwörter" not in client.get("/guide/all").text
    walk(client, *OUTLOOK[:-1], ("preparation", {"two_factor": "yes"}), ("preparation", {}))
    assert "Anwendungsspezifische Passwörter" in client.get("/guide/all").text
    assert "Ihr App-Passwort" in client.get("/guide/account").text


def test_a_step_says_each_word_once_and_its_number_in_full_to_who_listens(client: PageLintingClient) -> None:
    walk(client, *PLAIN)

    def of(step: str) -> dict[str, str]:
        return {part.get("class", ""): text_of(part) for part in parse(client.get(f"/guide/{step}").text).iter("p")}

    quoted, more = of("import"), of("password")
    assert "guide-way" not in quoted
    assert "Passwortverwaltung" in more["guide-way"]
    assert quoted["guide-count"] == "Schritt 4 von 16 in Thunderbird4/16"


def leading(page: str) -> str:
    """Return the one filled button of a step."""
    buttons = [link for link in parse(page).find(".//main").iter("a") if link.get("class") == "button"]  # type: ignore[union-attr]
    (button,) = buttons
    return text_of(button)


@pytest.mark.parametrize(
    ("program", "begins"),
    [("outlook:windows", b";"), ("thunderbird:windows", b"PK"), ("apple-mail:mac", b"<?xml")],
)
def test_a_file_is_a_few_presses_from_the_first_page_and_the_guide_says_that_it_was_fetched(
    client: PageLintingClient, program: str, begins: bytes
) -> None:
    assert walk(client, PLAIN[0], ("program", {"program": program}), PLAIN[2]) == "/guide"
    page = follow(client, client.get("/guide"))
    links = {text_of(link): link.get("href") for link in parse(page.text).iter("a")}
    if "Mit Datei, für Geübte" in links:
        page = client.get(links["Mit Datei, für Geübte"])
        links = {text_of(link): link.get("href") for link in parse(page.text).iter("a")}
    assert "✓" not in page.text
    assert leading(page.text) == "Datei herunterladen"
    file = client.get(links["Datei herunterladen"])
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.data.startswith(begins)
    again = client.get(page.request.full_path).text
    assert "✓ heruntergeladen" in again
    assert leading(again) == "Erledigt, weiter"
    assert links["Nur die Einstellungen"] == "/settings/gmx.net"


def test_no_drawing_of_a_guide_by_imap_shows_the_server_for_pop(client: PageLintingClient) -> None:
    """Where no address is known, too."""
    page = client.get("/guide/all?client=outlook&system=windows&protocol=imap").text
    assert ">imap.gmx.net</text>" in page
    assert "pop.gmx.net" not in page
