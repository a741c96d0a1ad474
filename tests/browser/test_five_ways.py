"""Five ways to connect after a test has failed: presses, seconds, and one login alone at the server."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_helpdesk import PATIENCE, Desk, context, first_run, look
from tests.support.dovecot import Dovecot, User, dovecot, reserve
from tests.web.wizard.walk import url_of

__all__ = ["dovecot"]

pytestmark = [pytest.mark.browser, pytest.mark.peers]

USERS = reserve(5)
PRESSES = {"agent": 2, "person": 3}  # at most
CAUSE = "GMX hat die Anmeldung abgelehnt"


@pytest.fixture(scope="module")
def at_the_desk(browser: Browser, desk: Desk) -> Iterator[Page]:
    """The agent's page, signed in."""
    with context(browser, desk) as at_work:
        page = at_work.new_page()
        first_run(page, desk.add_agent("vera@example.org", "Vera"))
        sys.stdout.write("\nway                  agent  person  codes  seconds to the cause  logins\n")
        yield page


Way = Callable[["Hand", "Hand", str], None]


class Hand:
    """Somebody's mouse and keyboard: presses are counted, and codes typed."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses, self.codes = page, 0, 0

    def press(self, name: str, role: str = "button") -> None:
        self.presses += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def type(self, text: str) -> None:
        self.codes += 1
        self.page.fill("#code", text)


def answered(page: Page, address: str) -> None:
    page.goto("/")
    page.fill("#email_address", address)
    page.locator("main [data-next]").first.click()
    page.locator('main input[value="thunderbird:linux"]').first.check(force=True)
    page.locator("main [data-next]").first.click()
    page.wait_for_url(f"**{url_of('preparation')}")
    page.locator("main [data-next]").first.click()
    page.wait_for_url("**/guide/**")


def failed(page: Page, address: str) -> str:
    """Let the login be refused; return the reference of the page."""
    answered(page, address)
    page.goto("/connection-tests")
    page.fill("#password", "a wrong password")
    page.locator("form:has(#password) button.button:not(.small)").click()
    expect(page.get_by_text(CAUSE).first).to_be_visible(timeout=PATIENCE)
    found = re.search(r"Kundendienst:\s*(\w{8})", page.inner_text("main"))
    assert found
    return found[1]


def agree(person: Hand) -> None:
    person.press("Ja, verbinden")


def person_reads_a_code(agent: Hand, person: Hand, _reference: str) -> None:
    person.press("Hilfe holen")
    agent.type(person.page.locator(".spoken-code").inner_text())
    agent.press("Verbinden")
    person.press("Ansehen und entscheiden", "link")
    agree(person)


def agent_reads_a_code(agent: Hand, person: Hand, _reference: str) -> None:
    agent.press("Fall eröffnen")
    person.press("Jemand hilft mir", "link")
    person.type(agent.page.locator(".spoken-code").inner_text())
    person.press("Code absenden")
    agree(person)


def reference(agent: Hand, person: Hand, reference: str) -> None:
    agent.type(reference)
    agent.press("Verbinden")
    person.press("Ansehen und entscheiden")
    agree(person)


def link(agent: Hand, person: Hand, _reference: str) -> None:
    agent.press("Fall eröffnen")
    agent.presses += 1  # “copy the link”
    url = agent.page.locator(".link-text").inner_text()
    person.presses += 1  # in the message
    person.page.goto("/" + url.split("/", 3)[3])
    person.press("Zeigen, wer es ist")
    agree(person)


def queue(agent: Hand, person: Hand, _reference: str) -> None:
    person.press("Hilfe holen")
    agent.press("Annehmen")
    person.press("Ansehen und entscheiden", "link")
    agree(person)


WAYS: dict[Way, User] = dict(zip((reference, person_reads_a_code, agent_reads_a_code, link, queue), USERS, strict=True))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=pytest.mark.proof if way is not reference else ()) for way in WAYS]
)
def test_shows_the_cause_in_few_presses_and_without_another_login(
    browser: Browser, desk: Desk, dovecot: Dovecot, at_the_desk: Page, way: Way
) -> None:
    user = WAYS[way]
    with context(browser, desk, viewport={"width": 390, "height": 844}) as at_home:
        agent, person = Hand(at_the_desk), Hand(at_home.new_page())
        kennung = failed(person.page, user.address)
        where = person.page.url
        agent.page.goto("/helpdesk")
        begun = time.monotonic()
        way(agent, person, kennung)
        expect(agent.page.locator(".say.trouble")).to_contain_text(CAUSE, timeout=PATIENCE)
        seconds = time.monotonic() - begun
        assert agent.page.locator(".say-sentence").inner_text().startswith("„")
        expect(person.page).to_have_url(where)
        logins = dovecot.attempts(user.address)
        sys.stdout.write(
            f"{way.__name__:20} {agent.presses:5} {person.presses:7} {person.codes + agent.codes:6} {seconds:21.1f} {logins:7}\n"
        )
        assert agent.presses <= PRESSES["agent"]
        assert person.presses <= PRESSES["person"]
        assert person.codes + agent.codes <= 1
        assert logins == 1
        look(agent.page)
        look(person.page)
