"""One account, three ways: command line, wizard and API write the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from webapp import create_app
from webapp.api.exports import display_string
from webapp.cli import cli
from webapp.core.account import Retention
from webapp.core.clients import CLIENTS, SetBy
from webapp.core.text import locales
from webapp.infrastructure.config import Config
from webapp.infrastructure.events import file_downloaded

API = "/api/v1/exports"
ADDRESS = "anna.beispiel@gmx.de"
FILES = [(client.id, name) for client in CLIENTS.values() for name in client.formats]
ACCOUNTS = [
    {"address": ADDRESS},
    {"address": ADDRESS, "name": "Änne O'Neill", "keep": "14"},
    {"address": "john@gmx.com", "keep": "delete", "provider": "gmx.com"},
    {"address": ADDRESS, "smtp_port": 587},
]


def by_command_line(
    client_id: str, format_name: str, locale: str, values: dict[str, object], file: Path
) -> bytes | None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items() if name != "address"]
    call = [
        "export", client_id, str(values["address"]), "--format", format_name, "--locale", locale, "-o", str(file), *options
    ]  # fmt: skip
    result = CliRunner().invoke(cli, call)
    return file.read_bytes() if result.exit_code == 0 else None


@pytest.mark.parametrize(("client_id", "format_name"), FILES)
def test_the_command_line_and_the_api_write_the_same_bytes(
    client: FlaskClient, tmp_path: Path, client_id: str, format_name: str
) -> None:
    for locale, values in product(locales(), ACCOUNTS):
        written = by_command_line(client_id, format_name, locale, values, tmp_path / "file")
        asked = {**values, "format": format_name, "locale": locale}
        direct = client.get(f"{API}/{client_id}", query_string=asked)
        posted = client.post(f"{API}/{client_id}", json=asked)
        if written is None:  # such as getmail with STARTTLS
            assert (direct.status_code, posted.status_code) == (422, 422)
            continue
        assert direct.data == posted.data == written
        assert "password" not in direct.headers["Content-Disposition"]


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("client_id", dict.fromkeys(client_id for client_id, _ in FILES))
def test_the_wizard_and_the_api_write_the_same_bytes(app: Flask, client_id: str, locale: str) -> None:
    device = "mac" if client_id == "apple-mail" else None
    possible = CLIENTS[client_id].keeping(device).set_by(Retention.parse("14")) is not SetBy.NOTHING
    keep = "14" if possible else "forever"  # the wizard offers what the program can do
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["locale"] = locale
        session["file_token"] = ""
        session["answers"] = {
            "address": {"email_address": ADDRESS, "providers": ["gmx.net"], "certainty": "certain"},
            "name": {"name": "Anna"},
            "program": {"client": client_id, "device": device},
            "outlook-profile": {"profile": "new"},
            "retention": {"keep": keep, "confirmed": True},
            "preparation": {"done": ["pop3"], "two_factor": "no"},
        }
    special = {"apple-mail": {"device": "mac"}, "outlook": {"profile": "new"}}.get(client_id, {})
    asked = {"address": ADDRESS, "name": "Anna", "keep": keep, "locale": locale, **special}
    by_api = app.test_client(use_cookies=False).get(f"{API}/{client_id}", query_string=asked)
    name = by_api.headers["Content-Disposition"].partition("filename=")[2]
    by_wizard = browser.get(f"/finish/{name}")
    assert by_wizard.status_code == 200, name
    assert by_api.data == by_wizard.data
    assert by_api.headers["Content-Type"] == by_wizard.headers["Content-Type"]


@pytest.mark.parametrize(("client_id", "format_name"), FILES)
def test_a_file_is_the_same_with_a_key_and_without(app: Flask, key: str, client_id: str, format_name: str) -> None:
    client = app.test_client(use_cookies=False)
    for values in ACCOUNTS:
        asked = {**values, "format": format_name}
        without = client.get(f"{API}/{client_id}", query_string=asked)
        with_key = client.get(f"{API}/{client_id}", query_string=asked, headers={"Authorization": key})
        assert without.status_code == with_key.status_code
        assert without.data == with_key.data
        assert sorted(without.headers) == sorted(with_key.headers)


def test_a_file_names_its_operator_and_demands_https_where_the_site_has_it(config: Config) -> None:
    app = create_app(replace(config, public_url="https://pop.example.org", operator_name="Verein"))
    client = app.test_client(use_cookies=False)
    response = client.get(f"{API}/apple-mail?address=a@gmx.de", base_url="https://pop.example.org")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    assert b"org.example.pop.gmx.pop." in response.data
    assert b"<string>Verein</string>" in response.data


def test_says_in_a_header_what_the_format_cannot_say(client: FlaskClient) -> None:
    response = client.get(f"{API}/apple-mail?address=anna@gmx.com&locale=de")
    notes = response.headers["Export-Notes"]
    assert notes.startswith('%"F%c3%bcr diese Adresse angenommen: gmx.')
    assert notes.isascii()
    assert "Export-Notes" not in client.get(f"{API}/other?address=anna@gmx.de").headers


@pytest.mark.parametrize(
    ("text", "written"), [('a"b%c', '%"a%22b%25c"'), ("ä\n", '%"%c3%a4%0a"'), ("plain (1)", '%"plain (1)"')]
)
def test_writes_display_strings(text: str, written: str) -> None:
    """RFC 9651 section 4.1.11."""
    assert display_string(text) == written


def test_refuses_an_address_of_nobody_we_know(client: FlaskClient) -> None:
    for response in (
        client.get(f"{API}/other?address=anna@freenet.de"),
        client.post(f"{API}/other", json={"address": "anna@freenet.de"}),
    ):
        assert response.status_code == 404
        assert json.loads(response.data)["type"].endswith("#unknown-address")
    assert client.get(f"{API}/other?address=anna@freenet.de&provider=gmx.net").status_code == 200
    assert client.get(f"{API}/other?address=anna@gmx.de&provider=freenet.de").status_code == 404
    assert client.get(f"{API}/outlook-new?address=anna@gmx.de").status_code == 404


def test_tells_listeners_of_each_file(app: Flask, client: FlaskClient) -> None:
    heard: list[tuple[str, str]] = []

    def listen(_app: Flask, client: str, format: str) -> None:  # noqa: A002
        heard.append((client, format))

    file_downloaded.connect(listen, app)
    client.get(f"{API}/apple-mail?address=a@gmx.de")
    client.post(f"{API}/outlook", json={"address": "a@gmx.de"})
    assert heard == [("apple-mail", "mobileconfig"), ("outlook", "prf")]


def test_who_asks_for_headers_alone_has_fetched_nothing(app: Flask, client: FlaskClient) -> None:
    told: list[str] = []

    def hear(_: object, client: str, **__: object) -> None:
        told.append(client)

    with file_downloaded.connected_to(hear, app):
        assert client.head(f"{API}/other?address=anna@gmx.de").status_code == 200
        assert told == []
        assert client.get(f"{API}/other?address=anna@gmx.de").status_code == 200
        assert client.post(f"{API}/other", json={"address": "anna@gmx.de"}).status_code == 200
    assert told == ["other", "other"]


def test_takes_utf_8_in_a_query_that_no_program_has_encoded(client: FlaskClient, key: str) -> None:
    query = {"QUERY_STRING": "address=anna@gmx.de&name=Jürgen".encode().decode("latin-1")}
    for headers in ({}, {"Authorization": key}):
        answer = client.get(f"{API}/other", environ_overrides=query, headers=headers)
        assert "Jürgen" in answer.text


def test_a_head_request_gets_headers_alone(client: FlaskClient) -> None:
    response = client.head(f"{API}/thunderbird?address=anna@gmx.de")
    assert (response.status_code, response.data) == (200, b"")
    assert "Content-Disposition" in response.headers
