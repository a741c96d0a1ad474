"""Chromium as the tests and the pictures of the documentation use it, and the rules its pages are held to."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

# Nothing of its own goes to the network.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
GREETING = b"(Ctrl+C ends it)"  # what the server writes once it answers
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


def serve_site(environment: dict[str, str], log: Path, port: int = 0) -> tuple[subprocess.Popen[bytes], int]:
    """Start the site on `port`, or on a free one, and wait until it answers; return process and port.

    A free port may be somebody else's a moment later: then another one is tried, and nobody else's site is looked at.
    """
    for _ in range(5):
        chosen = port or _free_port()
        with log.open("ab") as file:
            begins = file.tell()
            process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(chosen)], env=environment, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end:
            if GREETING in log.read_bytes()[begins:]:
                return process, chosen
            time.sleep(0.05)
        process.kill()
        process.wait()
    raise TimeoutError(log.read_text())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
