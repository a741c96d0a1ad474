"""After a mistake “reload” and “back” find a page: the browser never asks whether to send the form once more."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_helpdesk import PASSWORD, Desk, answer_until_the_test, button, context, first_run, look
from tests.support.dovecot import ANNA, Dovecot, dovecot

__all__ = ["dovecot"]

pytestmark = [pytest.mark.browser, pytest.mark.peers, pytest.mark.timeout(300)]


def send(page: Page, press: str, fields: dict[str, str]) -> None:
    """Send the form; the page after it was fetched by GET, so that the browser has nothing to send again."""
    for selector, text in fields.items():
        page.fill(selector, text)
    with page.expect_navigation() as navigation:
        button(page, press)
    assert navigation.value.request.method == "GET", page.url


def come_again(page: Page) -> Iterator[None]:
    """Reload the page, and come back to it from another one."""
    page.reload()
    yield
    page.goto("/privacy")
    page.go_back()
    yield


def is_told_once(page: Page, press: str, fields: dict[str, str]) -> None:
    """Send a form of the open page with a mistake: it is told with the focus on it, and to who comes again no more."""
    send(page, press, fields)
    expect(page.locator(".error-summary")).to_be_focused()
    look(page)
    for _ in come_again(page):
        for selector in fields:
            expect(page.locator(selector)).to_be_visible()
        expect(page.locator(".error-summary")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "press", "fields"),
    [
        ("/computer", "Öffnen", {"#code": "123"}),
        ("/computer", "Öffnen", {"#code": "123 456 789"}),
        ("/reports", "Bericht erklären", {"#report": "Das ist keiner."}),
        ("/reports", "Bericht erklären", {"#report": "Das ist keiner. " * 400}),
        ("/join", "Code absenden", {"#code": "123"}),
        ("/helpdesk/sign-in", "Anmelden", {"#login": "nobody@example.org", "#password": "wrong"}),
    ],
)
def test_a_mistake_is_told_on_a_page_to_come_back_to(
    browser: Browser, desk: Desk, path: str, press: str, fields: dict[str, str]
) -> None:
    with context(browser, desk) as at_home:
        page = at_home.new_page()
        page.goto(path)
        is_told_once(page, press, fields)


def test_so_is_one_before_a_login_test_and_the_question_about_a_blank(
    browser: Browser, desk: Desk, dovecot: Dovecot
) -> None:
    before = dovecot.attempts(ANNA.address)
    with context(browser, desk) as at_home:
        page = at_home.new_page()
        answer_until_the_test(page, ANNA.address)
        is_told_once(page, "Anmeldung jetzt prüfen", {"#password": "  "})
        send(page, "Anmeldung jetzt prüfen", {"#password": f" {ANNA.password}"})
        for _ in come_again(page):
            expect(page.locator("button[name=blanks]").first).to_be_visible()
    assert dovecot.attempts(ANNA.address) == before


def test_so_are_those_of_an_agent_who_signs_in(browser: Browser, desk: Desk) -> None:
    path = desk.add_agent("vera@example.org", "Vera")
    with context(browser, desk) as at_work:
        page = at_work.new_page()
        page.goto(path)
        is_told_once(page, "Passwort speichern", {"#password": "kurz"})
        first_run(page, path)
        is_told_once(page, "Passwort speichern", {"#current": "wrong", "#password": "Noch ein Satz nur für Tests"})
        button(page, "App einrichten")
        app = pyotp.TOTP(page.locator(".steps .value").inner_text().replace(" ", ""))
        is_told_once(page, "App einschalten", {"#code": "1"})
        page.fill("#code", app.now())
        button(page, "App einschalten")
        expect(page.locator(".recovery")).to_be_visible()
        page.goto("/helpdesk/account/presence")
        is_told_once(page, "Mit dem Passwort weiter", {"#password": "wrong"})
    with context(browser, desk) as at_work:
        page = at_work.new_page()
        page.goto("/helpdesk/sign-in")
        page.fill("#login", "vera@example.org")
        page.fill("#password", PASSWORD)
        button(page, "Anmelden")
        page.wait_for_url("**/second-factor")
        is_told_once(page, "Mit dem Code weiter", {"#code": "000000"})
