"""An application with API keys, and a client of programs: no browser, no cookie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp import create_app
from webapp.api import keys
from webapp.connection_tests import jobs
from webapp.infrastructure.config import Config, Scope

PLENTY = 1_000_000  # requests per minute, where a test is not about their number


@pytest.fixture
def settings(config: Config) -> Config:
    return replace(config, api_requests_per_minute=PLENTY)


@pytest.fixture
def app(settings: Config) -> Flask:
    made = create_app(settings)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def key(settings: Config) -> str:
    """Return the header of a key without a scope."""
    return f"Bearer {keys.add(settings, 'plain', frozenset())}"


@pytest.fixture
def login_key(settings: Config) -> str:
    return f"Bearer {keys.add(settings, 'login', frozenset({Scope.LOGIN_TEST}))}"


@pytest.fixture
def running(app: Flask) -> Iterator[Flask]:
    """Return the application with its queue of connection tests."""
    jobs.start(app)
    yield app
    jobs.shutdown(app)
