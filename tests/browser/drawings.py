"""Shows every drawn window and tile as a browser shows it: `make drawings` writes build/drawings."""

from __future__ import annotations

import shutil
import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.chromium import chromium
from tests.support.drawings import sheet, tile_sheet
from webapp.core.guides.drawings import WINDOWS
from webapp.core.text import locales

FOLDER = Path(__file__).parents[2] / "build" / "drawings"
WIDTHS = (320, 390, 1280)
_GRID = """body { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem;
    align-items: start; font-size: 16px } figure { margin: 0 }"""


def take(browser: Browser, folder: Path) -> None:
    """Write one picture for each language, colours, width and program."""
    programs = sorted({id_.partition("-")[0] for id_ in WINDOWS})
    for locale, scheme, width in product(locales(), ("light", "dark"), WIDTHS):
        page = browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
        )
        for program in programs:
            windows = tuple(window for id_, window in WINDOWS.items() if id_.partition("-")[0] == program)
            page.set_content(sheet(locale, windows, _GRID))
            page.screenshot(path=folder / f"{program}-{locale}-{scheme}-{width}.png", full_page=True)
        page.set_content(tile_sheet(locale, _GRID.replace("19rem", "8rem")))
        page.screenshot(path=folder / f"tiles-{locale}-{scheme}-{width}.png", full_page=True)
        page.close()


def main() -> int:
    with chromium() as browser:
        if browser is None:
            sys.stdout.write("SKIPPED: Chromium is not installed.\n")
            return 0
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        take(browser, FOLDER)
    sys.stdout.write(f"{FOLDER}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
