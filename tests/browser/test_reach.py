"""What axe does not see: text pulled apart, focus behind the helper's line, a list by Tab, “back” after a mistake."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_five_ways import failed
from tests.browser.test_helpdesk import PATIENCE, Desk, button, context, first_run
from tests.support.dovecot import dovecot, reserve
from tests.support.thirty import fill_desk
from webapp.infrastructure.config import Config

__all__ = ["dovecot"]

pytestmark = [pytest.mark.browser, pytest.mark.peers, pytest.mark.timeout(300)]

USERS = reserve(2)
# WCAG 1.4.12: a person may pull text apart as far as this, and loses nothing.
SPACING = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }"
SPACING += "p { margin-bottom: 2em !important }"
# Whether the focus lies wholly behind the helper's line.
HIDDEN = """() => {
  const line = document.querySelector('.helper-band .helper'), focus = document.activeElement;
  if (!line || line.contains(focus) || focus === document.body) return '';
  const [above, seen] = [line.getBoundingClientRect(), focus.getBoundingClientRect()];
  return seen.bottom <= above.bottom && seen.top >= above.top && getComputedStyle(line.parentElement).position === 'sticky'
    ? focus.outerHTML.slice(0, 120) : '';
}"""


def fits(page: Page, width: int) -> None:
    """Nobody scrolls sideways, as the page is and with its text pulled apart."""
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_load_state()
    for spacing in ("", SPACING):
        # Not add_style_tag: our pages allow no styles but their own.
        page.evaluate(
            "css => { const one = new CSSStyleSheet(); one.replaceSync(css); document.adoptedStyleSheets = [one]; }",
            spacing,
        )
        wide = page.evaluate(
            "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
            ".map(one => one.outerHTML.slice(0, 100)).slice(0, 4)"
        )
        found = page.evaluate("document.documentElement.scrollWidth")
        assert found <= width, (page.url, found, bool(spacing), wide)


def test_nobody_scrolls_sideways_and_no_focus_is_hidden(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_work, context(browser, desk) as at_home:
        agent, person = at_work.new_page(), at_home.new_page()
        first_run(agent, desk.add_agent("vera@example.org", "Vera"))
        failed(person, USERS[0].address)
        for width in (320, 390):
            fits(person, width)
        person.set_viewport_size({"width": 1280, "height": 800})
        button(person, "Hilfe holen")
        code = person.locator(".spoken-code").inner_text()
        agent.goto("/helpdesk")
        agent.fill("#code", code)
        button(agent, "Verbinden")
        person.get_by_role("link", name="Ansehen und entscheiden").click()
        button(person, "Ja, verbinden")
        expect(agent.locator(".say.trouble")).to_be_visible(timeout=PATIENCE)
        for width in (320, 390):
            fits(agent, width)
        button(agent, "Prüfen Sie die Verbindung noch einmal.")
        person.goto("/settings/gmx.net")
        expect(person.locator(".helper-hint")).to_be_visible(timeout=PATIENCE)
        person.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        person.locator("footer a").last.focus()
        behind = []
        for _ in range(60):
            person.keyboard.press("Shift+Tab")
            behind.append(person.evaluate(HIDDEN))
        assert not [one for one in behind if one]


@pytest.mark.parametrize("width", [320, pytest.param(390, marks=pytest.mark.proof)])
def test_a_desk_with_thirty_cases_fits(browser: Browser, desk: Desk, width: int) -> None:
    with context(browser, desk) as at_work:
        agent = at_work.new_page()
        login = f"viktor{width}@example.org"
        first_run(agent, desk.add_agent(login, "Viktor"))
        fill_desk(Config(data_dir=desk.data), login)
        agent.goto("/helpdesk")
        fits(agent, width)
        agent.get_by_role("link", name="Platz 7").click()
        expect(agent.locator(".say.trouble")).to_contain_text("GMX hat die Anmeldung abgelehnt")
        fits(agent, width)


def test_the_folded_programs_are_reached_with_the_keyboard(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_home:
        page = at_home.new_page()
        page.goto("/")
        page.fill("#email_address", "anna@gmx.de")
        page.locator("main [data-next]").first.click()
        page.locator(".other-programs summary").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".other-programs input").first).to_be_focused()
        page.keyboard.press("Space")
        expect(page.locator(".other-programs input").first).to_be_checked()


def test_back_after_a_wrong_code_finds_a_page(browser: Browser, desk: Desk) -> None:
    with context(browser, desk) as at_home:
        page = at_home.new_page()
        page.goto("/join")
        page.fill("#code", "123")
        button(page, "Code absenden")
        expect(page.locator("#code-error")).to_be_visible()
        page.get_by_role("link", name="Datenschutz").click()
        page.wait_for_url("**/privacy")
        page.go_back()
        expect(page.locator("#code")).to_be_visible()
