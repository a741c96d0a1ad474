"""Reads QR codes with ZBar, independent of the library that writes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.requirements import need_commands


@pytest.fixture(scope="session")
def qr_reader_is_here() -> None:
    need_commands("zbarimg", "chromium")


def read_qr(picture: Path) -> bytes:
    """Return the payload of the QR code in a picture; an SVG is rendered by a browser first."""
    if picture.suffix == ".svg":
        picture = draw(picture)
    result = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sbinary", picture], capture_output=True, timeout=60
    )
    assert result.returncode == 0, f"no QR code found in {picture.name}"
    return result.stdout.removesuffix(b"\n")


def draw(svg: Path) -> Path:
    """Render an SVG file as PNG with Chromium."""
    target = svg.with_suffix(".drawn.png")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={svg.parent / 'chromium'}",
        "--window-size=600,600", f"--screenshot={target}", svg.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    return target
