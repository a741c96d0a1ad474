"""All drawn windows on one page, for tests and for `make drawings`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from webapp.core.guides.drawings import SAMPLE, TILES, WINDOWS, Window, svg, tile
from webapp.core.guides.drawings.types import labels_of
from webapp.core.text import Message, translations_for

CSS = Path(__file__).parents[2] / "static" / "css"
LONG = {name: value + "-and-much-more-of-the-same" for name, value in SAMPLE.items()} | {"days": "99"}
NARROWEST = 256  # pixels that a card leaves to a drawing on a telephone of 320 pixels
_STYLE = "figure { margin: 0 0 2rem } body { padding: 1rem 2rem } figcaption { font-size: 0.7rem }"
_CONTRASTS = """() => {
    const luminance = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
        const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const of = (selector, property) => getComputedStyle(document.querySelector(`.drawing ${selector}`))[property];
    const window = of(".drawn-window", "fill"), ring = of(".drawn-ring", "fill"), ink = of("text:not([class])", "fill");
    return {
        "text on window": ratio(ink, window), "text in ring": ratio(ink, ring),
        "soft on window": ratio(of("text.drawn-soft", "fill"), window), "soft in ring": ratio(of("text.drawn-soft", "fill"), ring),
        "soft on bar": ratio(of("text.drawn-soft", "fill"), of(".drawn-bar", "fill")),
        "text on button": ratio(of("text.drawn-on-full", "fill"), of(".drawn-full", "fill")),
        "ring on window": ratio(of(".drawn-ring", "stroke"), window),
    };
}"""
_STROKES = """() => [".drawn-ring", ".drawn-window"].map(selector => {
    const style = getComputedStyle(document.querySelector(`.drawing ${selector}`));
    return { stroke: style.stroke, fill: style.fill, width: style.strokeWidth };
})"""


def sheet(
    locale: str,
    windows: tuple[Window, ...] = tuple(WINDOWS.values()),
    style: str = "",
    *,
    first: bool = False,
    values: Mapping[str, str] = SAMPLE,
) -> str:
    """Return a page with each window, its last control ringed, or its first one."""
    translations = translations_for(locale)

    def translate(message: Message) -> str:
        return message.translated(translations)

    figures = []
    for window in windows:
        labels = [label for control in window.controls for label in labels_of(control) if label]
        drawing = svg(window, labels[0 if first else -1] if labels else "", translate, values)
        marked = drawing.replace("<svg", f'<svg data-id="{window.id}"', 1)
        figures.append(f"<figure><figcaption>{window.id}</figcaption>{marked}</figure>")
    return _page(locale, figures, style)


def tile_sheet(locale: str, style: str = "") -> str:
    """Return a page with the tile of each program."""
    translations = translations_for(locale)
    figures = []
    for id_ in TILES:
        client, _, system = id_.partition(":")
        drawn = tile(
            client, system or ("iphone" if client == "phone" else None), lambda text: text.translated(translations)
        )
        figures.append(f"<figure><figcaption>{id_}</figcaption>{drawn}</figure>")
    return _page(locale, figures, style)


def _page(locale: str, figures: list[str], style: str) -> str:
    styles = "".join((CSS / name).read_text(encoding="utf-8") for name in ("app.css", "drawings.css"))
    return (
        f'<!doctype html><html lang="{locale}"><meta name="viewport" content="width=device-width">'
        f"<title>Drawings</title><style>{styles}{_STYLE}{style}</style><body>{''.join(figures)}"
    )


def contrasts(page: Page) -> dict[str, float]:
    """Return the contrast of what is on the sheet with what is behind it."""
    found: dict[str, float] = page.evaluate(_CONTRASTS)
    return found


def strokes(page: Page) -> list[dict[str, Any]]:
    """Return how ring and window are drawn."""
    found: list[dict[str, Any]] = page.evaluate(_STROKES)
    return found
