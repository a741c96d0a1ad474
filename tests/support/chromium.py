"""Chromium for tests and screenshots, and the accessibility rules for pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.ports import free_port
from tests.support.waiting import wait_until

# No background traffic.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
GREETING = b"(Ctrl+C ends it)"  # printed by the server when it is ready
STANDARDS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """Yield a headless browser, None where it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def barriers(page: Page) -> list[tuple[str, list[str]]]:
    """Return axe's violations: rule and elements."""
    violations = Axe().run(page, options=STANDARDS).response["violations"]
    return [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations]


def serve_site(environment: dict[str, str], log: Path, port: int = 0) -> tuple[subprocess.Popen[bytes], int]:
    """Start the site on `port` (0: a free one) and wait until it is ready; return process and port."""
    chosen = port or free_port()
    with log.open("ab") as file:
        begins = file.tell()
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(chosen)], env=environment, stdout=file, stderr=file, start_new_session=True
        )
    if _greets(process, log, begins):
        return process, chosen
    process.kill()
    process.wait()
    raise TimeoutError(log.read_text())


def _greets(process: subprocess.Popen[bytes], log: Path, begins: int) -> bool:
    with suppress(TimeoutError):
        wait_until(lambda: GREETING in log.read_bytes()[begins:] or process.poll() is not None, 120)
    return process.poll() is None and GREETING in log.read_bytes()[begins:]
