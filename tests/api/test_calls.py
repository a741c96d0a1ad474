"""What programs can ask, what they get, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp import create_app
from webapp.api import keys
from webapp.api.problems import Kind
from webapp.core import providers
from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE
from webapp.core.text import locales
from webapp.infrastructure.config import BODY_BYTES_MAX, Config

API = "/api/v1"
MARK = "<i>unmistakable</i>"


def problem(response: TestResponse, kind: Kind) -> dict[str, object]:
    """Return the problem document, after looking whether it is one."""
    assert response.status_code == kind.status, response.text
    assert response.mimetype == "application/problem+json"
    shape = json.loads(response.data)
    assert shape["type"] == f"{API}/#{kind.slug}"
    assert shape["status"] == kind.status
    assert shape["title"]
    assert "Set-Cookie" not in response.headers
    return dict(shape)


# What is known


def test_lists_the_providers_as_the_command_line_does(client: FlaskClient) -> None:
    rows = client.get(f"{API}/providers").json
    assert [row["id"] for row in rows] == list(providers.load())
    assert rows[0]["servers"][0] == {
        "type": "pop3", "hostname": "pop.gmx.net", "port": 995, "socket_type": "SSL"
    }  # fmt: skip
    assert client.get(f"{API}/providers/gmx.com").json == rows[1]
    problem(client.get(f"{API}/providers/freenet.de"), Kind.NOT_FOUND)


@pytest.mark.parametrize(
    ("address", "certainty", "found", "suggestion"),
    [
        ("Anna@GMX.de", "certain", ["gmx.net"], None),
        ("anna@gmx.com", "ambiguous", ["gmx.com", "gmx.net"], None),
        ("anna@alpenjodel.de", "confirm", ["gmx.net"], None),
        ("anna@freenet.de", "other-brand", [], None),
        ("anna@gmx.d", "unknown", [], "anna@gmx.de"),
    ],
)
def test_says_whose_address_it_is(
    client: FlaskClient, address: str, certainty: str, found: list[str], suggestion: str | None
) -> None:
    by_query = client.get(f"{API}/find", query_string={"address": address}).json
    assert by_query == client.post(f"{API}/find", json={"address": address}).json
    assert by_query["address"] == address.lower()
    assert (by_query["certainty"], by_query["suggestion"]) == (certainty, suggestion)
    assert sorted(provider["id"] for provider in by_query["providers"]) == sorted(found)


def test_lists_the_mail_programs(client: FlaskClient) -> None:
    rows = {row["id"]: row for row in client.get(f"{API}/clients").json}
    assert list(rows) == list(CLIENTS)
    assert rows["thunderbird"]["formats"] == list(CLIENTS["thunderbird"].formats)


@pytest.mark.parametrize("locale", locales())
def test_lists_every_diagnosis_in_every_language(client: FlaskClient, locale: str) -> None:
    response = client.get(f"{API}/diagnoses", query_string={"locale": locale})
    assert [row["id"] for row in response.json] == list(CATALOGUE)
    assert response.headers["Content-Language"] == locale
    assert all(row["title"] and row["why"] and row["advice"] for row in response.json)
    one = client.get(f"{API}/diagnoses/login-refused", query_string={"locale": locale}).json
    assert one in response.json


def test_a_diagnosis_names_the_servers_of_the_provider(client: FlaskClient) -> None:
    found = client.get(f"{API}/diagnoses", query_string={"provider": "gmx.com"}).json
    texts = str([entry for entry in found if entry["id"] != "wrong-family"])  # which names both
    assert "pop.gmx.com" in texts
    assert "pop.gmx.net" not in texts
    problem(client.get(f"{API}/diagnoses/no-such-thing"), Kind.NOT_FOUND)
    problem(client.get(f"{API}/diagnoses?provider=freenet.de"), Kind.NOT_FOUND)


# Language


@pytest.mark.parametrize(
    ("query", "header", "locale"),
    [("", None, "de"), ("", "en-GB,de;q=0.5", "en"), ("", "fr", "de"), ("locale=de", "en", "de")],
)
def test_the_language_is_asked_for_by_parameter_or_header(
    client: FlaskClient, query: str, header: str | None, locale: str
) -> None:
    headers = {"Accept-Language": header} if header else {}
    for path in ("diagnoses/login-refused", "exports/other", "no-such-thing"):
        address = "&address=anna@gmx.de" if path.startswith("exports") else ""
        response = client.get(f"{API}/{path}?{query}{address}", headers=headers)
        assert response.headers["Content-Language"] == locale


def test_a_refusal_is_said_in_the_language_of_the_body(client: FlaskClient) -> None:
    for body in ({"address": "x", "locale": "en"}, {"address": "anna@gmx.de", "keep": "no", "locale": "en"}):
        response = client.post(f"{API}/exports/other", json=body)
        assert (response.status_code, response.headers["Content-Language"]) == (422, "en")
    response = client.post(f"{API}/exports/other", json={"address": "x", "locale": ["en"]})
    assert (response.status_code, response.headers["Content-Language"]) == (422, "de")


# Bad input


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["address"]),
        ("address=", ["address"]),
        (f"address={MARK}@gmx.de", ["address"]),
        ("address=anna@gmx.de&keep=100", ["keep"]),
        ("address=anna@gmx.de&keep=0", ["keep"]),
        ("address=anna@gmx.de&smtp_port=25", ["smtp_port"]),
        ("address=anna@gmx.de&smtp_port=%D9%A4%D9%A6%D9%A5", ["smtp_port"]),
        ("address=anna@gmx.de&format=exe", ["format"]),
        ("address=anna@gmx.de&device=iphone", ["device"]),
        ("address=anna@gmx.de&locale=xx", ["locale"]),
        ("address=anna@gmx.de&name=" + "x" * 65, ["name"]),
        ("address=anna@gmx.de&name=a%00b", ["name"]),
        ("address=anna@gmx.de&name=%E2%80%AEabc", ["name"]),
        ("address=anna@gmx.de&address=bert@gmx.de", ["address"]),
        ("adress=anna@gmx.de&keeep=delete", ["adress", "keeep", "address"]),
    ],
)
def test_names_every_fault_of_a_query(client: FlaskClient, query: str, names: list[str]) -> None:
    for path in ("exports/thunderbird",):
        shape = problem(client.get(f"{API}/{path}?{query}&"), Kind.INVALID_INPUT)
        faults = shape["errors"]
        assert isinstance(faults, list)
        assert [fault["name"] for fault in faults] == names
        assert shape["detail"] == faults[0]["detail"]
        assert "unmistakable" not in str(shape)


def test_a_misspelt_parameter_is_not_passed_over(client: FlaskClient) -> None:
    shape = problem(client.get(f"{API}/exports/other?address=anna@gmx.de&keeep=delete&locale=en"), Kind.INVALID_INPUT)
    assert shape["detail"] == "There is no “keeep” here. Did you mean “keep”?"


@pytest.mark.parametrize("query", ["address=%ff%fe@gmx.de", "&".join(f"x{number}=1" for number in range(30))])
def test_a_query_that_cannot_be_read_is_refused(client: FlaskClient, query: str) -> None:
    problem(client.get(f"{API}/find?{query}"), Kind.MALFORMED)
    problem(client.get(f"{API}/find?address={'a' * 20_000}"), Kind.QUERY_TOO_LONG)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", Kind.MALFORMED),
        (b"{", Kind.MALFORMED),
        (b"\xff\xfe", Kind.MALFORMED),
        (b'{"address": "anna@gmx.de", "address": "bert@gmx.de"}', Kind.MALFORMED),
        (b'{"address": NaN}', Kind.MALFORMED),
        (b"[" * 60_000, Kind.MALFORMED),
        (b"[]", Kind.INVALID_INPUT),
        (b"null", Kind.INVALID_INPUT),
        (b'{"address": null}', Kind.INVALID_INPUT),
        (b'{"address": ["anna@gmx.de"]}', Kind.INVALID_INPUT),
        (b'{"address": "anna@gmx.de", "smtp_port": "465"}', Kind.INVALID_INPUT),
        (b'{"address": "anna@gmx.de", "smtp_port": 465.0}', Kind.INVALID_INPUT),
        (b'{"address": "anna@gmx.de", "smtp_port": true}', Kind.INVALID_INPUT),
        (b'{"address": "anna@gmx.de", "name": "\\ud800"}', Kind.INVALID_INPUT),
        (b'{"address": "anna@gmx.de", "\\ud800": 1}', Kind.INVALID_INPUT),
        (b'{"address": "anna@freenet.de"}', Kind.UNKNOWN_ADDRESS),
        (b" " * (BODY_BYTES_MAX + 1), Kind.TOO_LARGE),
    ],
)
def test_a_body_of_no_use_is_refused(client: FlaskClient, body: bytes, kind: Kind) -> None:
    problem(client.post(f"{API}/exports/other", data=body, content_type="application/json"), kind)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""])
def test_a_post_must_say_that_it_is_json(client: FlaskClient, content_type: str) -> None:
    """A form of a foreign page can send these three without being asked."""
    response = client.post(f"{API}/find", data=b'{"address": "anna@gmx.de"}', content_type=content_type)
    problem(response, Kind.WRONG_TYPE)
    assert response.headers["Accept-Post"] == "application/json"


def test_an_unknown_path_and_a_wrong_method_are_answered_as_problems(client: FlaskClient) -> None:
    problem(client.get(f"{API}/nothing"), Kind.NOT_FOUND)
    response = client.delete(f"{API}/find")
    problem(response, Kind.WRONG_METHOD)
    assert {"GET", "POST"} <= set(response.headers["Allow"].replace(",", "").split())
    problem(client.options(f"{API}/find"), Kind.WRONG_METHOD)


def test_a_foreign_host_name_and_a_foreign_page_are_refused(client: FlaskClient) -> None:
    problem(client.get(f"{API}/clients", headers={"Host": "evil.example"}), Kind.MALFORMED)
    problem(client.get(f"{API}/exports/other?address=anna@gmx.de", headers={"Host": "evil.example"}), Kind.MALFORMED)
    for odd in ("localhost:99999", "localhost:", "localhost/x", "x:y@localhost", "[::1]x"):
        problem(client.get(f"{API}/exports/other?address=anna@gmx.de", headers={"Host": odd}), Kind.MALFORMED)
    crossing = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    response = client.post(f"{API}/find", json={"address": "anna@gmx.de"}, headers=crossing)
    problem(response, Kind.NOT_ALLOWED)
    assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]


def test_an_error_of_ours_says_its_incident_and_nothing_else(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings)

    def fail(*_: object) -> None:
        raise RuntimeError("anna@gmx.de")

    monkeypatch.setattr("webapp.api.exports.account_of", fail)
    response = app.test_client().get(f"{API}/exports/other?address=anna@gmx.de")
    shape = problem(response, Kind.INTERNAL)
    assert shape["incident"]
    assert "anna" not in response.text


# Keys and limits


def test_a_cookie_gives_no_power_and_none_is_set(app: Flask) -> None:
    """What a browser adds by itself must count for nothing: the room takes no token against foreign pages."""
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["locale"] = "en"
        session["answers"] = {"address": {"email_address": "anna@gmx.de"}}
    assert browser.get_cookie("session") is not None
    for url in (f"{API}/diagnoses/login-refused", f"{API}/exports/other?address=anna@gmx.de", f"{API}/nothing?lang=en"):
        response = browser.get(url)
        assert response.headers["Content-Language"] == "de"
        assert "Set-Cookie" not in response.headers
    response = browser.post(f"{API}/connection-tests", json={"address": "anna@gmx.de", "password": "geheim-1"})
    problem(response, Kind.NOT_ALLOWED)


def test_a_key_must_be_a_real_one(client: FlaskClient, settings: Config, key: str) -> None:
    assert client.get(f"{API}/clients", headers={"Authorization": key}).status_code == 200
    for wrong in (key[:-1], key + "x", key.replace("Bearer", "Basic"), "Bearer", "Bearer ", f"Bearer {MARK}"):
        response = client.get(f"{API}/clients", headers={"Authorization": wrong})
        problem(response, Kind.KEY_UNKNOWN)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    keys.revoke(settings, "plain")
    problem(client.get(f"{API}/clients", headers={"Authorization": key}), Kind.KEY_UNKNOWN)
    query = "exports/other?address=anna@gmx.de"
    problem(client.get(f"{API}/{query}", headers={"Authorization": key}), Kind.KEY_UNKNOWN)


def test_a_key_is_kept_as_a_hash_alone(settings: Config, key: str) -> None:
    token = key.removeprefix("Bearer ").encode()
    for file in settings.data_dir.iterdir():
        assert token not in file.read_bytes()
        assert token.removeprefix(b"gmxpop_") not in file.read_bytes()
    (row,) = keys.listed(settings)
    assert (row.name, row.scopes, row.revoked_at) == ("plain", "", None)


@pytest.mark.parametrize("path", ["clients", "exports/other?address=anna@gmx.de", "nothing-of-ours/../clients"])
def test_an_address_has_its_number_of_requests(config: Config, path: str) -> None:
    app = create_app(replace(config, api_requests_per_minute=3))
    api_limits = app.extensions["rates"]
    api_limits._clock = lambda: 90.0  # in the middle of a minute
    client = app.test_client(use_cookies=False)

    def ask(remote: str) -> TestResponse:
        return client.get(f"{API}/{path.split('/../')[-1]}", environ_overrides={"REMOTE_ADDR": remote})

    assert [ask("2001:db8::1").status_code for _ in range(3)] == [200] * 3
    refused = ask("2001:db8::2")  # the same /64
    problem(refused, Kind.TOO_MANY_REQUESTS)
    assert refused.headers["Retry-After"] == "30"
    assert ask("2001:db8:0:1::1").status_code == 200
    api_limits._clock = lambda: 121.0
    assert ask("2001:db8::1").status_code == 200


def test_a_key_has_a_limit_of_its_own(config: Config) -> None:
    app = create_app(replace(config, api_requests_per_minute=1))
    app.extensions["rates"]._clock = lambda: 90.0
    client = app.test_client(use_cookies=False)
    header = {"Authorization": f"Bearer {keys.add(config, 'two', frozenset(), per_minute=2)}"}
    assert [client.get(f"{API}/clients", headers=header).status_code for _ in range(3)] == [200, 200, 429]
    assert [client.get(f"{API}/clients").status_code for _ in range(2)] == [200, 429]


def test_a_request_for_a_file_counts_once_whichever_way_it_goes(config: Config) -> None:
    app = create_app(replace(config, api_requests_per_minute=4))
    app.extensions["rates"]._clock = lambda: 90.0
    client = app.test_client(use_cookies=False)
    statuses = [
        client.get(f"{API}/exports/other?address={who}").status_code for who in ("a@gmx.de", "", "a@gmx.de", "")
    ]
    assert statuses == [200, 422, 200, 422]
    assert client.get(f"{API}/exports/other?address=a@gmx.de").status_code == 429
