"""The counters in an application: away, they answer 503 to everybody; a case of the helpdesk stands for its people."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.client import PageLintingClient
from webapp.infrastructure import limits
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import LimitsUnavailableError


@pytest.fixture
def broken(app: Flask) -> Flask:
    """An application with pages that count, whose database is away."""

    def count() -> str:
        raise LimitsUnavailableError("OperationalError")

    app.add_url_rule("/count", "count", count, methods=["GET", "POST"])
    app.add_url_rule("/api/v1/count", "count_too", count)
    app.testing = False
    return app


@pytest.mark.parametrize("path", ["/count", "/api/v1/count"])
def test_while_the_counters_are_away_everybody_gets_503(
    broken: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = broken.test_client().get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert answer.mimetype == ("application/problem+json" if "api" in path else "text/html")
    assert "OperationalError" in caplog.text
    assert "Traceback" not in caplog.text


def test_nobody_is_invited_where_nobody_says_so(app: Flask, client: PageLintingClient) -> None:
    app.extensions.pop(limits.INVITATION, None)
    with app.app_context():
        assert limits.invitation() is None


def test_an_application_counts_with_its_own_settings(app: Flask, config: Config) -> None:
    with app.app_context():
        assert limits.current()._config == config
