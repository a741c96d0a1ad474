"""The counters, in the database that a machine has and in the one that several share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.limits import Clock
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Limits


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, config: Config) -> Iterator[Config]:
    if request.param == "postgresql":
        config = replace(config, database_url=request.getfixturevalue("postgres_url"))
        db.upgrade(config)
    yield config
    db.dispose()


@pytest.fixture
def limits(settings: Config, clock: Clock) -> Limits:
    return Limits(settings, clock)


@pytest.fixture
def on_sqlite(config: Config, clock: Clock) -> Iterator[Limits]:
    """For what takes thousands of tries, and asks nothing of the database."""
    yield Limits(config, clock)
    db.dispose()
