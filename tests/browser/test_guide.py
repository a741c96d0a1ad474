"""The guide in a real browser: short, calm, with its button in reach, without JavaScript and on paper too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.journeys import AGENTS
from tests.support.chromium import barriers, serve_site
from tests.support.proofs import sampled
from webapp.core.guides import SOURCES

pytestmark = pytest.mark.browser

HEIGHT_MAX, WORDS_MAX = 1300, 40
PROGRAMS = (
    "outlook&system=windows",
    "apple-mail&system=iphone",
    "thunderbird-android",
    "outlook-new",
    "getmail",
    "other",
)
# Each layout of a guide: photographed windows, drawn ones, values without a picture, what only sends, a program that ended.
LAYOUTS = (
    "thunderbird&system=windows",
    "thunderbird-android",
    "fairemail",
    "evolution",
    "kmail",
    "claws-mail",
    "nextcloud-mail",
    "mailspring",
    "device",
    "windows-mail",
)
IN_TEST = (("outlook&system=windows", "de"), ("apple-mail&system=iphone", "en"), ("other", "de"))
# Visible words but for pictures, what is typed in, and the controls of every step.
WORDS = """() => {
  const main = document.querySelector("main").cloneNode(true);
  main.querySelectorAll("[data-controls], [data-value], svg, figure, .hidden-text").forEach((part) => part.remove());
  return main.textContent.split(/\\s+/).filter((word) => /\\w/.test(word)).length;
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    process, port = serve_site({**os.environ, "WEBAPP_DATA_DIR": str(folder / "data")}, folder / "log")
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


def walk(page: Page, start: str) -> Iterator[str]:
    """Yield the address of each step, pressing what leads on, until the guide is over."""
    page.goto(start)
    while page.locator("main[data-journey=guide]").count():
        yield page.url
        page.locator("main [data-next]").click()
        page.wait_for_load_state()


@pytest.mark.parametrize(
    ("program", "locale"),
    sampled(product(PROGRAMS, ("de", "en")), IN_TEST.__contains__),
)
def test_a_step_is_short_free_of_barriers_and_its_button_in_reach(
    browser: Browser, url: str, program: str, locale: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    seen = 0
    for step in walk(page, f"{url}/guide?client={program}&lang={locale}"):
        seen += 1
        assert page.evaluate("document.documentElement.scrollHeight") <= HEIGHT_MAX, step
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, step
        assert page.evaluate(WORDS) <= WORDS_MAX, step
        assert page.locator("main [data-next]").count() == 1
        box = page.locator("main [data-next]").bounding_box()
        assert box
        assert box["y"] + box["height"] <= 844, step
        if seen in (1, 3):
            assert not barriers(page), step
    assert seen > 3
    page.close()


@pytest.mark.parametrize(
    "client", [pytest.param(client, marks=() if client == "fairemail" else pytest.mark.proof) for client in SOURCES]
)
def test_every_step_and_the_page_of_all_steps_are_free_of_barriers(browser: Browser, url: str, client: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for step in walk(page, f"{url}/guide?client={client}&lang=de"):
        assert page.evaluate("document.documentElement.scrollHeight") <= HEIGHT_MAX, step
        page.evaluate("scrollTo(0, document.body.scrollHeight)")  # away from below the bar
        assert not barriers(page), step
    page.goto(f"{url}/guide/all?client={client}&lang=de")
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_without_javascript_every_press_leads_on_and_help_opens(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    assert len(list(walk(page, f"{url}/guide?client=outlook&lang=de"))) > 10
    page.goto(f"{url}/guide/mail?client=outlook&lang=de")
    page.get_by_role("link", name="Das sehe ich nicht").click()
    assert page.locator("#unseen").is_visible()
    page.get_by_role("link", name="Den anderen Weg nehmen").click()
    assert "way=program" in page.url
    context.close()


@pytest.mark.parametrize("program", sampled(LAYOUTS, lambda program: program == "evolution"))
def test_every_layout_leads_to_its_end_without_javascript(browser: Browser, url: str, program: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    steps = 0
    for step in walk(page, f"{url}/guide?client={program}&lang=de"):
        steps += 1
        assert not page.get_by_role("button", name="Kopieren").count(), step
        assert page.locator("main h1").count() == 1, step
    assert steps > 1
    context.close()


@pytest.mark.parametrize("program", sampled(LAYOUTS, lambda program: program == "thunderbird&system=windows"))
def test_every_layout_prints_its_pictures_and_values(browser: Browser, url: str, program: str) -> None:
    page = browser.new_page()
    page.goto(f"{url}/guide/all?client={program}&lang=de")
    page.emulate_media(media="print")
    steps = page.locator(".guide-all > li")
    pictures = page.locator(".guide-all figure")
    assert steps.count() > 1
    assert all(picture.is_visible() for picture in pictures.all())
    assert all(value.is_visible() for value in page.locator("main [data-value]").all())
    assert "Kopieren" not in page.locator("main").inner_text()
    assert not page.locator(".site-header").is_visible()
    page.close()


def test_in_dark_colours_the_guide_has_no_barriers(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    for address in ("/guide/account?client=outlook", "/guide/all?client=outlook"):
        page.goto(url + address)
        assert not barriers(page), address
    page.close()


def test_paper_has_the_switch_and_every_step_and_nothing_to_press(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(f"{url}/guide/all?client=outlook&lang=de")
    page.emulate_media(media="print")
    text = page.locator("main").inner_text()
    assert "POP3- und IMAP-Zugriff erlauben" in text
    assert "pop.gmx.net" in text
    assert "Kopieren" not in text
    assert url.partition("://")[2] in text  # where the sheet is from
    assert not page.locator(".site-header").is_visible()
    assert page.locator(".guide-all > li").count() > 10
    page.close()


def test_the_picture_stands_beside_the_text_where_there_is_room(browser: Browser, url: str) -> None:

    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{url}/guide/keep?client=outlook&lang=de")
    picture, heading = (page.locator(name).bounding_box() for name in (".guide-picture", "main h1"))
    assert picture
    assert heading
    assert picture["x"] + picture["width"] <= heading["x"]
    page.set_viewport_size({"width": 390, "height": 844})
    picture, heading = (page.locator(name).bounding_box() for name in (".guide-picture", "main h1"))
    assert picture
    assert heading
    assert picture["y"] + picture["height"] <= heading["y"]
    page.close()


def test_the_button_of_the_file_gives_way_to_the_next_step_once_it_was_pressed(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, locale="de", user_agent=AGENTS["windows"])
    page.goto(f"{url}/?lang=de")
    page.fill("#email_address", "anna.beispiel@gmx.de")
    for _ in range(3):  # address, program, switch
        page.locator("main [data-next]").first.click()
        page.wait_for_load_state()
    filled = page.locator("main .button:not(.secondary, .link)")
    assert filled.all_inner_texts() == ["Datei herunterladen"]
    with page.expect_download():
        filled.click()
    assert filled.all_inner_texts() == ["Erledigt, weiter"]
    assert "✓ heruntergeladen" in page.inner_text("main")


@pytest.mark.parametrize(
    ("agent", "width", "height"), [("windows", 1366, 657), ("windows", 390, 844), ("iphone", 390, 844)]
)
def test_the_question_of_the_six_digits_is_seen_before_the_button_that_leads_on(
    browser: Browser, url: str, agent: str, width: int, height: int
) -> None:
    with browser.new_context(user_agent=AGENTS[agent], viewport={"width": width, "height": height}) as context:
        page = context.new_page()
        page.goto(f"{url}/?lang=de")
        page.fill("#email_address", "anna.beispiel@gmx.de")
        for path in ("**/setup/program", "**/setup/preparation"):
            page.locator("[data-next]").click()
            page.wait_for_url(path)
        tick, bar = page.locator(".tile.tick").bounding_box(), page.locator(".way-bar").bounding_box()
        assert tick
        assert bar
        assert tick["y"] + tick["height"] <= bar["y"]
