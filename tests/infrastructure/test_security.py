"""Headers, nonces, the sealed session, cross-site requests, host names, sizes."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request, session
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import PageLintingClient, parse
from webapp import create_app
from webapp.infrastructure import security
from webapp.infrastructure.config import BODY_BYTES_MAX, FORM_PARTS_MAX, SESSION_BYTES_MAX, SESSION_HOURS, Config
from webapp.infrastructure.session import WITHOUT_SESSION, SealedSessionInterface, SessionTooLargeError

KEYS = [bytes([number]) * 32 for number in (1, 2, 3)]


def served(config: Config, **changes: Any) -> Flask:
    """Return an application with a form that echoes and a file, `changes` made to its settings."""
    app = create_app(replace(config, **changes))
    app.testing = True

    @app.post("/echo")
    @security.csrf.exempt
    def echo() -> dict[str, Any]:
        return {"form": dict(request.form), "remote": request.remote_addr, "secure": request.is_secure}

    @app.post("/keep")
    def keep() -> str:
        session["note"] = request.form["note"]
        return "kept"

    @app.get("/file")
    def file() -> Response:
        return Response(b"x", mimetype="application/x-apple-aspen-config")

    @app.get("/public")
    def public() -> Response:
        security.allow_indexing()
        response = Response("<!doctype html><title>x</title>", mimetype="text/html")
        response.cache_control.public = True
        response.cache_control.max_age = 60
        return response

    return app


def token_of(client: FlaskClient) -> str:
    page = parse(client.get("/").text)
    return next(field.attrib["value"] for field in page.iter("input") if field.get("name") == "csrf_token")


# Headers


def test_every_route_answers_with_every_header(app: Flask) -> None:
    client = FlaskClient(app)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    paths = ["/no-such-page"]
    for rule in app.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments, "thunderbird")
        paths.append(app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods or ()))))
    assert len(paths) > 8
    for path in paths:
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            response = client.open(path, method=method)
            assert response.status_code != 500, (method, path)
            for name, value in security.HEADERS.items():
                assert response.headers.getlist(name) == [value], (method, path)
            assert response.headers["Cache-Control"] == "no-store", (method, path)
            assert response.headers["X-Robots-Tag"] == "noindex", (method, path)  # no public address is set
            policy = response.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'nonce-") or policy == security.FILE_POLICY
            assert "unsafe" not in policy
            assert "data:" not in policy
            assert "Strict-Transport-Security" not in response.headers
            response.close()


@pytest.mark.parametrize("https", [False, True])
def test_what_is_answered_in_front_of_flask_has_every_header_too(config: Config, https: bool) -> None:
    app = create_app(replace(config, public_url="https://pop.example.org") if https else config)
    client = FlaskClient(app)
    origin = "https://pop.example.org" if https else "http://localhost"
    address = "anna@gmx.de"
    for method, path, cache in (
        ("GET", f"/mail/config-v1.1.xml?emailaddress={address}", "public, max-age=86400"),
        ("GET", "/mail/config-v1.1.xml", "no-store"),
        ("POST", "/autodiscover/autodiscover.xml", "no-store"),
        ("GET", f"/api/v1/exports/other?address={address}", "no-store"),
    ):
        answer = client.open(path, method=method, base_url=origin)
        for name, value in {**security.HEADERS, "Content-Security-Policy": security.FILE_POLICY}.items():
            assert answer.headers.getlist(name) == [value], (path, name)
        assert answer.headers.getlist("Cache-Control") == [cache]
        assert answer.headers.getlist("X-Robots-Tag") == ["noindex"]
        assert answer.headers.getlist("Strict-Transport-Security") == ([security.HSTS] if https else [])


def test_the_policy_of_a_page_is_the_strict_one(client: PageLintingClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert re.fullmatch(r"'nonce-[\w-]{22}'", directives.pop("script-src"))
    assert directives == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_every_response_has_a_nonce_of_its_own(client: PageLintingClient) -> None:
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(20)}
    assert len(policies) == 20


def test_a_file_runs_nothing(config: Config) -> None:
    assert served(config).test_client().get("/file").headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_view_can_say_that_its_page_is_public(config: Config) -> None:
    response = served(config).test_client().get("/public")
    assert response.cache_control.public
    assert response.cache_control.max_age == 60


def test_demands_https_for_good_exactly_where_the_site_has_it(config: Config) -> None:
    client = served(config, public_url="https://pop.example.org").test_client()
    response = client.get("/healthz", base_url="https://pop.example.org")
    assert response.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


# The session cookie


def test_the_cookie_is_a_host_cookie_exactly_with_https(config: Config) -> None:
    plain = served(config).test_client().get("/?lang=en").headers["Set-Cookie"]
    assert re.fullmatch(r"session=[\w-]+; HttpOnly; Path=/; SameSite=Lax", plain)
    client = served(config, public_url="https://pop.example.org").test_client()
    secure = client.get("/?lang=en", base_url="https://pop.example.org").headers["Set-Cookie"]
    assert re.fullmatch(r"__Host-session=[\w-]+; Secure; HttpOnly; Path=/; SameSite=Lax", secure)


def test_a_visit_that_keeps_nothing_sets_no_cookie(client: PageLintingClient) -> None:
    assert "Set-Cookie" not in client.get("/healthz").headers


def test_an_emptied_session_deletes_its_cookie(app: Flask) -> None:
    @app.get("/empty")
    def empty() -> str:
        session.clear()
        return "empty"

    client = FlaskClient(app)
    client.get("/?lang=en")
    assert client.get_cookie("session") is not None
    assert "Max-Age=0" in client.get("/empty").headers["Set-Cookie"]
    assert client.get_cookie("session") is None


def test_nothing_of_the_session_can_be_read_in_the_cookie() -> None:
    content = {"address": "anna.beispiel@gmx.de", "name": "Anna Beispiel"}
    value = SealedSessionInterface(KEYS[:1], "session").seal(content)
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    for text in (*content, *content.values(), "gmx", "Anna"):
        assert text.encode() not in raw
        assert text not in value


def test_the_same_session_never_looks_the_same_twice() -> None:
    interface = SealedSessionInterface(KEYS[:1], "session")
    assert len({interface.seal({"a": 1}) for _ in range(50)}) == 50


@given(
    st.dictionaries(st.text(max_size=20), st.none() | st.booleans() | st.integers() | st.text(max_size=60), max_size=9)
)
def test_what_was_sealed_is_opened_unchanged(content: dict[str, Any]) -> None:
    interface = SealedSessionInterface(KEYS[:1], "session")
    assert interface.unseal(interface.seal(content)) == content


def test_opens_cookies_of_former_keys_and_seals_with_the_new_one() -> None:
    old, rotated = SealedSessionInterface(KEYS[:1], "session"), SealedSessionInterface([KEYS[1], KEYS[0]], "session")
    new = SealedSessionInterface(KEYS[1:2], "session")
    assert rotated.unseal(old.seal({"a": 1})) == {"a": 1}
    assert new.unseal(rotated.seal({"a": 1})) == {"a": 1}
    assert new.unseal(old.seal({"a": 1})) is None


def test_opens_a_cookie_of_the_version_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.infrastructure.session.time.time", lambda: 0.0)
    interface = SealedSessionInterface.of(Config(secret_key="a key of thirty-two characters, or more"), "session")
    assert interface.unseal("e49_7N63-B_FISpas8FJG6WPstVnUkEyXQMKUd-f9V1bjaru74XWKdb4dg") == {"a": 1}


def test_opens_no_cookie_of_another_name() -> None:
    assert SealedSessionInterface(KEYS, "other").unseal(SealedSessionInterface(KEYS, "session").seal({"a": 1})) is None


def test_opens_nothing_that_was_changed() -> None:
    interface = SealedSessionInterface(KEYS, "session")
    raw = bytearray(base64.urlsafe_b64decode(interface.seal({"a": 1}) + "=="))
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        assert interface.unseal(base64.urlsafe_b64encode(changed).rstrip(b"=").decode()) is None


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_opens_no_invented_cookie(value: str) -> None:
    assert SealedSessionInterface(KEYS, "session").unseal(value) is None


def test_forgets_a_session_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    interface = SealedSessionInterface(KEYS, "session")
    monkeypatch.setattr("webapp.infrastructure.session.time.time", lambda: 1_000_000.0)
    value = interface.seal({"a": 1})
    monkeypatch.setattr("webapp.infrastructure.session.time.time", lambda: 1_000_000.0 + SESSION_HOURS * 3600)
    assert interface.unseal(value) == {"a": 1}
    monkeypatch.setattr("webapp.infrastructure.session.time.time", lambda: 1_000_001.0 + SESSION_HOURS * 3600)
    assert interface.unseal(value) is None


def test_a_cookie_holds_six_devices_and_no_endless_text() -> None:
    interface = SealedSessionInterface(KEYS, "session")
    device = {"client": "thunderbird-android", "name": "ü" * 64}
    assert len(interface.seal({"address": "a" * 254, "name": "ü" * 64, "devices": [device] * 3})) <= SESSION_BYTES_MAX
    with pytest.raises(SessionTooLargeError, match=r"keys \['text'\]"):
        interface.seal({"text": "x" * SESSION_BYTES_MAX})


def test_a_stranger_with_a_broken_cookie_starts_anew(client: PageLintingClient) -> None:
    client.set_cookie("session", "broken")
    assert client.get("/").status_code == 200


# Requests from elsewhere


def test_every_form_needs_its_token(app: Flask) -> None:
    client = FlaskClient(app)
    for rule in app.url_map.iter_rules():
        # The form of the help changes nothing, and its page is served without a cookie.
        if "POST" in (rule.methods or ()) and rule.endpoint != "help.index":
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "address"), "POST")
            # The API reads no cookie, so it needs no token; but what a form can send it never takes.
            refusals = (401, 415) if path.startswith(WITHOUT_SESSION) else (400,)
            assert client.post(path).status_code in refusals, path
            assert client.post(path, data={"csrf_token": "invented"}).status_code in refusals, path
            if path != "/api/v1/messages":  # changes nothing, and tells no more than the help does
                assert client.post(path, data="{}", content_type="text/plain").status_code in refusals, path


def test_a_token_of_another_session_is_worth_nothing(config: Config) -> None:
    app = served(config)
    foreign = token_of(app.test_client())
    client = app.test_client()
    own = token_of(client)
    assert client.post("/keep", data={"csrf_token": foreign, "note": "x"}).status_code == 400
    assert client.post("/keep", data={"csrf_token": own, "note": "x"}).text == "kept"


def test_a_token_is_good_as_long_as_the_session(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served(config).test_client()
    token = token_of(client)
    import itsdangerous

    later = itsdangerous.TimestampSigner("x").get_timestamp() + (SESSION_HOURS - 1) * 3600
    monkeypatch.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _self: later)
    assert client.post("/keep", data={"csrf_token": token, "note": "x"}).text == "kept"


def test_a_form_left_open_while_the_key_was_changed_is_taken(config: Config) -> None:
    before = served(config).test_client()
    token = token_of(before)
    changed = served(
        config, secret_key="another key for the same site, for tests", secret_key_fallbacks=(config.secret_key,)
    )
    after, cookie = changed.test_client(), before.get_cookie("session")
    assert cookie is not None
    after.set_cookie("session", cookie.value)
    assert after.post("/keep", data={"csrf_token": token, "note": "x"}).text == "kept"
    dropped = served(config, secret_key="another key for the same site, for tests").test_client()
    kept = after.get_cookie("session")
    assert kept is not None
    dropped.set_cookie("session", kept.value)
    assert dropped.post("/keep", data={"csrf_token": token, "note": "x"}).status_code == 400
    assert dropped.post("/keep", data={"csrf_token": token_of(dropped), "note": "x"}).text == "kept"


def test_a_path_with_a_nul_is_no_page_and_no_question_to_a_database(client: PageLintingClient) -> None:
    for path in ("/f/%00", "/helpdesk/cases/A%00", "/help/%00", "/%00"):
        assert FlaskClient.open(client, path).status_code == 404
    for path in ("/helpdesk/reports/%00/again", "/helpdesk/queue/%00"):
        assert FlaskClient.post(client, path).status_code in (400, 404)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://LOCALHOST"}, 200),
        ({"Origin": "http://localhost:8000"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
def test_changes_nothing_for_another_site(config: Config, headers: dict[str, str], status: int) -> None:
    assert served(config).test_client().post("/echo", headers=headers).status_code == status


def test_knows_its_public_name_behind_a_proxy_that_says_nothing(config: Config) -> None:
    client = served(config, public_url="https://pop.example.org").test_client()
    for origin, status in (("https://pop.example.org", 200), ("https://evil.example", 403)):
        response = client.post("/echo", base_url="http://pop.example.org", headers={"Origin": origin})
        assert response.status_code == status


def test_other_sites_may_still_link_to_us(client: PageLintingClient) -> None:
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


# Names of the site


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LocalHost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("pop.example.org", 200),
        ("other.example.org:8080", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("pop.example.org.evil.example", 400),
        ("evil.example@localhost", 400),
        ("127.0.0.2", 400),
        ("[::2]", 400),
        ("[::1", 400),
        ("", 400),
    ],
)
def test_answers_only_under_its_own_names(config: Config, host: str, status: int) -> None:
    app = served(config, public_url="http://pop.example.org", trusted_hosts=("other.example.org",))
    response = app.test_client().get("/", headers={"Host": host, "X-Forwarded-Host": "evil.example"})
    assert response.status_code == status
    assert "evil.example" not in response.text


def test_answers_probes_under_the_name_of_the_machine_too(config: Config) -> None:
    token = "a token for metrics that is only for tests"
    client = served(config, metrics_token=token).test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        headers = {"Host": "10.42.0.7:8000", "Authorization": f"Bearer {token}"}
        assert client.get(path, headers=headers).status_code == 200
    assert client.get("/metrics", headers={"Host": "10.42.0.7:8000"}).status_code == 404


def test_believes_no_proxy_unless_told_to(config: Config) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.1, 192.0.2.2", "X-Forwarded-Proto": "https"}
    direct = served(config).test_client().post("/echo", headers=forwarded).json
    behind = served(config, trusted_proxies=1).test_client().post("/echo", headers=forwarded).json
    assert direct == {"form": {}, "remote": "127.0.0.1", "secure": False}
    assert behind == {"form": {}, "remote": "192.0.2.2", "secure": True}


def test_links_that_leave_the_browser_use_the_public_name(config: Config) -> None:
    with served(config, public_url="https://pop.example.org").test_request_context():
        assert security.public_url("health.healthz") == "https://pop.example.org/healthz"
    with served(config).test_request_context():
        assert security.public_url("health.healthz") == "http://localhost/healthz"


# Sizes


def test_takes_no_more_than_a_form_can_hold(config: Config) -> None:
    client = FlaskClient(served(config))
    assert client.post("/echo", data={"a": "x" * (BODY_BYTES_MAX - 100)}).status_code == 200
    assert client.post("/echo", data={"a": "x" * BODY_BYTES_MAX}).status_code == 413
    many = {f"field-{number}": "x" for number in range(FORM_PARTS_MAX + 1)}
    assert client.post("/echo", data=many, content_type="multipart/form-data").status_code == 413


def test_writes_no_upload_to_disk(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_values: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"y" * 60_000 + b"\r\n--x--\r\n"
    response = FlaskClient(served(config)).post("/echo", data=body, content_type="multipart/form-data; boundary=x")
    assert json.loads(response.text)["form"] == {}


def test_a_proxy_that_nobody_set_up_is_noticed_once(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    for count, lines in ((0, 1), (1, 0)):
        caplog.clear()
        client = served(config, trusted_proxies=count).test_client()
        client.get("/setup/address")
        assert "WEBAPP_TRUSTED_PROXIES" not in caplog.text
        for _ in range(3):
            client.get("/setup/address", headers=forwarded)
        assert caplog.text.count("set WEBAPP_TRUSTED_PROXIES") == lines
        assert "192.0.2.1" not in caplog.text
