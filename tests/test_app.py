"""The factory: rooms, languages, static files, health, the log."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from tests.support.client import PageLintingClient, parse
from webapp import create_app
from webapp.core.text import Message
from webapp.infrastructure import assets, db
from webapp.infrastructure.config import Config, current_config, current_providers
from webapp.infrastructure.i18n import language_links, translate
from webapp.infrastructure.logs import RedactingFormatter, redacted


def test_makes_the_application_without_flask_in_the_core() -> None:
    """The single-file check of a person's own computer has the standard library only."""
    code = "import sys, webapp.core.probe.report, webapp.core.account; sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_opens_no_database_and_starts_no_thread_while_it_is_made(config: Config) -> None:
    code = (
        "import sys, threading, pathlib, webapp\n"
        "from webapp.infrastructure import config, db\n"
        f"webapp.create_app(config.Config(data_dir=pathlib.Path({str(config.data_dir)!r}), secret_key='x' * 32))\n"
        "sys.exit(bool(db._engines) or threading.active_count() != 1)"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code]).returncode == 0


def test_never_runs_in_debug_mode(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert create_app(config).debug is False


def test_gives_views_the_settings_and_the_providers(app: Flask, config: Config) -> None:
    with app.app_context():
        assert current_config() == config
        assert current_providers()["gmx.net"].name == "GMX"
        assert current_providers() is current_providers()


# Languages


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "de"),
        ("*", "de"),
        ("fr", "de"),
        ("de-AT,en;q=0.9", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("fr,en;q=0.5,de;q=0.4", "en"),
        ("\x7f;;q=x", "de"),
    ],
)
def test_follows_the_language_of_the_browser(client: PageLintingClient, accept: str, expected: str) -> None:
    page = client.get("/", headers={"Accept-Language": accept})
    assert parse(page.text).get("lang") == expected


def test_keeps_the_language_a_person_chose(client: PageLintingClient) -> None:
    client.get("/?lang=en")
    assert parse(client.get("/", headers={"Accept-Language": "de"}).text).get("lang") == "en"
    assert parse(client.get("/?lang=de").text).get("lang") == "de"


def test_knows_no_other_language(client: PageLintingClient) -> None:
    page = client.get("/imprint?lang=../../etc")
    assert parse(page.text).get("lang") == "de"
    assert "Set-Cookie" not in page.headers


def test_links_a_page_in_every_language(app: Flask) -> None:
    with app.test_request_context("/?a=1&lang=en&b=%26%22"):
        app.preprocess_request()
        links = language_links()
    assert [(link.locale, link.name, link.current) for link in links] == [
        ("de", "Deutsch", False),
        ("en", "English", True),
    ]
    assert links[0].url == "/?a=1&b=%26%22&lang=de"


def test_a_query_cannot_turn_the_language_link_into_a_way_out(app: Flask) -> None:
    with app.test_request_context("/?_external=1&_scheme=javascript&_anchor=x&endpoint=y"):
        assert all(link.url.startswith("/?") for link in language_links())


def test_leads_to_the_start_page_in_another_language_where_no_page_can_be_linked(app: Flask) -> None:
    for path, method in (("//evil.example/x", "GET"), ("/no-such-page", "GET"), ("/connection-tests", "PUT")):
        with app.test_request_context(path, method=method):
            assert [link.url for link in language_links()] == ["/?lang=de", "/?lang=en"]


def test_translates_what_the_core_says(app: Flask) -> None:
    message = Message("Choose a number of days from %(low)s to %(high)s.", {"low": 1, "high": 99})
    with app.test_request_context("/?lang=de"):
        german = translate(message)
    with app.test_request_context("/?lang=en"):
        assert translate(message) == "Choose a number of days from 1 to 99."
    assert "99" in german


def test_writes_numbers_dates_and_times_in_the_language_and_in_german_time(app: Flask) -> None:
    template = "{{ 12345.5 | number }} {{ day | date }} {{ day | time }} {{ locale }}"
    day = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    with app.test_request_context("/?lang=de"):
        assert render_template_string(template, day=day) == "12.345,5 1. Februar 2026 00:30 de"
    with app.test_request_context("/?lang=en"):
        assert (
            render_template_string(template, day=day).replace("\u202f", " ") == "12,345.5 February 1, 2026 12:30 AM en"
        )


# Static files


def test_lets_browsers_keep_static_files_for_a_year_under_their_fingerprint(
    app: Flask, client: PageLintingClient
) -> None:
    with app.test_request_context():
        url = assets.asset("css/app.css")
    response = client.get(url)
    assert response.status_code == 200
    assert response.cache_control.public
    assert response.cache_control.immutable
    assert response.cache_control.max_age == assets.YEAR_SECONDS
    assert not response.cache_control.no_cache
    assert "Set-Cookie" not in response.headers


def test_answers_an_old_fingerprint_without_letting_it_be_kept(client: PageLintingClient) -> None:
    response = client.get("/static/0123456789ab/css/app.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def test_gives_no_file_from_outside_the_static_folder(app: Flask) -> None:
    client = FlaskClient(app)  # the pages of such paths cannot link to themselves
    for name in (
        "../webapp/infrastructure/config.py",
        "%2e%2e/webapp/infrastructure/config.py",
        "css/../../pyproject.toml",
        "%2fetc/passwd",
    ):
        assert client.get(f"/static/{assets.fingerprint()}/{name}", follow_redirects=True).status_code == 404


def test_fails_at_once_for_a_static_file_that_is_not_there(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        assets.asset("css/no-such-file.css")


# Health


def test_says_that_it_lives_and_is_ready(client: PageLintingClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
    assert (client.get("/readyz").status_code, client.get("/readyz").text) == (200, client.get("/readyz/tests").text)


def test_is_not_ready_without_its_database(client: PageLintingClient, config: Config) -> None:
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


# The log


def test_logs_the_rule_of_a_request_and_nothing_a_person_typed(
    client: PageLintingClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/adjust?emailaddress=anna@gmx.de", headers={"Referer": "http://localhost/f/topsecrettoken"})
        client.get("/anna@gmx.de/no-such-page")
    lines = [record.getMessage() for record in caplog.records if record.name == "webapp"]
    assert [line.rsplit(" ", 2)[0] for line in lines] == ["GET /adjust 303", "GET (no such page) 404"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mail of <anna.b@gmx.de>: no", "mail of <…@…>: no"),
        ("user=anna@gmx.de", "user=…@…"),
        ("GET /f/Abc-_9/anna.zip", "GET /f/…/anna.zip"),
        ("GET /mail/config-v1.1.xml?emailaddress=x HTTP/1.1", "GET /mail/config-v1.1.xml?… HTTP/1.1"),
        ("Invalid request from ip=192.0.2.7: bad", "Invalid request from ip=…: bad"),
        ("Invalid request from ip=2001:db8::1: bad", "Invalid request from ip=…: bad"),
        ("from [2001:db8:0:0:0:0:0:1]:443", "from […]:443"),
        ("2026-11-24 07:16:52,119 INFO ready", "2026-11-24 07:16:52,119 INFO ready"),
        ("Listening at: http://127.0.0.1:8000", "Listening at: http://127.0.0.1:8000"),
        ("What now?", "What now?"),
    ],
)
def test_masks_what_names_a_person(line: str, expected: str) -> None:
    assert redacted(line) == expected


def test_masks_tracebacks_too() -> None:
    try:
        raise ValueError("no mailbox anna@gmx.de")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", (), sys.exc_info())
    text = RedactingFormatter("%(message)s").format(record)
    assert "Traceback" in text
    assert "anna" not in text
