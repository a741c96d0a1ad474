"""The drawn windows as a browser shows them: legible on the narrowest telephone, and no text leaves its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.drawings import LONG, NARROWEST, contrasts, sheet, strokes, tile_sheet
from webapp.core.guides.drawings import SAMPLE
from webapp.core.text import locales

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("width", [320, 390])
def test_no_letter_is_smaller_than_twelve_pixels(page: Page, locale: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.set_content(sheet(locale))
    found = page.evaluate(
        """() => [...document.querySelectorAll("svg.drawing")].flatMap(svg => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return [...svg.querySelectorAll("text")].map(text =>
                [svg.dataset.id, text.textContent, parseFloat(getComputedStyle(text).fontSize) * scale]);
        })"""
    )
    assert len(found) > 500
    assert [entry for entry in found if entry[2] < 12] == []


@pytest.mark.parametrize("locale", locales())
def test_the_words_of_a_tile_are_legible_where_two_stand_side_by_side(page: Page, locale: str) -> None:
    """Half of a telephone of 320 pixels, less the padding of a card."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.set_content(tile_sheet(locale, "body { padding: 0 } figure { width: 106px }"))
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("svg.drawing text")].map(text =>
            parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.clientWidth / 120)"""
    )
    assert sizes
    assert min(sizes) >= 12


@pytest.mark.parametrize("values", [SAMPLE, LONG], ids=["usual", "long"])
@pytest.mark.parametrize("locale", locales())
def test_no_text_leaves_its_place_or_covers_another(page: Page, locale: str, values: Mapping[str, str]) -> None:
    """Each text stays inside the smallest field, button or window that it begins in; the fonts here are the widest."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.set_content(sheet(locale, values=values))
    problems: list[Any] = page.evaluate(Path(__file__).with_name("drawings.js").read_text(encoding="utf-8"))
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_ring_stand_out_from_what_is_behind_them(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, forced_colors="none", media="screen")
    page.set_content(sheet("en"))
    found = contrasts(page)
    assert {name: ratio for name, ratio in found.items() if ratio < (3 if name.startswith("ring") else 4.5)} == {}


@pytest.mark.parametrize(
    "media", [{"media": "print"}, {"forced_colors": "active"}, {"forced_colors": "active", "color_scheme": "dark"}]
)
def test_the_ring_is_a_thick_line_on_paper_and_in_forced_colours(page: Page, media: Any) -> None:
    page.emulate_media(**{"media": "screen", "forced_colors": "none", "color_scheme": "light", **media})
    page.set_content(sheet("en"))
    ring, window = strokes(page)
    assert ring["width"] == "4px"
    assert ring["fill"] != ring["stroke"]
    assert window["stroke"] != window["fill"]
    page.emulate_media(media="screen", forced_colors="none", color_scheme="light")


def test_a_drawing_needs_no_more_room_than_a_narrow_page_has(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.set_content(sheet("de"))
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    narrowest = page.evaluate("Math.min(...[...document.querySelectorAll('svg.drawing')].map(s => s.clientWidth))")
    assert narrowest == NARROWEST
