"""Takes the screenshots of the documentation: `make screenshots`. Walks the site as a person does, with GMX's own values."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.support.chromium import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"


@contextlib.contextmanager
def site() -> Iterator[str]:
    """Serve the wizard from an empty data folder; give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port)], env={**clean, "WEBAPP_DATA_DIR": folder}, stdout=subprocess.DEVNULL
        )
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def walk(page: Page, url: str, locale: str) -> None:
    """Answer every question for two devices; leave a picture of the pages that show best what the product does."""
    page.goto(f"{url}/?lang={locale}")
    _picture(page, "start", locale)
    page.click("main a.button")
    page.fill("#email_address", "anna.beispiel@gmx.de")
    page.click("main button.button")
    page.locator('input[value="thunderbird:linux"]').check(force=True)
    page.click("main button.button")
    page.locator('input[value="several"]').check(force=True)
    page.click("main button.button")
    page.click("main button.button")  # the word on IMAP
    page.select_option("#program-1", "apple-mail:iphone")
    page.click("button[value=next]")
    page.locator('input[value="30"]').check(force=True)
    page.click("main button.button")
    _picture(page, "plan", locale)
    for _ in range(3):  # plan, preparation, summary
        page.click("main button.button")
    page.click("main a.button")
    _picture(page, "finish", locale)


def _picture(page: Page, name: str, locale: str) -> None:
    """Take what the window shows: a whole page is taller than anybody wants to scroll past."""
    page.screenshot(path=FOLDER / f"{name}-{locale}.png")


def main() -> int:
    with site() as url, chromium() as browser:
        if browser is None:
            sys.stdout.write("SKIPPED: Chromium is not installed.\n")
            return 0
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.png"):
            old.unlink()
        for locale in ("de", "en"):
            context = browser.new_context(viewport={"width": 900, "height": 860}, locale=locale)
            walk(context.new_page(), url, locale)
            context.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
