"""The pages to read in a real browser: no barrier that axe knows, nothing sideways, and an article on two sheets."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from tests.support.chromium import barriers
from tests.support.proofs import sampled

pytestmark = pytest.mark.browser

PATHS = (
    "/settings", "/settings/gmx.net", "/privacy", "/imprint", "/accessibility", "/help", "/help?q=Passwort",
    "/help?q=xyzzy", "/help/login-refused", "/no-such-page", "/advice/programs",
)  # fmt: skip


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), sampled([(320, "light", "de"), (1280, "dark", "en")], lambda case: case[0] == 320)
)
def test_pages_to_read_have_no_barrier_and_do_not_scroll_sideways(
    browser: Browser, url: str, width: int, scheme: str, locale: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in PATHS:
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert not barriers(page), path
    assert not [text for text in complaints if "404" not in text]
    context.close()


def test_the_help_is_used_with_the_keyboard_alone(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="de")
    page.goto(f"{url}/help")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]  it has moved into sight
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.type("0x800CCC92")
    page.keyboard.press("Enter")
    page.wait_for_url("**/help?found=*")
    assert page.get_by_role("heading", level=1).inner_text() == "GMX hat die Anmeldung abgelehnt"
    other = page.locator("summary").first
    for _ in range(30):
        if other.evaluate("summary => summary === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1
    page.close()


@pytest.mark.parametrize(
    ("provider", "locale"),
    sampled(product(("gmx.net", "gmx.com"), ("de", "en")), [("gmx.net", "de"), ("gmx.com", "en")].__contains__),
)
def test_the_article_fits_on_two_sheets_of_paper(browser: Browser, url: str, provider: str, locale: str) -> None:
    page = browser.new_page(locale=locale)
    page.goto(f"{url}/settings/{provider}")
    paper = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
