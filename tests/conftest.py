"""Fixtures for every test."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRANSLATIONS = ROOT / "webapp" / "translations"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


def pytest_configure() -> None:
    """Compile the translations anew where a .po file is younger than its messages.mo."""
    sources = list(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
    targets = [path.parent / "messages.mo" for path in sources]
    if any(not t.exists() or t.stat().st_mtime < s.stat().st_mtime for s, t in zip(sources, targets, strict=True)):
        runpy.run_path(str(TRANSLATIONS / "compile.py"))["compile_all"](TRANSLATIONS)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
