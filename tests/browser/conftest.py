"""The browser of every test in this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; skips where there is none, fails there when CI=true."""
    with chromium() as opened:
        if opened is None:
            if os.environ.get("CI") == "true":
                pytest.fail("Chromium is not installed")
            pytest.skip("Chromium is not installed")
        yield opened
