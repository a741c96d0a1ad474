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

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0"
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


def walk(page: Page, url: str, folder: Path) -> None:
    """Go the way with classic Outlook; leave pictures of what shows the product best."""

    def picture(name: str) -> None:  # what the window shows: a page is taller than anybody wants to scroll past
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1000)  # until the joy has been drawn
        page.screenshot(path=folder / f"{name}-en.png")

    def on() -> None:
        page.locator("main [data-next]").first.click()
        page.wait_for_load_state()

    page.goto(f"{url}/?lang=en")
    picture("start")
    page.fill("#email_address", "anna.beispiel@gmx.de")
    on()
    page.locator('input[value="outlook:windows"]').check(force=True)
    picture("program")
    on()
    picture("preparation")
    on()
    page.goto(f"{url}/guide/pop")
    picture("step")
    page.goto(f"{url}/done")
    picture("done")


def main() -> int:
    with site() as url, chromium() as browser:
        if browser is None:
            sys.stdout.write("SKIPPED: Chromium is not installed.\n")
            return 0
        with tempfile.TemporaryDirectory() as folder:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en", user_agent=WINDOWS)
            walk(context.new_page(), url, Path(folder))
            context.close()
            shutil.rmtree(FOLDER, ignore_errors=True)  # the old ones stay until all are taken
            shutil.copytree(folder, FOLDER)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
