"""Chromium as the tests and the pictures of the documentation use it, and the rules its pages are held to."""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

# Nothing of its own goes to the network.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
STANDARDS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """Give a browser without a window; None where it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def barriers(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds on the page: rule and the elements that break it."""
    violations = Axe().run(page, options=STANDARDS).response["violations"]
    return [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations]


def wait_for_site(url: str, log: Path) -> None:
    """Wait until the site answers; TimeoutError with its log where it does not."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=1).close()  # noqa: S310
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(log.read_text())
