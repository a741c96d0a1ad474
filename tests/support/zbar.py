"""Reading QR codes with a program that has nothing to do with the one that writes them (ZBar)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.requirements import need_commands


@pytest.fixture(scope="session")
def qr_reader_is_here() -> None:
    need_commands("zbarimg", "chromium")


def read_qr(picture: Path) -> bytes:
    """Return what the one QR code in a picture says; fails where there is none. An SVG is drawn by a browser first."""
    if picture.suffix == ".svg":
        picture = draw(picture)
    result = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sbinary", picture], capture_output=True, timeout=60
    )
    assert result.returncode == 0, f"no QR code found in {picture.name}"
    return result.stdout.removesuffix(b"\n")


def draw(svg: Path) -> Path:
    """Return a PNG of an SVG file, drawn by Chromium."""
    target = svg.with_suffix(".drawn.png")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={svg.parent / 'chromium'}",
        "--window-size=600,600", f"--screenshot={target}", svg.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    return target
