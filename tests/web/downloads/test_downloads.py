"""The page and the files behind a link, as a phone without any cookie fetches them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.support.client import PageLintingClient, parse, text_of
from tests.support.fixed_providers import replace_providers
from tests.web.wizard.walk import CLEARING, PLAIN, SEVERAL, follow, walk
from webapp.core.account import ServerType
from webapp.core.systems import SYSTEMS, installs_no_profiles, system_of
from webapp.infrastructure import background, db, events
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import DownloadLink
from webapp.web.downloads import links
from webapp.web.downloads.files import Wish, WishedDevice

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
FIREFOX_IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 FxiOS/130.0 Safari/605.1.15"
IN_APP = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
CHROME_IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/130.0 Mobile/15E148 Safari/604.1"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/130.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36"


@pytest.fixture
def phone(app: Flask) -> PageLintingClient:
    """Return a second browser: its jar is its own, and empty."""
    made = app.test_client()
    assert isinstance(made, PageLintingClient)
    return made


def link(client: PageLintingClient, program: str = "apple-mail:mac") -> str:
    """Walk to the end, make the link and return its path."""
    days = program.startswith("thunderbird:")
    walk(client, PLAIN[0], ("program", {"program": program}), PLAIN[2], *(CLEARING if days else ()))
    made = post_link(client)
    page = client.get(made)
    found = re.search(r"http://localhost(/f/[\w-]{22})", page.text)
    assert found, page.text
    return found[1]


def post_link(client: PageLintingClient, **values: str) -> str:
    page = client.get("/finish")
    token = next(f.get("value") for f in parse(page.text).iter("input") if f.get("name") == "csrf_token")
    response = client.post("/downloads", data={"csrf_token": token, **values})
    assert response.status_code == 303
    return response.headers["Location"]


def files(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="(/f/[\w-]{22}/[^"?]+)"', text)]


@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_phone_without_cookies_gets_page_and_file(
    client: PageLintingClient, phone: PageLintingClient, locale: str
) -> None:
    url = link(client)
    page = phone.get(f"{url}?lang={locale}", headers={"User-Agent": SAFARI})
    assert "Safari" in page.text
    assert "anna@gmx.de" not in page.text  # others may see the screen
    address = files(page.text)[0]
    first = phone.get(address)
    assert first.headers["Content-Type"] == "application/x-apple-aspen-config"
    assert first.headers["Content-Disposition"].startswith("attachment; filename=gmx-pop")
    assert first.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in first.headers
    assert phone.get(address).get_data() == first.get_data()
    head = phone.head(address)
    assert head.status_code == 200
    assert head.get_data() == b""
    assert head.headers["Content-Type"] == first.headers["Content-Type"]


@pytest.mark.parametrize(
    ("agent", "program", "first"),
    [(SAFARI, "apple-mail:iphone", "iPhone oder iPad"), (MAC, "apple-mail:mac", "Mac"),
     (SAFARI, "thunderbird:windows", "iPhone oder iPad"), (ANDROID, "thunderbird:windows", "Android"),
     (WINDOWS, "thunderbird:windows", "Windows"), ("", "thunderbird:windows", "Windows")],
)  # fmt: skip
def test_the_file_for_the_device_in_the_hand_comes_first(
    client: PageLintingClient, phone: PageLintingClient, agent: str, program: str, first: str
) -> None:
    page = phone.get(link(client, program), headers={"User-Agent": agent})
    lead = next(p for p in parse(page.text).iter("p") if p.get("class") == "lead")
    assert first in text_of(lead)


def test_another_device_gets_a_file_that_leaves_all_mail(client: PageLintingClient, phone: PageLintingClient) -> None:
    """The wish says 14 days for Windows; a phone that opens the link must not clear the mailbox too."""
    url = link(client, "thunderbird:windows")
    page = phone.get(f"{url}?for=linux-thunderbird")
    import io
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(phone.get(files(page.text)[0]).get_data()))
    assert 'delete_by_age_from_server", false' in archive.read("GMX-Thunderbird/prefs.js").decode()


def test_every_file_of_a_link_can_be_fetched_and_has_its_own_name(
    app: Flask, client: PageLintingClient, phone: PageLintingClient
) -> None:
    walk(client, *PLAIN, *SEVERAL[:2], ("devices", {"program-1": "thunderbird:windows"}), *SEVERAL[3:])
    post_link(client)
    with client.session_transaction() as session:
        url = f"/f/{session['download_link']}"
    page = phone.get(url)
    keys = {
        re.sub(".*for=", "", found.get("href", ""))
        for found in parse(page.text).iter("a") if "for=" in found.get("href", "")
    }  # fmt: skip
    assert {"2", "iphone-apple-mail", "mac-apple-mail", "android-thunderbird-android"} <= keys
    names = files(page.text)[:1]
    for key in keys:
        made = files(phone.get(f"{url}?for={key}", headers={"User-Agent": WINDOWS}).text)
        names += made[:1]
    assert len(names) == len(set(names)) == len(keys) + 1
    for name in names:
        assert phone.get(name).status_code == 200


@pytest.mark.parametrize("agent", [FIREFOX_IOS, IN_APP])
def test_browsers_that_cannot_install_are_told_to_open_safari(
    client: PageLintingClient, phone: PageLintingClient, agent: str
) -> None:
    page = phone.get(link(client, "apple-mail:iphone"), headers={"User-Agent": agent})
    assert "Öffnen Sie diese Seite in Safari" in page.text
    assert "data-copy" in page.text


def test_a_mac_is_offered_the_ipads_file_too(client: PageLintingClient, phone: PageLintingClient) -> None:
    """Without a script both stand there: an iPad says that it is a Mac."""
    page = phone.get(link(client, "apple-mail:mac"), headers={"User-Agent": MAC})
    assert "data-touch-first" in page.text
    assert "for=iphone-apple-mail" in page.text
    assert len(files(page.text)) >= 1
    ipad = phone.get(page.request.path + "?for=iphone-apple-mail", headers={"User-Agent": MAC})
    assert "data-touch-first" not in ipad.text
    assert "8 Minuten" in ipad.text


def test_an_iphone_gets_its_file_by_one_press(client: PageLintingClient, phone: PageLintingClient) -> None:
    walk(client, PLAIN[0], ("program", {"program": "apple-mail:iphone"}), PLAIN[2])
    page = client.get("/finish", headers={"User-Agent": SAFARI})
    form = next(f for f in parse(page.text).iter("form") if f.get("action") == "/downloads")
    name = next(f.get("value") for f in form.iter("input") if f.get("name") == "file")
    response = client.submit(page, form="Datei herunterladen")
    assert response.status_code == 303
    assert response.headers["Location"].endswith(f"/{name}")
    assert phone.get(response.headers["Location"]).status_code == 200


def test_a_link_that_leads_nowhere_says_so(client: PageLintingClient, phone: PageLintingClient) -> None:
    url = link(client)
    assert phone.get(f"{url}/no-such-file").status_code == 404
    assert phone.get(f"{url}?for=nothing").status_code == 404
    unknown = "/f/" + "x" * 22
    for path in (unknown, f"{unknown}/gmx-pop.txt", "/f/short"):
        response = phone.get(path)
        assert response.status_code == 404
        assert "Dieser Link ist abgelaufen" in response.text
    with client.application.app_context(), db.begin() as session:
        session.execute(update(DownloadLink).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert phone.get(url).status_code == 410
    assert phone.get(f"{url}/gmx-pop.mobileconfig").status_code == 410


def test_deleting_ends_the_link(client: PageLintingClient, phone: PageLintingClient) -> None:
    url = link(client)
    client.submit(client.get("/finish"), form="Jetzt löschen")
    assert phone.get(url).status_code == 404


def test_a_link_needs_complete_answers_and_the_form(client: PageLintingClient) -> None:
    walk(client, *PLAIN[:2])
    page = client.get("/setup/preparation")
    token = next(f.get("value") for f in parse(page.text).iter("input") if f.get("name") == "csrf_token")
    assert client.post("/downloads", data={"csrf_token": token}).headers["Location"] == "/setup/preparation"
    client.application.testing = False
    assert client.post("/downloads", data={}).status_code == 400


def test_the_link_stays_the_same_after_a_change(client: PageLintingClient, phone: PageLintingClient) -> None:
    url = link(client, "thunderbird:windows")
    client.submit(client.get("/setup/program?again=1"), {"program": "outlook-mobile:android"})
    assert follow(client, client.post("/downloads", data=token_of(client))).status_code == 200
    assert "Outlook-App" in phone.get(url, headers={"User-Agent": ANDROID}).text


def test_a_link_with_former_answers_is_not_shown_any_more(client: PageLintingClient) -> None:
    url = link(client, "thunderbird:windows")
    assert url in client.get("/finish").text
    assert url in client.get("/finish?lang=en").text
    client.submit(client.get("/adjust/retention?again=1"), {"keep": "forever"})
    assert url not in client.get("/finish").text
    assert follow(client, client.post("/downloads", data=token_of(client))).text.count(url) >= 1


def test_a_link_of_another_version_is_over_and_no_fault(
    app: Flask, client: PageLintingClient, phone: PageLintingClient
) -> None:
    url = link(client)
    for content in ({"made": "by another version"}, {"devices": [{"client": "gone"}]}):
        with app.app_context():
            links.keep(content, url.removeprefix("/f/"))
        assert phone.get(url).status_code == 410
        assert client.get("/finish").status_code == 200


def test_one_computer_makes_so_many_links_only(client: PageLintingClient) -> None:
    """Sessions cost nothing; a row in the database stays for a day."""
    walk(client, *PLAIN)
    client.get("/finish")
    cookie = client.get_cookie("session")
    token = token_of(client)
    for _ in range(Config().links_per_network[0]):
        assert client.post("/downloads", data=token).status_code == 303
        assert client.post("/downloads", data=token).status_code == 303  # renewed, not made
        assert cookie is not None
        client.set_cookie("session", cookie.value)
    assert client.post("/downloads", data=token).status_code == 429


def test_links_that_are_over_are_deleted_without_anybody_coming(app: Flask, client: PageLintingClient) -> None:
    link(client)
    with app.app_context():
        with db.begin() as session:
            session.execute(update(DownloadLink).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        background.of(app).duties["links-purge"].work(app)
        with db.read() as session:
            assert session.query(DownloadLink).count() == 0


def token_of(client: PageLintingClient) -> dict[str, str]:
    page = client.get("/finish")
    return {
        "csrf_token": next(f.attrib["value"] for f in parse(page.text).iter("input") if f.get("name") == "csrf_token")
    }


def test_the_download_is_told_once_and_not_for_a_look(
    app: Flask, client: PageLintingClient, phone: PageLintingClient
) -> None:
    address = files(phone.get(link(client)).text)[0]
    heard = []

    def hear(sender: object, **values: object) -> None:
        heard.append(values)

    with events.file_downloaded.connected_to(hear, app):
        phone.head(address)
        phone.get(address)
    assert heard == [{"client": "apple-mail", "format": "mobileconfig"}]


def test_a_wish_comes_back_from_json_as_it_was() -> None:
    wish = Wish("a@gmx.de", "A", "gmx.net", "new", "de", "abc123", (WishedDevice("outlook", "windows", "14", "PC"),))
    assert Wish.of_json(wish.as_json()) == wish


@pytest.mark.parametrize(
    ("agent", "system", "no_profiles"),
    [(SAFARI, "iphone", False), (CHROME_IOS, "iphone", False), (FIREFOX_IOS, "iphone", True), (IN_APP, "iphone", True),
     (MAC, "mac", False), (ANDROID, "android", False), (WINDOWS, "windows", False), ("X11; Linux x86_64", "linux", False),
     ("curl/8", None, False)],
)  # fmt: skip
def test_a_browser_names_its_system(agent: str, system: str | None, no_profiles: bool) -> None:
    assert system_of(agent) is (SYSTEMS[system] if system else None)
    assert installs_no_profiles(agent) is no_profiles


@pytest.mark.parametrize(
    ("keep", "words"), [("delete", "kaum noch"), ("14", "nach 14 Tagen. Ein weiteres"), ("forever", None)]
)
def test_a_further_device_is_told_what_the_first_one_deletes(
    client: PageLintingClient, keep: str, words: str | None
) -> None:
    walk(client, *PLAIN, ("retention", {"keep": keep}), *([] if keep == "forever" else [CLEARING[1]]))
    page = client.get(post_link(client)).text
    link = re.search(r"http://localhost(/f/[\w-]{22})", page)
    assert link
    own, further = client.get(f"{link[1]}?for=1").text, client.get(f"{link[1]}?for=android-thunderbird-android").text
    for text, told in ((page, True), (own, False), (further, True)):
        assert ("Ihr Programm löscht" in text) == (told and words is not None)
        assert words is None or (words in text.replace("\N{NO-BREAK SPACE}", " ")) == told
    assert "Dieses Gerät lässt alle" in further
    assert ("Ändern, was bei GMX bleibt" in page) == (words is not None)
    assert "Sie haben gewählt" not in further


def test_a_program_without_a_file_is_not_promised_one(client: PageLintingClient) -> None:
    page = client.get(f"{link(client, 'em-client:windows')}?for=1&lang=en").text
    assert "Your settings file" not in page
    assert "There is no file for this program" in page


def test_the_values_stand_once_on_a_page_whatever_the_provider_has(app: Flask, client: PageLintingClient) -> None:
    def given() -> bool:
        return "<h2>Alle Einstellungen</h2>" in FlaskClient.open(client, "/finish").text

    walk(client, PLAIN[0], ("program", {"program": "gmail-app:android"}), PLAIN[2])
    assert not given()  # they stand in the guide
    providers = app.extensions["providers"].known()
    gmx = providers["gmx.net"]
    without_imap = replace(gmx, servers=tuple(server for server in gmx.servers if server.type is not ServerType.IMAP))
    replace_providers(app, {**providers, "gmx.net": without_imap})
    assert given()
