"""Walks every journey in Chromium and prints what it costs a person: `make journeys`.

Counted are the words a person sees in `main`, but for pictures, values to copy and controls that repeat on every page;
presses of what leads on and of choices that are not made already; fields to type into.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.screenshots import site
from tests.support.chromium import chromium

WORDS_A_MINUTE = 200
AGENTS = {
    "windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 "
    "Safari/537.36 Edg/130.0",
    "mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Safari/605.1.15",
    "iphone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1",
    "samsung": "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36",
    "pixel": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile "
    "Safari/537.36",
}
# Words of `main`: [seen, folded].
_WORDS = """() => {
  const words = [0, 0];
  const main = document.querySelector("main");
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const count = walker.currentNode.textContent.split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word)).length;
    if (!count || element.closest("svg, img, figure, script, noscript, [data-value], [data-controls], .hidden-text")) continue;
    const fold = element.closest("details:not([open])");
    if (fold && !(element.closest("summary") && element.closest("summary").parentElement === fold)) words[1] += count;
    else if (element.checkVisibility()) words[0] += count;
  }
  return words;
}"""


@dataclass(frozen=True, slots=True)
class Journey:
    """One person: their device, their program (`client:system`, "" for the one that is chosen already), their address."""

    name: str
    agent: str
    program: str = ""
    address: str = "anna.beispiel@gmx.de"
    two_factor: bool = False
    locale: str = "de"
    platform: str = ""
    by_imap: bool = False  # by the link on the first page
    second: str = ""  # the program of a second device, set up after the first works


JOURNEYS = (
    Journey("Outlook classic", "windows", "outlook:windows"),
    Journey("Outlook classic, English", "windows", "outlook:windows", locale="en"),
    Journey("Outlook new", "windows", "outlook-new:windows"),
    Journey("does not know, Windows", "windows", "unknown"),
    Journey("Thunderbird", "windows"),
    Journey("Thunderbird, English", "windows", locale="en"),
    Journey("Thunderbird, six digits at login", "windows", two_factor=True),
    Journey("iPhone", "iphone"),
    Journey("Mac", "mac"),
    Journey("Android, Samsung", "samsung"),
    Journey("Android, Gmail app", "pixel"),
    Journey("Android, Thunderbird", "pixel", "thunderbird-android:android"),
    Journey("WEB.DE", "windows", address="anna.beispiel@web.de"),
    Journey("IMAP, Thunderbird", "windows", by_imap=True),
    Journey("IMAP, iPhone, English", "iphone", locale="en", by_imap=True),
    Journey("IMAP, Outlook classic", "windows", "outlook:windows", by_imap=True),
    Journey("two devices, Thunderbird and iPhone", "windows", second="apple-mail:iphone"),
    Journey("gmx.com, English", "windows", address="anna@gmx.com", locale="en", platform="gmx.com"),
)  # fmt: skip


@dataclass(slots=True)
class Seen:
    """One page as it stood: its kind, the words seen and folded in it, its height."""

    path: str
    kind: str
    words: int
    folded: int
    height: int


@dataclass(slots=True)
class Cost:
    """What a journey took. presses and fields: until the guide began, and in all."""

    pages: list[Seen] = field(default_factory=list)
    presses_before: int = 0
    presses: int = 0
    fields: int = 0

    @property
    def before(self) -> list[Seen]:
        return list(takewhile(lambda page: page.kind in ("start", "question"), self.pages))

    @property
    def second(self) -> list[Seen]:
        """The pages after the first device works."""
        return self.pages[1 + next(place for place, page in enumerate(self.pages) if page.kind == "done") :]

    @property
    def guide(self) -> list[Seen]:
        return [page for page in self.pages if page.kind == "guide"]

    @property
    def words_before(self) -> int:
        return sum(page.words for page in self.before)

    @property
    def words(self) -> int:
        return sum(page.words for page in self.pages)

    @property
    def folded(self) -> int:
        return sum(page.folded for page in self.pages)

    @property
    def height(self) -> int:
        return sum(page.height for page in self.pages)


def walk(browser: Browser, url: str, journey: Journey, *, script: bool = True, **context: Any) -> Cost:
    """Go from the first page to the last one, as this person would; always by the control that leads on."""
    options = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": script, **context}
    opened = browser.new_context(user_agent=AGENTS[journey.agent], locale=journey.locale, **options)
    page = opened.new_page()
    page.set_default_timeout(120_000)  # others may work on the same machine
    cost = Cost()
    page.goto(f"{url}/?lang={journey.locale}{'&protocol=imap' if journey.by_imap else ''}")
    for _ in range(40):
        before = look(page)
        cost.pages.append(before)
        leads_on = page.locator("main [data-next]:visible")
        if before.kind == "done" and journey.second and not leads_on.count():
            leads_on = page.locator("main button[value=several]:visible")
        if not leads_on.count():
            break
        choose(page, journey, cost)
        leads_on.first.click()
        page.wait_for_load_state()
        cost.presses += 1
        if len(cost.before) == len(cost.pages):
            cost.presses_before = cost.presses
    opened.close()
    return cost


def look(page: Page) -> Seen:
    words, folded = page.evaluate(_WORDS)
    kind = page.locator("main").get_attribute("data-journey") or ""
    height = page.evaluate("document.querySelector('main').getBoundingClientRect().height")
    return Seen(page.evaluate("location.pathname"), kind, words, folded, round(height))


def choose(page: Page, journey: Journey, cost: Cost) -> None:
    """Answer the page: type the address, choose what is not chosen already."""
    if page.locator("#email_address").count():
        page.fill("#email_address", journey.address)
        cost.fields += 1
    if page.locator("#program-1:is(select)").count():
        page.select_option("#program-1", journey.second)
        cost.presses += 1
    wanted = [journey.program, journey.platform] + (["yes"] if journey.two_factor else [])
    for value in filter(None, wanted):
        choice = page.locator(f'main input[value="{value}"]:is([type=radio], [type=checkbox])')
        if choice.count() and not choice.is_checked():
            page.locator(f'label[for="{choice.get_attribute("id")}"]').click()
            cost.presses += 1


def main() -> int:
    with site() as url, chromium() as browser:
        if browser is None:
            sys.stdout.write("SKIPPED: Chromium is not installed.\n")
            return 0
        heads = (
            "journey",
            "pages",
            "presses",
            "fields",
            "words",
            "pages",
            "presses",
            "words",
            "minutes",
            "folded",
            "px",
        )
        rows = [("", "before the guide", "", "", "", "in all", "", "", "", "", ""), heads]
        for journey in JOURNEYS:
            cost = walk(browser, url, journey)
            rows.append((
                journey.name, str(len(cost.before)), str(cost.presses_before), str(cost.fields), str(cost.words_before),
                str(len(cost.pages)), str(cost.presses), str(cost.words), f"{cost.words / WORDS_A_MINUTE:.1f}",
                str(cost.folded), str(cost.height),
            ))  # fmt: skip
            if "--pages" in sys.argv:
                for page in cost.pages:
                    rows.append(
                        (
                            f"  {page.path}",
                            "",
                            "",
                            "",
                            "",
                            "",
                            "",
                            str(page.words),
                            "",
                            str(page.folded),
                            str(page.height),
                        )
                    )
        for row in rows:
            sys.stdout.write(f"{row[0]:<36}" + "".join(f"{cell:>9}" for cell in row[1:]) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
