"""`doctor` asks the site as a visitor does: what stands in front of it, and its certificate."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from flask import Flask

from tests.support.certificates import Certificates
from tests.support.fronts import Wsgi, adding, changing, nothing, sending, served
from tests.support.installation import KEY, Place
from tests.support.ports import free_port
from webapp import create_app
from webapp.cli.doctor import examine, site
from webapp.infrastructure.http_client import Answer

HONEST = adding(HTTP_X_FORWARDED_PROTO="http")
IN_FRONT: dict[str, tuple[Callable[[Wsgi], Wsgi], str, str, str]] = {
    # name: proxy, WEBAPP_TRUSTED_PROXIES, the id of the finding ("" for none), words of its sentence
    "none, and none is told of": (nothing, "0", "", ""),
    "one that does all": (HONEST, "1", "", ""),
    "one that adds no address": (nothing, "1", "proxies-too-many", "whoever likes chooses"),
    "one that nobody told of": (HONEST, "0", "proxies-too-few", "in front is 1"),
    "one that says no scheme": (adding(HTTP_X_FORWARDED_PROTO="https"), "1", "scheme-missing", "X-Forwarded-Proto"),
    "one that hands on no host": (adding(HTTP_HOST="backend:8000"), "1", "host-refused", "its own name"),
    "one that reaches nothing": (sending("502 Bad Gateway", b"no"), "0", "proxy-error", "does not reach the site. (502)"),
    "another site": (sending("200 OK", b"hello"), "0", "other-site", "Something else"),
    "one that changes headers": (changing("X-Frame-Options", "ALLOW"), "0", "headers-changed", "X-Frame-Options"),
    "one that lets be cached": (changing("Cache-Control", "public"), "0", "headers-changed", "Cache-Control"),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_FRONT)
def test_says_what_stands_in_front_of_the_site(place: Place, sites: Callable[..., Flask], name: str) -> None:
    proxy, trusted, id_, words = IN_FRONT[name]
    port = free_port()
    place.set(public_url=f"http://localhost:{port}", trusted_proxies=trusted)
    with served(proxy(sites(trusted_proxies=trusted).wsgi_app), port):
        found = place.found()
    assert bool(found) is bool(id_), found
    if id_:
        assert words in str(found[id_].text)


def test_a_clock_of_the_site_that_differs_is_told(place: Place) -> None:
    asked = site._Asked(place.config, "http://localhost")
    (found,) = site._clock(asked, {"Date": "Wed, 01 Jan 2020 00:00:00 GMT"})
    assert found.id == "clock-differs"
    assert list(site._clock(asked, {"Date": formatdate(usegmt=True)})) == []
    assert list(site._clock(asked, {})) == []


def test_a_site_with_another_key_is_told(place: Place, sites: Callable[..., Flask]) -> None:
    port = free_port()
    place.set(public_url=f"http://localhost:{port}", secret_key="another key that is long enough for tests")
    with served(sites(trusted_proxies="0").wsgi_app, port):
        assert set(place.found()) == {"other-key"}


def test_a_site_that_runs_behind_a_broken_proxy_is_told_apart_from_one_that_does_not(place: Place) -> None:
    port = free_port()
    with served(sending("200 OK", site.ALIVE)(nothing), port):
        assert set(place.found(port)) == {"site-silent", "proxy-breaks"}


def test_what_the_site_says_of_itself_is_told_once(place: Place) -> None:
    app = create_app(place.config)  # its jobs were not started
    port = free_port()
    with served(app.wsgi_app, port):
        place.set(public_url=f"http://localhost:{port}")
        assert set(place.found()) == {"no-worker"}
        place.set(redis_url="unix:///none.sock", secret_key=KEY)
        areas = {area.id: area for area in examine(place.environ, port)}
    assert [finding.id for finding in areas["jobs"].findings or ()] == ["redis-away"]
    assert [finding.id for finding in areas["site"].findings or ()] == ["no-worker"]


CERTIFICATES = {
    "expired": "certificate-expired", "not-yet-valid": "certificate-not-yet-valid",
    "wrong-host": "certificate-wrong-host", "untrusted": "certificate-untrusted", "self-signed": "certificate-self-signed",
    "chain-incomplete": "certificate-chain-incomplete",
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFICATES)
def test_says_what_is_wrong_with_the_certificate(place: Place, tmp_path: Path, name: str) -> None:
    certificates, port = Certificates(tmp_path), free_port()
    place.set(public_url=f"https://localhost:{port}", trusted_proxies="1", tls_ca_file=str(certificates.ca_file))
    with served(sending("200 OK", b"")(nothing), port, certificates.server_context(name)):
        assert set(place.found(port)) == {CERTIFICATES[name], "site-stopped"}


def test_a_site_behind_https_is_well(place: Place, tmp_path: Path, sites: Callable[..., Flask]) -> None:
    certificates, port = Certificates(tmp_path), free_port()
    settings = {"public_url": f"https://localhost:{port}", "trusted_proxies": "1"}
    place.set(**settings, tls_ca_file=str(certificates.ca_file))
    proxy = adding(HTTP_X_FORWARDED_PROTO="https")
    with served(proxy(sites(**settings).wsgi_app), port, certificates.server_context("ok")):
        assert place.found() == {}


def test_a_site_that_answers_without_https_too_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_at = []

    def get(asked: site._Asked, path: str) -> Answer:
        asked_at.append(asked.url + path)
        return Answer(200, {}, site.ALIVE)

    monkeypatch.setattr(site._Asked, "get", get)
    place.set(public_url="https://pop.example.org", trusted_proxies="1")
    (found,) = site._in_clear(site._Asked(place.config, "https://pop.example.org"))
    assert found.id == "http-open"
    assert asked_at == ["http://pop.example.org/healthz"]


def test_a_certificate_that_expires_soon_is_told() -> None:
    (found,) = site._expiring("pop.example.org", {"days_left": 3, "not_after": "2026-12-01"})
    assert "2026-12-01" in str(found.text)
    assert list(site._expiring("pop.example.org", {"days_left": 30})) == []


def test_a_port_without_tls_is_told(place: Place) -> None:
    port = free_port()
    place.set(public_url=f"https://localhost:{port}", trusted_proxies="1")
    with served(sending("200 OK", b"")(nothing), port):
        assert "tls-failed" in place.found(port)


def test_says_why_agents_do_not_come_to_a_host_of_their_own(place: Place, sites: Callable[..., Flask]) -> None:
    port = free_port()
    place.set(public_url=f"http://localhost:{port}", helpdesk_host="nowhere.invalid")
    with served(sites(trusted_proxies="0").wsgi_app, port):
        assert "nowhere.invalid of the site leads nowhere" in str(place.found()["name-unknown"].text)


def test_asks_for_agents_at_the_port_of_the_site(place: Place, sites: Callable[..., Flask]) -> None:
    port = free_port()
    place.set(public_url=f"http://127.0.0.1:{port}", helpdesk_host="localhost")
    with served(sites(trusted_proxies="0").wsgi_app, port):
        assert "site-silent" not in place.found()


def test_only_the_holder_of_the_key_is_told_of_the_proxies(place: Place) -> None:
    client = create_app(place.config).test_client()
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Bearer {'A' * 32}"}):
        assert client.get("/readyz/proxy", headers=headers).status_code == 404
