"""What is sent as gzip, what never is, and how many bytes a first visit takes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request, session
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.support.client import parse, styled
from tests.support.weight import FIRST_VISIT_BYTES_MAX, GZIP, PUBLIC, first_visit, public_pages
from webapp.infrastructure import assets, compression

PAGE = "<!doctype html>" + "<p>Ein Satz, der sich gut zusammendrücken lässt.</p>" * 50

SECRET = ("/api/", "/connection-tests", "/downloads", "/f/", "/helpdesk", "/join")


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return FlaskClient(app, use_cookies=False)


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every route that answers GET, with a path that it matches."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            yield rule, adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "thunderbird"), method="GET")


def is_compressed(app: Flask, path: str, response: Response | None = None, **asked: str) -> bool:
    with app.test_request_context(path, headers={**GZIP, **asked}):
        made = compression.compressed(app, request, response or Response(PAGE, mimetype="text/html"))
        return made.content_encoding == "gzip"


def test_of_all_routes_only_the_public_pages_are_compressed(app: Flask) -> None:
    found = {rule.rule for rule, path in rules(app) if is_compressed(app, path)}
    assert {rule for rule in found if rule.startswith(SECRET)} == set()
    assert found >= PUBLIC
    assert {rule.rule for rule, _ in rules(app) if rule.rule.startswith(SECRET)} > {"/f/<token>", "/join", "/helpdesk"}


def test_no_route_is_compressed_for_a_cookie_for_a_query_or_where_it_sets_a_cookie(app: Flask) -> None:
    with_cookie, failed = Response(PAGE, mimetype="text/html"), Response(PAGE, 404, mimetype="text/html")
    with_cookie.set_cookie("session", "x")
    for _, path in rules(app):
        assert not is_compressed(app, path, Cookie="session=x")
        assert not is_compressed(app, path, Cookie="helpdesk=x")
        assert not is_compressed(app, path + "?q=word")
        assert not is_compressed(app, path, with_cookie)
        assert not is_compressed(app, path, failed)
        assert not is_compressed(app, path, Response(PAGE, mimetype="application/json"))
        assert not is_compressed(app, path, **{"Accept-Encoding": "gzip;q=0, br"})


def test_a_page_that_gives_a_cookie_is_not_compressed_and_one_without_says_the_same(
    app: Flask, browser: FlaskClient
) -> None:
    app.add_url_rule("/gives", "wizard.gives", lambda: (session.update(a=1), PAGE)[1])
    app.add_url_rule("/plain", "wizard.plain", lambda: PAGE)
    app.add_url_rule("/short", "wizard.short", lambda: "<p>")
    gives, plain = browser.get("/gives", headers=GZIP), browser.get("/plain", headers=GZIP)
    assert "Set-Cookie" in gives.headers
    assert "Content-Encoding" not in gives.headers
    assert plain.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert plain.content_length == len(plain.data) < len(PAGE) / 5
    assert gzip.decompress(plain.data).decode() == gives.text == browser.get("/plain").text
    assert browser.get("/plain").headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in browser.get("/short", headers=GZIP).headers


@pytest.mark.parametrize("name", ["css/app.css", "js/app.js", "img/favicon.svg"])
def test_static_texts_are_sent_as_gzip_with_an_etag_of_their_own(browser: FlaskClient, name: str) -> None:
    path = f"/static/{assets.fingerprint()}/{name}"
    plain, zipped = browser.get(path), browser.get(path, headers=GZIP)
    assert plain.data == (assets.folder("static") / name).read_bytes() == gzip.decompress(zipped.data)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    for answer in (plain, zipped):
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    known = browser.get(path, headers={**GZIP, "If-None-Match": zipped.headers["ETag"]})
    assert (known.status_code, known.data, known.headers["Vary"]) == (304, b"", "Accept-Encoding")
    assert browser.get(path, headers={**GZIP, "If-None-Match": plain.headers["ETag"]}).status_code == 200


def test_a_first_visit_is_light_on_every_public_page(app: Flask, browser: FlaskClient) -> None:
    sizes = {path: first_visit(browser, path) for path in public_pages(app)}
    assert len(sizes) > 30
    assert max(sizes.values()) <= FIRST_VISIT_BYTES_MAX, max(sizes.items(), key=lambda entry: entry[1])


def test_a_public_page_loads_no_stylesheet_of_which_it_uses_nothing(app: Flask, browser: FlaskClient) -> None:
    for path in public_pages(app):
        root = parse(browser.get(path).text)
        named = {name for element in root.iter() for name in element.get("class", "").split()}
        loaded = {
            link.get("href", "").rpartition("/")[2] for link in root.iter("link") if link.get("rel") == "stylesheet"
        }
        used = {sheet for name in named for sheet in styled().get(name, ())}
        assert loaded <= used | {"app.css"}, path
