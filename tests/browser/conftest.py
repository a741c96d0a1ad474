"""The browser of every test in this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.test_helpdesk import Desk
from tests.support.chromium import chromium
from tests.support.dovecot import Dovecot
from tests.support.receiver import receiver


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; skips where there is none, fails there when CI=true."""
    with chromium() as opened:
        if opened is None:
            if os.environ.get("CI") == "true":
                pytest.fail("Chromium is not installed")
            pytest.skip("Chromium is not installed")
        yield opened


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Desk]:
    """A site with its helpdesk, for the tests of a file."""
    with receiver() as hook:
        made = Desk(tmp_path_factory.mktemp("desk"), dovecot, hook)
        yield made
        made.stop()
