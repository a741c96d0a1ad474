"""MDN's HTTP Observatory would grade the site A+ behind the proxies that we document, and find nothing without one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from tests.support.caddy import documented_caddy
from tests.support.nginx import documented_site
from tests.support.observatory import OF_TLS, Answer, grade, judged
from tests.support.requirements import need_commands
from tests.support.serving import handed_over, serving

pytestmark = pytest.mark.peers

NAME = "pop.example.org"
PAGES = ("/", "/setup/address", "/help", "/privacy", "/helpdesk/sign-in", "/no-such-page")
FOREIGN = {"Origin": "https://http-observatory.security.mozilla.org", "Access-Control-Request-Method": "GET"}


def seen(site: str, path: str, verify: str | bool, plain: str | None, name: str) -> dict[str, int]:
    """Return the points of the page `path` of `site`, whose name is `name` in public."""
    with requests.Session() as session:
        session.trust_env, session.verify, session.headers["Host"] = False, verify, name
        page = Answer.of(session.get(f"{site}{path}", timeout=60))
        assert page.status in (200, 404), page
        first = Answer.of(session.get(f"{plain}{path}", timeout=60, allow_redirects=False)) if plain else None
        preflight = Answer.of(session.options(f"{site}{path}", headers=FOREIGN, timeout=60))
    return judged(replace(page, url=f"{site.partition(':')[0]}://{name}{path}"), first, preflight)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, str, str]]:
    """A site behind a documented proxy: https and http address, certificate of the authority, name."""
    need_commands("nginx", "caddy", "setpriv", "openssl")
    name = NAME if request.param == "nginx" else "localhost"  # of which Caddy is its own authority
    settings = {"WEBAPP_PUBLIC_URL": f"https://{name}", "WEBAPP_TRUSTED_PROXIES": "1"}
    data = tmp_path_factory.mktemp("site") / "data"
    proxy_before = documented_site if request.param == "nginx" else documented_caddy
    with (
        socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
        handed_over(data, listener, **settings) as site,
        proxy_before(listener.getsockname()[1]) as proxy,
    ):
        assert site.greeting, site.errors
        addresses = f"https://localhost:{proxy.https}", f"http://localhost:{proxy.http}"
        yield *addresses, str(proxy.authority), name


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_graded_a_plus_behind_a_documented_proxy(proxied: tuple[str, str, str, str], path: str) -> None:
    site, plain, authority, name = proxied
    points = seen(site, path, authority, plain, name)
    assert min(points.values()) >= 0, points
    assert grade(points)[0] == "A+"
    assert grade(points)[1] >= 130


def test_without_a_proxy_every_rule_is_kept_that_needs_no_tls(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as site:
        for path in PAGES:
            points = seen(site.url, path, True, None, "localhost")
            assert {rule for rule, value in points.items() if value < 0} <= OF_TLS, path
            assert sum(value for rule, value in points.items() if rule not in OF_TLS) >= 30, path


GOOD = Answer(
    "https://pop.example.org/", 200,
    (
        ("content-security-policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        ("strict-transport-security", "max-age=63072000"), ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "same-origin"),
        ("set-cookie", "__Host-session=x; Secure; HttpOnly; Path=/; SameSite=Lax"),
    ),
    "<script src=/static/a.js integrity=sha256-x></script>",
)  # fmt: skip
PLAIN = Answer("http://pop.example.org/", 301, (("location", "https://pop.example.org/"),))
NOTHING = Answer(GOOD.url, 405, ())


def without(name: str, value: str | None = None) -> Answer:
    kept = tuple((key, old) for key, old in GOOD.headers if key != name)
    return replace(GOOD, headers=kept if value is None else (*kept, (name, value)))


def test_a_page_that_does_all_gets_all_points() -> None:
    assert grade(judged(GOOD, PLAIN, NOTHING)) == ("A+", 140)


@pytest.mark.parametrize(
    ("answer", "rule", "points"),
    [
        (without("content-security-policy"), "content-security-policy", -25),
        (without("content-security-policy", "default-src 'self' 'unsafe-inline'"), "content-security-policy", -20),
        (without("content-security-policy", "default-src 'self'"), "x-frame-options", -20),
        (without("strict-transport-security"), "strict-transport-security", -20),
        (without("strict-transport-security", "max-age=3600"), "strict-transport-security", -10),
        (without("referrer-policy", "unsafe-url"), "referrer-policy", -5),
        (without("x-content-type-options"), "x-content-type-options", -5),
        (without("set-cookie", "session=x; HttpOnly; SameSite=Lax"), "cookies", -40),
        (without("set-cookie", "session=x; Secure; SameSite=Lax"), "cookies", -30),
        (without("set-cookie", "session=x; Secure; HttpOnly"), "cookies", -20),
        (replace(GOOD, text="<script src=https://cdn.example/a.js></script>"), "subresource-integrity", -5),
        (replace(GOOD, text="<script src=http://cdn.example/a.js></script>"), "subresource-integrity", -50),
    ],
)
def test_each_fault_is_noticed(answer: Answer, rule: str, points: int) -> None:
    found = judged(answer, PLAIN, NOTHING)
    assert found[rule] == points
    assert grade(found)[1] < 140


def test_a_site_that_stays_in_clear_or_lets_foreign_pages_in_is_noticed() -> None:
    assert judged(GOOD, Answer(PLAIN.url, 200, ()), NOTHING)["redirection"] == -20
    assert judged(GOOD, Answer(PLAIN.url, 301, (("location", "https://other.example/"),)), NOTHING)["redirection"] == -5
    allowed = Answer(GOOD.url, 200, (("access-control-allow-credentials", "true"),))
    assert judged(GOOD, PLAIN, allowed)["cross-origin-resource-sharing"] == -50
