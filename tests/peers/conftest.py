from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import gmx_network
from tests.support.dovecot import missing as no_dovecot
from tests.support.gmx_network import GmxNetwork
from tests.support.requirements import need
from tests.support.screen import missing as no_screen


@pytest.fixture
def gmx(thunderbird_is_here: None) -> Iterator[GmxNetwork]:
    """Servers that answer as GMX to a Thunderbird on a screen of its own."""
    need(no_dovecot() or no_screen())
    with gmx_network.start() as network:
        yield network
