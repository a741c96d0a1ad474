"""The whole way in a real browser, against the real server and a real Dovecot."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.chromium import barriers, serve_site
from tests.support.dovecot import ANNA, UMLAUT, Dovecot, dovecot, start
from tests.support.proofs import sampled

__all__ = ["dovecot"]

pytestmark = [pytest.mark.browser, pytest.mark.peers]

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Safari/605.1.15"
)


class Site:
    """`gmx-pop-wizard serve` as a process."""

    def __init__(self, folder: Path, dovecot: Dovecot) -> None:
        self.port = 0
        self.folder = folder
        self._environment = {**os.environ, **dovecot.environment, "WEBAPP_DATA_DIR": str(folder / "data")}
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        self.process, self.port = serve_site(self._environment, self.log, self.port)
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"), dovecot)
    yield made
    made.stop()


class Walk:
    """A person with a browser: counts what they press, looks at each page."""

    def __init__(self, browser: Browser, site: Site, **context: Any) -> None:
        self.site = site
        self.script = context.get("java_script_enabled", True)
        self.context = browser.new_context(**{"locale": "de-DE", "viewport": {"width": 390, "height": 844}, **context})
        self.context.route(lambda url: not url.startswith(site.url), lambda route: route.abort())
        self.page: Page = self.context.new_page()
        self.policy_violations: list[str] = []
        self.page.on("console", self._hear)
        self.presses = 0

    def _hear(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            self.policy_violations.append(message.text)

    def press(self, selector: str = "main [data-next]") -> None:
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()  # the stylesheet too: without it targets are small and move
        self.presses += 1
        self.look()

    def choose(self, value: str) -> None:
        """Click the label, as people do: the whole card is the target."""
        chosen = self.page.locator(f'input[value="{value}"]')
        self.page.locator(f'label[for="{chosen.get_attribute("id")}"]').click()
        assert chosen.is_checked()

    def look(self) -> None:
        if not self.script:
            return
        self.page.wait_for_load_state("load")  # half a page has other sizes
        assert not barriers(self.page), self.page.url
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.page.viewport_size["width"]  # type: ignore[index]

    def to_the_guide(self, address: str, program: str = "thunderbird:linux") -> None:
        """Answer the three questions."""
        self.page.goto(self.site.url + "/")
        self.look()
        self.page.fill("#email_address", address)
        self.press()
        if not self.page.locator(f'input[value="{program}"]').count():
            self.page.goto(f"{self.site.url}/setup/program?system={program.partition(':')[2]}&again=1")
        self.page.locator("details:has(input)").evaluate_all("found => found.forEach(fold => fold.open = true)")
        self.choose(program)
        self.press()
        self.press()

    def to_the_test(self, address: str) -> None:
        self.to_the_guide(address)
        self.page.goto(self.site.url + "/connection-tests")
        self.look()

    def log_in(self, password: str) -> None:
        self.page.fill("#password", password)
        self.page.locator("form:has(#password) button.button:not(.small)").click()
        if self.script:
            self.page.wait_for_selector("#progress:not([data-poll])")
        for _ in range(20):
            if not self.page.get_by_role("link", name=re.compile("Aktualisieren|Refresh")).count():
                break
            self.page.reload()
        self.look()

    def download(self, folder: Path) -> Path:
        with self.page.expect_download() as download:
            self.page.locator("main a[href^='/f'].button, main a[href^='/finish/'].button").first.click()
        self.presses += 1
        target = folder / download.value.suggested_filename
        download.value.save_as(target)
        return target


@pytest.mark.parametrize("script", sampled([True, False], bool), ids=["with-javascript", "without-javascript"])
def test_several_devices_get_a_plan_and_a_file_each(browser: Browser, site: Site, tmp_path: Path, script: bool) -> None:
    walk = Walk(browser, site, java_script_enabled=script)
    page = walk.page
    walk.to_the_guide(ANNA.address)
    page.goto(site.url + "/adjust/devices")
    walk.choose("several")
    walk.press()  # to the word on IMAP
    walk.press()
    page.select_option("#program-1", "apple-mail:mac")
    page.fill("#name-1", "Büro-Mac")
    walk.press("button[value=add]")
    walk.press("button[value=add]")
    page.select_option("#program-2", "thunderbird:windows")
    page.select_option("#program-3", "outlook-mobile:android")
    walk.press("button[value=remove-3]")
    walk.press("button[value=next]")
    walk.press()  # the plan: everything stays
    page.goto(site.url + "/adjust/retention?again=1")
    walk.choose("days")
    page.fill("#days", "21")
    walk.press()
    assert page.locator("svg.plan-picture").is_visible()
    assert "nach 21 Tagen" in page.inner_text("table.plan")
    walk.press()
    assert page.inner_text("dl.summary").count("Ändern") == 7
    page.goto(site.url + "/finish")
    walk.look()
    first = walk.download(tmp_path)
    page.goto(site.url + "/finish?device=3")
    walk.look()
    assert walk.download(tmp_path).read_bytes() != first.read_bytes()
    page.goto(site.url + "/finish?device=2")
    assert "Büro-Mac" in page.inner_text("nav.devices [aria-current]")
    walk.context.close()


def test_every_kind_page_passes_the_check_in_dark_and_english(browser: Browser, site: Site) -> None:
    walk = Walk(browser, site, locale="en-GB", color_scheme="dark", viewport={"width": 320, "height": 700})
    for address in ("anna@freenet.de", "anna@gmx.d", "anna@turboprinz.de", "anna@gmx.com", "no address"):
        walk.page.goto(site.url + "/")
        walk.page.fill("#email_address", address)
        walk.press()
    walk.page.goto(site.url + "/?gone=1")
    walk.page.fill("#email_address", ANNA.address)
    walk.press()
    walk.page.goto(site.url + "/setup/program?again=1&system=windows")
    walk.press()  # nothing chosen
    assert walk.page.locator(".error").is_visible()
    for program in ("unknown", "windows-mail:windows"):
        walk.page.goto(site.url + "/setup/program?again=1&system=windows")
        walk.page.locator("details:has(input)").evaluate_all("found => found.forEach(fold => fold.open = true)")
        walk.choose(program)
        walk.press()  # to its own page
    for path in ("/done", "/deleted", "/f/" + "x" * 22):
        walk.page.goto(site.url + path)
        walk.look()
    walk.context.close()


def test_back_after_a_mistake_shows_the_page(browser: Browser, site: Site) -> None:
    walk = Walk(browser, site)
    walk.page.goto(site.url + "/")
    walk.page.fill("#email_address", "anna")
    walk.press()
    assert walk.page.evaluate("document.activeElement.id") == "email_address"
    walk.page.fill("#email_address", ANNA.address)
    walk.press()
    walk.page.go_back()
    assert walk.page.locator("#email_address").is_visible()
    walk.context.close()


def test_deleting_and_the_app_password_pass_the_check(browser: Browser, site: Site) -> None:
    walk = Walk(browser, site, viewport={"width": 320, "height": 700})
    walk.page.goto(site.url + "/")
    walk.page.fill("#email_address", ANNA.address)
    walk.press()
    walk.choose("thunderbird:linux")
    walk.press()
    walk.choose("yes")
    walk.press()  # to the app password
    walk.press()
    for path in ("/adjust", "/adjust/name", "/adjust/port"):
        walk.page.goto(site.url + path)
        walk.look()
    walk.page.goto(site.url + "/adjust/retention")
    walk.choose("delete")
    walk.press()
    assert "nicht rückgängig" in walk.page.inner_text("main")
    walk.context.close()


@pytest.mark.parametrize(
    ("program", "scheme"),
    sampled(
        product(
            (
                "apple-mail:mac",
                "apple-mail:iphone",
                "other:windows",
                "gmail-app:android",
                "msmtp:linux",
                "outlook:windows",
            ),
            ("light", "dark"),
        ),
        [("apple-mail:iphone", "light"), ("outlook:windows", "dark")].__contains__,
    ),
)
def test_what_a_program_keeps_and_its_last_page_pass_the_check(
    browser: Browser, site: Site, program: str, scheme: str
) -> None:
    walk = Walk(browser, site, viewport={"width": 320, "height": 700}, color_scheme=scheme)
    walk.to_the_guide(ANNA.address, program)
    for path in ("/adjust", "/adjust/retention", "/finish"):
        walk.page.goto(site.url + path)
        walk.look()
        ways = walk.page.locator("span.way").evaluate_all("found => found.map(way => getComputedStyle(way).display)")
        assert set(ways) <= {"inline"}, path
    walk.context.close()


def test_the_link_leads_a_phone_to_its_file(browser: Browser, site: Site, tmp_path: Path) -> None:
    walk = Walk(browser, site)
    walk.to_the_guide(ANNA.address)
    walk.page.goto(site.url + "/finish")
    walk.page.click("#link > summary")  # only who needs it unfolds it
    walk.press('form[action="/downloads"] button')
    assert walk.page.locator(".qr svg").is_visible()
    url = walk.page.locator("#link a.value").get_attribute("href") or ""
    walk.context.close()
    phone = Walk(browser, site, user_agent=IPHONE)
    phone.page.goto(site.url + url)
    phone.look()
    assert "iPhone" in phone.page.inner_text(".lead")
    assert phone.download(tmp_path).name.endswith(".mobileconfig")
    assert not phone.context.cookies()
    phone.context.close()


def test_an_ipad_that_calls_itself_a_mac_sees_its_own_file_first(browser: Browser, site: Site) -> None:
    walk = Walk(browser, site)
    walk.to_the_guide(ANNA.address, "apple-mail:mac")
    walk.page.goto(site.url + "/finish")
    walk.page.click("#link > summary")  # only who needs it unfolds it
    walk.press('form[action="/downloads"] button')
    url = walk.page.locator("#link a.value").get_attribute("href") or ""
    walk.context.close()
    for touch_points, first in ((0, "Auf diesem Mac"), (5, "Auf einem iPad oder iPhone")):
        tablet = Walk(browser, site, user_agent=MAC)
        tablet.context.add_init_script(
            f"Object.defineProperty(Navigator.prototype, 'maxTouchPoints', {{get: () => {touch_points}}})"
        )
        tablet.page.goto(site.url + url)
        tablet.look()
        assert tablet.page.locator(".offers h2").first.inner_text() == first
        tablet.context.close()


@pytest.mark.parametrize("script", sampled([True, False], bool), ids=["with-javascript", "without-javascript"])
def test_a_green_login_test_leads_to_the_saved_file(
    browser: Browser, site: Site, dovecot: Dovecot, tmp_path: Path, script: bool
) -> None:
    user = ANNA if script else UMLAUT
    before = dovecot.attempts(user.address)
    walk = Walk(browser, site, java_script_enabled=script, color_scheme="dark")
    walk.to_the_test(user.address)
    walk.log_in(user.password)
    assert "Alles funktioniert" in walk.page.content()
    walk.page.reload()
    walk.page.go_back()
    walk.page.go_forward()
    assert dovecot.attempts(user.address) == before + 2
    walk.page.goto(site.url + "/finish")
    assert walk.download(tmp_path).exists()
    walk.context.close()


def test_a_wrong_password_shows_the_checklist_after_one_attempt(browser: Browser, site: Site, dovecot: Dovecot) -> None:
    address = dovecot.users[-1].address
    before = dovecot.attempts(address)
    walk = Walk(browser, site, viewport={"width": 1280, "height": 900})
    walk.to_the_test(address)
    walk.log_in("canary-wrong-4711")
    page = walk.page.content()
    assert "GMX hat die Anmeldung abgelehnt" in page
    assert "POP3" in page
    assert dovecot.attempts(address) == before + 1
    assert "canary-wrong-4711" not in page
    walk.context.close()


def test_the_result_fills_in_while_the_test_runs(browser: Browser, tmp_path: Path) -> None:
    with start(failure_delay=4) as slow:  # longer than the page waits
        own = Site(tmp_path, slow)
        try:
            walk = Walk(browser, own)
            walk.to_the_test(ANNA.address)
            walk.page.fill("#password", "canary-wrong-4713")
            walk.page.locator("form:has(#password) button.button:not(.small)").click()
            region = walk.page.locator("#progress")
            assert region.get_attribute("data-poll")
            assert walk.page.get_by_text("Die Prüfung läuft").first.is_visible()
            walk.page.locator("[data-without-script]").wait_for(state="hidden")
            walk.page.evaluate("window.same = true")
            walk.page.get_by_role("button", name="Prüfung abbrechen").focus()
            walk.page.wait_for_selector("#progress:not([data-poll])")
            assert walk.page.evaluate("window.same")
            assert walk.page.locator("body > [role=status]").text_content() == "GMX hat die Anmeldung abgelehnt"
            assert walk.page.evaluate("document.activeElement.textContent") == "GMX hat die Anmeldung abgelehnt"
            walk.page.get_by_text("Für Fachleute").click()
            assert walk.page.get_by_role("button", name="Bericht kopieren").is_visible()
            assert not walk.policy_violations, walk.policy_violations  # axe itself styles a part of this page
            walk.look()
            assert slow.attempts(ANNA.address) == 1
            walk.context.close()
        finally:
            own.stop()


def test_english_is_complete_on_the_way(browser: Browser, site: Site) -> None:
    walk = Walk(browser, site, locale="en-GB")
    walk.to_the_test(ANNA.address)
    assert walk.page.title().startswith("Test the connection")
    assert walk.page.locator("html").get_attribute("lang") == "en"
    walk.context.close()


def test_after_a_crash_the_test_reads_as_interrupted_and_is_not_repeated(
    browser: Browser, dovecot: Dovecot, tmp_path: Path
) -> None:
    own = Site(tmp_path, dovecot)
    address = dovecot.users[-2].address
    try:
        walk = Walk(browser, own)
        walk.to_the_test(address)
        walk.log_in("canary-wrong-4712")
        attempts = dovecot.attempts(address)
        own.kill()
        own.start()
        walk.page.reload()
        assert "unterbrochen" in walk.page.content()
        time.sleep(1)  # in which a second login could come; nothing tells that none will
        assert dovecot.attempts(address) == attempts == 1
        cookies = str(walk.context.cookies())
        walk.context.close()
    finally:
        own.stop()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + cookies.encode()
    assert b"canary-wrong-4712" not in kept
    assert address.encode() not in kept
