"""Takes the screenshots of the documentation: `make screenshots`. Walks the site as a person does, with GMX's own values."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.support.chromium import chromium, serve_site

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"


@contextlib.contextmanager
def site() -> Iterator[str]:
    """Serve the wizard from an empty data folder; give its URL."""
    with tempfile.TemporaryDirectory() as folder:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
        process, port = serve_site({**clean, "WEBAPP_DATA_DIR": f"{folder}/data"}, Path(folder, "log"))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def walk(page: Page, url: str, locale: str, folder: Path) -> None:
    """Answer every question for two devices; leave pictures of the pages that show best what the product does."""

    def picture(name: str) -> None:  # what the window shows: a page is taller than anybody wants to scroll past
        page.screenshot(path=folder / f"{name}-{locale}.png")

    page.goto(f"{url}/?lang={locale}")
    picture("start")
    page.click("main a.button")
    page.fill("#email_address", "anna.beispiel@gmx.de")
    page.click("main .actions button.button")
    page.locator('input[value="thunderbird:linux"]').check(force=True)
    page.click("main .actions button.button")
    page.locator('input[value="several"]').check(force=True)
    page.click("main .actions button.button")
    page.click("main .actions button.button")  # the word on IMAP
    page.select_option("#program-1", "apple-mail:iphone")
    page.click("button[value=next]")
    page.locator('input[value="30"]').check(force=True)
    page.click("main .actions button.button")
    picture("plan")
    for _ in range(3):  # plan, preparation, summary
        page.click("main .actions button.button")
    page.click("main a.button")
    picture("finish")


def main() -> int:
    with site() as url, chromium() as browser:
        if browser is None:
            sys.stdout.write("SKIPPED: Chromium is not installed.\n")
            return 0
        with tempfile.TemporaryDirectory() as folder:
            for locale in ("de", "en"):
                context = browser.new_context(viewport={"width": 900, "height": 860}, locale=locale)
                walk(context.new_page(), url, locale, Path(folder))
                context.close()
            shutil.rmtree(FOLDER, ignore_errors=True)  # the old ones stay until all are taken
            shutil.copytree(folder, FOLDER)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
