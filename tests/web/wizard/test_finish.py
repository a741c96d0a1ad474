"""The last pages: the file and the steps, what comes after, and forgetting it."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, SEVERAL, walk
from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES
from webapp.core.systems import SYSTEMS
from webapp.infrastructure import events
from webapp.web.wizard import programs

OPTIONS = [option for _, options in programs.groups() for option in options if not option.client.ended]
LIVING = sorted(client.id for client in CLIENTS.values() if not client.ended)
IMAP_ONLY = {client.id for client in CLIENTS.values() if not client.speaks_pop and not client.ended}


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest, client: PageLintingClient) -> str:
    client.get(f"/?lang={request.param}")
    return str(request.param)


def test_the_plain_way_leads_to_the_file(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = client.get("/finish").text
    link = re.search(r'href="(/finish/[^"]+)"', page)
    assert link
    made = client.get(link[1])
    assert made.headers["Content-Disposition"] == "attachment; filename=gmx-pop-thunderbird.zip"
    assert made.mimetype == "application/zip"
    assert made.get_data() == client.get(link[1]).get_data()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.value)
def test_every_program_on_every_system_has_a_last_page(client: PageLintingClient, option: programs.Option) -> None:
    walk(client, PLAIN[0], ("program", {"program": option.value}), PLAIN[2])
    page = client.get("/finish")
    assert page.status_code == 200
    for link in re.findall(r'href="(/finish/[^"]+)"', page.text):
        assert client.get(html.unescape(link)).status_code == 200


def test_the_finish_page_offers_the_other_port_and_imap(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    page = client.get("/finish").text
    assert "imap.gmx.net" in page
    other = client.get("/finish/gmx-pop-thunderbird.zip?smtp_port=587")
    assert other.status_code == 200
    assert other.get_data() != client.get("/finish/gmx-pop-thunderbird.zip").get_data()
    assert client.get("/finish/gmx-pop-thunderbird.zip?smtp_port=25").status_code == 404


@pytest.mark.parametrize("client_id", LIVING)
def test_the_finish_page_leads_into_the_guide_and_says_nothing_that_contradicts(
    client: PageLintingClient, client_id: str
) -> None:
    chosen = CLIENTS[client_id]
    system = next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}), PLAIN[2])
    text = client.get("/finish?lang=en").text
    if client_id in SOURCES:
        assert 'href="/guide"' in text
        assert 'href="/guide/all"' in text
    assert ("Sending does not work?" in text) == chosen.sends
    assert ("POP fetches the inbox only" in text) == (chosen.speaks_pop and chosen.receives)
    done = client.get("/done?lang=en").text
    assert ("Well done, your mail arrives" in done) == chosen.receives
    assert ("How to back up your mail" in done) == (chosen.speaks_pop and chosen.receives)


@pytest.mark.parametrize("client_id", LIVING)
def test_the_last_page_begins_with_what_the_person_has_and_what_to_do(
    client: PageLintingClient, client_id: str
) -> None:
    """The title speaks of something ready only where a file waits that the program takes in."""
    chosen = CLIENTS[client_id]
    system = next(system.id for system in SYSTEMS.values() if system.client_system in chosen.systems)
    walk(client, PLAIN[0], ("program", {"program": f"{client_id}:{system}"}), PLAIN[2])
    takes_file = bool(chosen.formats) and client_id != "other"
    for language, ready, nothing in (
        ("de", r"fertig|bereit", "Eingerichtet ist"),
        ("en", "ready", "Nothing is set up"),
    ):
        page = parse(client.get(f"/finish?lang={language}").text)
        banner = next(element for element in page.iter("div") if "banner" in element.get("class", "").split())
        title, first = (text_of(next(banner.iter(tag))) for tag in ("h1", "p"))
        assert bool(re.search(ready, title)) == takes_file, title
        assert first.startswith(nothing), first
    assert ("IMAP" in title) == (client_id in IMAP_ONLY)


def test_an_address_that_the_file_cannot_hold_is_told_at_once(client: PageLintingClient) -> None:
    walk(client, ("address", {"email_address": "an%na@gmx.de"}), ("program", {"program": "msmtp:linux"}), PLAIN[2])
    page = client.get("/finish?lang=en").text
    assert "cannot hold your address" in page
    assert "None" not in page
    assert "mail.gmx.net" in page


def test_done_says_what_comes_next(client: PageLintingClient, locale: str) -> None:
    assert client.get("/done").status_code == 200
    walk(client, *PLAIN, *SEVERAL)
    page = client.get("/done").text
    assert "/guide?device=2" in page
    assert "/guide?device=3" not in client.get("/done?device=2").text
    assert "/help/not-working" in client.get("/guide/try").text


def test_after_the_first_device_works_the_plan_leads_to_the_next_one(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    client.get("/finish/gmx-pop-thunderbird.zip")
    client.submit(client.get("/done"), form="Ja, auch einrichten")
    assert walk(client, *SEVERAL[1:3]) == "/adjust/retention?page=plan"
    accepted = client.submit(client.get("/adjust/retention?page=plan"))
    assert accepted.location == "/done"
    assert "Annas iPhone" in client.get(accepted.location).text
    assert client.get("/guide?device=2").location.endswith("?device=2")


def test_that_a_device_of_another_address_works_leads_nobody_on(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    client.get("/done")
    walk(client, ("address", {"email_address": "jan@gmx.de"}), *PLAIN[1:], *SEVERAL[:3])
    accepted = client.submit(client.get("/adjust/retention?page=plan"))
    assert accepted.location != "/done"


def test_the_download_is_told_to_whoever_listens(app: Flask, client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    heard = []

    def hear(sender: object, **values: object) -> None:
        heard.append(values)

    with events.file_downloaded.connected_to(hear, app):
        client.get("/finish/gmx-pop-thunderbird.zip")
        client.head("/finish/gmx-pop-thunderbird.zip")
    assert heard == [{"client": "thunderbird", "format": "zip"}]


def test_outlooks_file_has_a_name_of_its_own_that_the_guide_repeats(client: PageLintingClient) -> None:
    walk(client, PLAIN[0], ("program", {"program": "outlook"}), PLAIN[2])
    page = client.get("/finish").text
    names = set(re.findall(r"gmx-pop-[0-9a-f]{6}\.prf", page))
    assert len(names) == 1
    assert names == set(re.findall(r"gmx-pop-[0-9a-f]{6}\.prf", client.get("/guide/run?way=file").text))


def test_deleting_forgets_everything(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    words = "Jetzt löschen" if locale == "de" else "Delete now"
    response = client.submit(client.get("/finish"), form=words)
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/deleted").status_code == 200
    assert client.get("/finish").headers["Location"] == "/?gone=1"


def test_nothing_counts_as_deleted_where_somebody_could_not_delete(app: Flask, client: PageLintingClient) -> None:
    def broken(_app: Flask) -> None:
        raise OSError("the disk")

    walk(client, *PLAIN)
    app.testing = False
    with events.forgotten.connected_to(broken, app):
        assert client.submit(client.get("/finish"), form="Jetzt löschen").status_code == 500
    assert client.get("/finish").status_code == 200
    assert client.submit(client.get("/finish"), form="Jetzt löschen").location == "/deleted"


@pytest.mark.parametrize("locale", ["de", "en"])
def test_thunderbird_for_android_can_scan_its_settings(client: PageLintingClient, locale: str) -> None:
    walk(client, PLAIN[0], ("program", {"program": "thunderbird-android:android"}), PLAIN[2])
    page = parse(client.get(f"/guide/scan?way=qr&lang={locale}").text)
    codes = [part for part in page.iter("div") if part.get("class") == "qr"]
    assert len(codes) == 1
    assert any(part.tag.endswith("svg") for part in codes[0].iter())
    assert client.get("/finish/gmx-pop-qr.png").mimetype == "image/png"


def test_a_second_device_is_asked_about_once_and_of_everybody(client: PageLintingClient, locale: str) -> None:
    walk(client, *PLAIN)
    words = ("Ja, auch einrichten", "Nein") if locale == "de" else ("Yes, set it up", "No")
    page = client.get("/done")
    assert "anna@gmx.de" in page.text
    assert client.submit(page, form=words[0]).headers["Location"] == "/adjust/devices"
    assert words[0] not in client.get("/done").text
    walk(client, ("address", {"email_address": "bernd@gmx.de"}))
    with client.session_transaction() as session:
        del session["answers"]["devices"]
        session.modified = True
    walk(client, *PLAIN)
    assert client.submit(client.get("/done"), form=words[1]).headers["Location"] == "/done"
    assert words[0] not in client.get("/done").text
