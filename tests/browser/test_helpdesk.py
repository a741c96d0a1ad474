"""An agent and a person, two browsers, one call: from the invitation to the last trace."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.chromium import barriers, serve_site
from tests.support.dovecot import POP_OFF, Dovecot, dovecot
from tests.support.receiver import Receiver, receiver

__all__ = ["dovecot"]

pytestmark = [pytest.mark.browser, pytest.mark.peers]

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
PASSWORD = "Ein Satz nur für Tests"
PATIENCE = 60_000  # milliseconds that a loaded machine may need
ANSWERS = ("thunderbird:linux", "one", "forever", "pop3", "no", "existing")


class Desk:
    """`gmx-pop-wizard serve` with a webhook, under the name that passkeys need."""

    def __init__(self, folder: Path, dovecot: Dovecot, hook: Receiver) -> None:
        self.data = folder / "data"
        self.environment = {
            **os.environ,
            **dovecot.environment,
            "WEBAPP_DATA_DIR": str(self.data),
            "WEBAPP_OPERATOR_NAME": "Stadtwerke Beispiel",
            "WEBAPP_WEBHOOK_URL": hook.url + "/hook",
            "WEBAPP_WEBHOOK_SECRET": "a webhook secret that is only for tests",
        }
        self.process, port = serve_site(self.environment, folder / "log")
        self.url = f"http://localhost:{port}"

    def run(self, *arguments: str) -> str:
        result = subprocess.run([COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=True)
        return result.stdout.strip()

    def add_agent(self, login: str, name: str, role: str = "agent") -> str:
        """Add an agent; return the path of the first-run link."""
        link = self.run("agents", "add", login, "--name", name, "--role", role)
        return "/" + link.split("/", 3)[3]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, hook: Receiver) -> Iterator[Desk]:
    made = Desk(tmp_path, dovecot, hook)
    yield made
    made.stop()


@pytest.fixture
def pop_switch(dovecot: Dovecot) -> Iterator[Any]:
    """Switch POP on for the user whose logins are refused; off again afterwards."""
    users = dovecot.folder / "users"
    before = users.read_text(encoding="utf-8")

    def switch_on() -> None:
        lines = [
            f"{POP_OFF.address}:{POP_OFF.password}" if line.startswith(POP_OFF.address) else line
            for line in before.splitlines()
        ]
        users.write_text("\n".join(lines) + "\n", encoding="utf-8")
        later = time.time() + 2  # Dovecot reads the file again where its time or size changed
        os.utime(users, (later, later))

    yield switch_on
    users.write_text(before, encoding="utf-8")


def context(browser: Browser, desk: Desk, **values: Any) -> BrowserContext:
    made = browser.new_context(base_url=desk.url, locale="de-DE", **values)
    made.route(lambda url: not url.startswith(desk.url), lambda route: route.abort())
    made.set_default_timeout(PATIENCE)
    return made


def look(page: Page) -> None:
    page.wait_for_load_state()  # a page without its style sheet has small buttons
    assert not barriers(page), page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def look_at_every_width(page: Page) -> None:
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        look(page)


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=False).first.click()


def first_run(page: Page, path: str) -> None:
    page.goto(path)
    look(page)
    page.fill("#password", PASSWORD)
    button(page, "Passwort speichern")
    expect(page).to_have_url(re.compile("/helpdesk/account"))


def connect(desk: Desk, agent: Page, person: Page) -> None:
    """Let Vera, on her first day, open a case, and the person connect by its code."""
    first_run(agent, desk.add_agent("vera@example.org", "Vera"))
    agent.goto("/helpdesk")
    button(agent, "Fall eröffnen")
    person.goto("/join")
    person.fill("#code", agent.locator(".spoken-code").inner_text())
    button(person, "Code absenden")
    button(person, "Ja, verbinden mit Vera")


def answer_until_the_test(page: Page, address: str) -> None:
    """Answer every page of the wizard in the plainest way."""
    page.goto("/")
    for _ in range(15):
        if re.search("/finish|/guide", page.url):
            page.goto("/connection-tests")
            return
        if page.locator("#email_address").count():
            page.fill("#email_address", address)
        for value in ANSWERS:
            choice = page.locator(f'main input:not([type=hidden])[value="{value}"]')
            if choice.count():
                choice.first.evaluate("field => field.closest('details')?.setAttribute('open', '')")
                choice.first.check(force=True)
        page.locator("main [data-next]").first.click()
    raise AssertionError(page.url)


def log_in(page: Page, password: str) -> None:
    page.goto("/connection-tests")
    page.fill("#password", password)
    page.locator("form:has(#password) button.button:not(.small)").click()
    for _ in range(40):
        if not page.get_by_role("link", name="Aktualisieren").count():
            return
        page.reload()


def test_one_call_from_the_invitation_to_the_last_trace(
    browser: Browser, desk: Desk, hook: Receiver, pop_switch: Any, tmp_path: Path
) -> None:
    with context(browser, desk, viewport={"width": 1280, "height": 900}) as at_work:
        agent = at_work.new_page()
        complaints: list[str] = []
        agent.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        first_run(agent, desk.add_agent("vera@example.org", "Vera Weber"))
        agent.goto("/helpdesk")
        look(agent)
        agent.fill("#ticket", "#4711")
        button(agent, "Fall eröffnen")
        look_at_every_width(agent)
        code = agent.locator(".spoken-code").inner_text()

        with context(browser, desk, viewport={"width": 390, "height": 844}, color_scheme="dark") as at_home:
            person = at_home.new_page()
            person.goto("/")
            look(person)
            person.get_by_role("link", name="Jemand hilft mir: Code eingeben").click()
            look(person)
            person.fill("#code", code.replace(" ", "-"))
            button(person, "Code absenden")
            look(person)
            assert "Stadtwerke Beispiel" in person.inner_text("main")
            expect(agent.locator(".case-tools")).to_be_visible()
            button(person, "Ja, verbinden mit Vera Weber")
            expect(agent.get_by_text("verbunden").first).to_be_visible(timeout=PATIENCE)

            answer_until_the_test(person, POP_OFF.address)
            assert "Vera Weber sieht Ihren Fortschritt." in person.inner_text(".helper-band")
            look(person)
            log_in(person, POP_OFF.password)
            seen_by_person = time.monotonic()
            expect(agent.locator(".say.trouble")).to_be_visible(timeout=PATIENCE)
            seconds = time.monotonic() - seen_by_person
            sys.stdout.write(f"the agent saw the cause {seconds:.1f} s after the person\n")
            look(agent)
            assert "GMX hat die Anmeldung abgelehnt" in agent.inner_text(".say.trouble")
            assert agent.locator(".say-sentence").inner_text().startswith("„")
            assert agent.locator(".say-ask").count()

            button(agent, "Schalten Sie bei GMX „POP3- und IMAP-Zugriff erlauben“ ein.")
            expect(person.locator(".helper-hint")).to_contain_text(
                "Schalten Sie bei GMX „POP3- und IMAP-Zugriff erlauben“ ein.", timeout=PATIENCE
            )
            pop_switch()
            log_in(person, POP_OFF.password)
            assert "Alles funktioniert" in person.inner_text("main")
            expect(agent.locator(".say:not(.trouble)")).to_be_visible(timeout=PATIENCE)

            person.goto("/finish")
            with person.expect_download() as download:
                person.locator("main a[href^='/finish/'].button").first.click()
            assert download.value.path().stat().st_size > 300
            expect(agent.locator(".live-where")).to_contain_text("heruntergeladen", timeout=PATIENCE)
            look(agent)
            for secret in (POP_OFF.password, POP_OFF.address):
                assert secret not in agent.content()
            assert "p…s@gmx.de" in agent.inner_text("main")

            agent.fill("#text", "POP war aus.")
            button(agent, "Notiz speichern")
            agent.select_option("#outcome", "solved")
            button(agent, "Fall abschließen")
            expect(agent).to_have_url(re.compile("/report$"))
            look(agent)
            report = agent.inner_text("pre")
            assert "#4711" in report
            assert "POP war aus." in report
            expect(person.locator(".helper-band")).to_contain_text("Die Hilfe ist beendet.", timeout=PATIENCE)

            assert hook.arrived.wait(PATIENCE / 1000)
            (received,) = hook.requests
            assert received.headers["webhook-signature"].startswith("v1,")
            assert received.json["case"]["outcome"] == "solved"
            assert [run["state"] for run in received.json["case"]["tests"]] == ["failed", "passed"]
            assert received.json["text"] == report

            for path in ("/helpdesk", "/helpdesk/statistics", "/helpdesk/account"):
                agent.goto(path)
                look_at_every_width(agent)
            assert not [text for text in complaints if "Content Security Policy" in text]

    with sqlite3.connect(desk.data / "wizard.sqlite3", timeout=20) as database:
        for table, column in (("cases", "touched_at"), ("deliveries", "created_at")):
            database.execute(f"UPDATE {table} SET {column} = datetime({column}, '-25 hours')")  # noqa: S608
    database.close()
    counts = dict(line.split() for line in desk.run("purge").splitlines())
    assert counts["cases"] == "1"
    with sqlite3.connect(desk.data / "wizard.sqlite3", timeout=20) as database:
        for table in ("cases", "case_events", "case_notes", "case_runs", "deliveries"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # noqa: S608
        assert database.execute("SELECT sum(number) FROM helpdesk_counts WHERE measure = 'case'").fetchone() == (2,)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (POP_OFF.password, POP_OFF.address, code.replace(" ", ""), "POP war aus."):
        assert secret.encode() not in kept, secret


def focused(page: Page) -> str:
    """Return the id of what has the focus, or the name by which it is found again after a swap."""
    found: str = page.evaluate("document.activeElement.id || document.activeElement.dataset.key || ''")
    return found


def test_what_the_agent_does_outlives_what_the_person_does(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_work, context(browser, desk) as at_home:
        agent, person = at_work.new_page(), at_home.new_page()
        first_run(agent, desk.add_agent("vera@example.org", "Vera"))
        agent.goto("/helpdesk")
        button(agent, "Fall eröffnen")
        agent.evaluate("window.same = true")
        agent.locator("#text").press_sequentially("POP war au.")
        agent.keyboard.press("ArrowLeft")

        person.goto("/join")
        person.fill("#code", agent.locator(".spoken-code").inner_text())
        button(person, "Code absenden")
        expect(agent.get_by_text("Die Person liest gerade, wer Sie sind")).to_be_visible(timeout=PATIENCE)
        assert focused(agent) == "text"
        agent.keyboard.type("s")
        button(person, "Ja, verbinden mit Vera")
        expect(agent.locator(".hint-list")).to_be_visible(timeout=PATIENCE)
        assert agent.input_value("#text") == "POP war aus."
        assert agent.evaluate("window.same")
        look(agent)
        button(agent, "Notiz speichern")
        assert agent.locator(".note-text").inner_text() == "POP war aus."

        agent.locator("#log").press("Enter")
        person.goto("/help/not-working")  # where the person was not before: reading it out needs something new
        expect(agent.locator(".live-where")).to_contain_text("Es funktioniert nicht", timeout=PATIENCE)
        assert focused(agent) == "log"
        assert agent.locator(".log-box").get_attribute("open") is not None
        voice = agent.locator("body > [role=status]")
        expect(voice).to_have_text(re.compile(r"^verbunden\. ."), timeout=PATIENCE)
        assert voice.inner_text().removeprefix("verbunden. ") in agent.locator(".say-sentence").inner_text()

        agent.route("**/progress", lambda route: route.abort())
        expect(agent.locator("[data-stale]")).to_be_visible(timeout=PATIENCE)
        agent.unroute("**/progress")
        expect(agent.locator("[data-stale]")).to_be_hidden(timeout=PATIENCE)

        agent.fill("#text", "Noch nicht gespeichert")
        at_work.clear_cookies()  # signed out elsewhere
        expect(agent.locator("[data-stale]")).to_be_visible(timeout=PATIENCE)
        assert agent.input_value("#text") == "Noch nicht gespeichert"


def test_a_sentence_that_came_too_late_is_told_on_the_page_that_changes_by_itself(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_work, context(browser, desk) as at_home:
        agent, person = at_work.new_page(), at_home.new_page()
        connect(desk, agent, person)
        expect(agent.locator(".hint-list")).to_be_visible(timeout=PATIENCE)
        agent.route("**/progress", lambda route: route.abort())  # the page does not learn in time
        button(person, "Hilfe beenden")
        agent.locator(".hint-button").first.click()
        expect(agent.locator("form[data-sent]")).to_have_count(0, timeout=PATIENCE)  # it was answered
        agent.unroute("**/progress")
        expect(agent.get_by_text("Der Satz wurde nicht gezeigt")).to_be_visible(timeout=PATIENCE)


def test_each_way_to_show_something_stands_once_on_whatever_page_the_person_is(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_work, context(browser, desk) as at_home:
        agent, person = at_work.new_page(), at_home.new_page()
        connect(desk, agent, person)
        agent.select_option("#step", index=1)  # not shown yet
        person.goto("/")
        person.fill("#email_address", POP_OFF.address)
        person.locator("main [data-next]").first.click()
        expect(agent.locator(".case-head")).to_contain_text("@", timeout=PATIENCE)  # the page is another
        assert [agent.locator(one).count() for one in ("#step option:nth-child(2):checked", ".hint-list")] == [1, 1]


def test_the_queue_grows_under_a_button_that_keeps_the_focus(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_work, context(browser, desk) as at_home, context(browser, desk) as elsewhere:
        agent = at_work.new_page()
        first_run(agent, desk.add_agent("vera@example.org", "Vera"))
        agent.goto("/helpdesk")
        rows = agent.locator(".queue li")
        for number, home in enumerate((at_home, elsewhere), 1):
            person = home.new_page()
            person.goto("/join")
            button(person, "Hilfe holen")
            expect(rows).to_have_count(number, timeout=PATIENCE)
            assert agent.locator("body > [role=status]").inner_text() == f"Warten auf Hilfe: {number}"
            if number == 1:
                rows.get_by_role("button").focus()
        assert focused(agent) == f"accept-{rows.first.locator('code').inner_text()}"
        look(agent)


def test_without_javascript_agent_and_person_press_refresh(browser: Browser, desk: Desk) -> None:
    with (
        context(browser, desk, java_script_enabled=False) as at_work,
        context(browser, desk, java_script_enabled=False) as at_home,
    ):
        agent, person = at_work.new_page(), at_home.new_page()
        agent.goto(desk.add_agent("vera@example.org", "Vera"))
        agent.fill("#password", PASSWORD)
        button(agent, "Passwort speichern")
        person.goto("/")
        button(person, "Hilfe holen")
        agent.goto("/helpdesk")
        agent.fill("#code", person.locator(".spoken-code").inner_text())
        button(agent, "Verbinden")
        person.get_by_role("link", name="Aktualisieren").click()
        button(person, "Ja, verbinden mit Vera")
        person.goto("/")
        agent.get_by_role("link", name="Aktualisieren").click()
        assert "ist hier" in agent.inner_text("main")
        button(agent, "Lassen Sie das GMX-Fenster offen.")
        person.reload()
        assert "Lassen Sie das GMX-Fenster offen." in person.inner_text(".helper-band")
        button(person, "Hilfe beenden")
        assert not person.locator(".helper-band").count()


def test_a_passkey_is_the_second_step(browser: Browser, desk: Desk) -> None:
    with context(browser, desk, color_scheme="dark") as at_work:
        page = at_work.new_page()
        session = at_work.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2", "transport": "internal", "hasResidentKey": False, "hasUserVerification": True,
                    "isUserVerified": True, "automaticPresenceSimulation": True,
                }
            },
        )  # fmt: skip
        first_run(page, desk.add_agent("vera@example.org", "Vera"))
        look(page)
        button(page, "Passkey hinzufügen")
        expect(page.locator(".recovery li")).to_have_count(8)
        look(page)
        button(page, "Abmelden")
        page.fill("#login", "vera@example.org")
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Anmelden", exact=True).click()
        expect(page).to_have_url(re.compile("/second-factor$"))
        look(page)
        button(page, "Passkey benutzen")
        expect(page).to_have_url(re.compile("/helpdesk$"))
        with context(browser, desk) as elsewhere:  # the same password, no passkey
            other = elsewhere.new_page()
            other.goto("/helpdesk/sign-in")
            other.fill("#login", "vera@example.org")
            other.fill("#password", PASSWORD)
            other.get_by_role("button", name="Anmelden", exact=True).click()
            other.goto("/helpdesk")
            expect(other).to_have_url(re.compile("/second-factor$"))
