from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.installation import Place
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.infrastructure import db


@pytest.fixture
def place(tmp_path: Path, empty_database: Path) -> Iterator[Place]:
    yield Place(tmp_path / "site", empty_database)
    db.dispose()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Callable[..., Flask]]:
    """Return what makes a site that runs its tests, one for the same settings."""
    made: dict[tuple[tuple[str, str], ...], Flask] = {}

    def site(**settings: str) -> Flask:
        known = tuple(sorted(settings.items()))
        if known not in made:
            place = Place(tmp_path_factory.mktemp("sites") / "site", empty_database)
            place.set(**settings)
            made[known] = create_app(place.config)
            jobs.start(made[known])
        return made[known]

    yield site
    for app in made.values():
        jobs.shutdown(app)
