"""Error pages: their words, the incident number, and what happens where they fail themselves."""

from __future__ import annotations

import logging
import re

import jinja2
import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.exceptions import TooManyRequests

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, walk
from webapp.core.text import translations_for
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.errors import PAGES


@pytest.fixture
def failing(app: Flask) -> Flask:
    """Return the application with pages that fail."""

    @app.get("/abort/<int:code>")
    def stop(code: int) -> None:
        abort(code)

    @app.get("/crash")
    def crash() -> None:
        password = "test-password-in-a-local-variable"
        raise RuntimeError(f"no mailbox anna@gmx.de ({len(password)})")

    @app.get("/wait")
    def wait() -> None:
        raise TooManyRequests(retry_after=90)

    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.mark.parametrize("code", [*PAGES, 410, 418, 502])
@pytest.mark.parametrize("locale", ["de", "en"])
def test_every_error_has_a_page_in_the_persons_language(failing: Flask, code: int, locale: str) -> None:
    response = failing.test_client().get(f"/abort/{code}?lang={locale}")
    assert response.status_code == code
    page = PAGES.get(code) or PAGES[400 if code < 500 else 500]
    text = text_of(parse(response.text).find("body"))
    for message in (page.title, page.what, page.now):
        assert message.translated(translations_for(locale)) in text
    assert (locale == "en") == (page.title.text in text)
    assert "Traceback" not in text


def test_the_page_for_a_missing_page_and_a_wrong_method(client: PageLintingClient) -> None:
    missing = client.get("/no-such-page")
    assert (missing.status_code, "Diese Seite gibt es nicht" in missing.text) == (404, True)
    direct = client.delete("/healthz")
    assert (direct.status_code, "Diese Seite lässt sich nicht direkt öffnen" in direct.text) == (405, True)
    assert "GET" in direct.headers["Allow"]


def test_a_form_without_its_token_says_how_to_go_on(client: PageLintingClient) -> None:
    response = client.post("/setup/address", data={"email_address": "anna@gmx.de"})
    assert response.status_code == 400
    assert "Die Seite war zu lange offen" in response.text
    assert "anna@gmx.de" not in response.text
    assert 'href="/setup/address">Seite neu öffnen' in response.text


def test_a_form_without_a_page_of_its_own_leads_to_the_start(client: PageLintingClient) -> None:
    response = client.post("/downloads")
    assert "Die Seite war zu lange offen" in response.text
    assert "Seite neu öffnen" not in response.text


def test_too_many_requests_says_when_to_come_back(failing: Flask) -> None:
    response = failing.test_client().get("/wait")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "90")


def test_a_crash_shows_a_number_that_is_in_the_log_and_nothing_else(
    failing: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    response = failing.test_client().get("/crash?token=topsecret")
    assert response.status_code == 500
    incident = re.search(r"Nummer: ([0-9A-HJKMNP-TV-Z]{8})\b", response.text)
    assert incident
    assert "RuntimeError" not in response.text
    assert "anna" not in response.text
    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert record.getMessage() == f"incident {incident[1]}: GET /crash"
    assert record.exc_info
    assert "topsecret" not in caplog.text
    assert "test-password" not in caplog.text


def test_two_crashes_have_two_numbers(failing: Flask) -> None:
    numbers = {re.search(r"Nummer: (\w{8})", failing.test_client().get("/crash").text)[1] for _ in range(5)}  # type: ignore[index]
    assert len(numbers) == 5


def test_a_crash_answers_in_a_bare_page_where_the_error_page_fails_too(
    failing: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    failing.jinja_loader = None
    failing.jinja_env.loader = jinja2.DictLoader({"errors/error.html": "{{ 1 / 0 }}"})
    response = FlaskClient(failing).get("/crash")
    assert response.status_code == 500
    incident = re.search(r"Nummer: (\w{8})", response.text)
    assert incident
    assert f"give this number: {incident[1]}" in response.text
    assert f"incident {incident[1]}: GET /crash" in caplog.text
    assert f"error page 500 failed, incident {incident[1]}" in caplog.text
    assert "ZeroDivisionError" not in response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_bare_page_is_a_whole_page(failing: Flask) -> None:
    failing.jinja_env.loader = jinja2.DictLoader({})
    response = failing.test_client().get("/crash")  # looked over by the client
    assert text_of(parse(response.text).find("head/title")) == "Bei uns ist etwas schiefgegangen"


def test_a_session_that_is_too_large_is_a_crash_and_keeps_the_old_one(failing: Flask) -> None:
    from flask import session

    @failing.get("/swell")
    def swell() -> str:
        session["text"] = "x" * 4000
        return "swollen"

    client = failing.test_client()
    client.get("/?lang=en")
    before = client.get_cookie("session")
    response = FlaskClient.open(client, "/swell")
    assert response.status_code == 500
    assert client.get_cookie("session") == before


# Without the database


@pytest.fixture
def alone(app: Flask, config: Config) -> Flask:
    """An application whose database is away."""
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    return app


@pytest.mark.parametrize(
    ("locale", "title"), [("de", "Gerade nicht erreichbar"), ("en", "Not available at the moment")]
)
def test_a_page_that_needs_the_database_says_so_while_it_is_away(
    alone: Flask, locale: str, title: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = alone.test_client().get(f"/status?lang={locale}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert title in answer.text
    assert "GET /status: OperationalError SQLITE_CANTOPEN" in caplog.text
    assert "Traceback" not in caplog.text


def test_files_are_asked_for_again_when_the_database_is_back(alone: Flask) -> None:
    client = alone.test_client()
    assert isinstance(client, PageLintingClient)
    walk(client, *PLAIN)
    page = parse(client.get("/").text)
    token = next(field.attrib["value"] for field in page.iter("input") if field.get("name") == "csrf_token")
    assert client.post("/downloads", data={"csrf_token": token}).status_code == 503


def test_a_mistake_of_ours_in_a_query_is_no_absence(app: Flask) -> None:
    @app.get("/mistake")
    def ask() -> None:
        with db.read() as session:
            session.execute(text("SELECT nothing FROM nowhere"))

    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/mistake").status_code == 500


def test_an_error_page_speaks_of_answers_only_to_who_has_given_some(client: FlaskClient) -> None:
    assert "Ihre Angaben sind noch da" not in client.get("/nowhere").text
    with client.session_transaction() as session:
        session["answers"] = {"address": {"email_address": "anna@gmx.de"}}
    assert "Ihre Angaben sind noch da" in client.get("/nowhere").text
