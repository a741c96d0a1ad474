"""What search engines may list, and under which address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.client import PageLintingClient, parse
from tests.support.weight import public_pages
from webapp import create_app
from webapp.core.diagnosis import CATALOGUE
from webapp.core.text import locales
from webapp.infrastructure.config import Config, current_providers
from webapp.web.advice import TOPICS

PUBLIC = "https://pop.example.org"
NEVER = {"/accessibility", "/check", "/imprint", "/privacy", "/reports", "/settings", "/status"}


@pytest.fixture
def public(config: Config) -> Flask:
    app = create_app(replace(config, public_url=PUBLIC))
    app.testing = True
    app.test_client_class = PageLintingClient
    return app


def head_of(app: Flask, path: str) -> tuple[bool, dict[tuple[str | None, str | None], str | None]]:
    """Return whether search engines may list `path`, and what its head says to them."""
    answer = FlaskClient(app, use_cookies=False).get(path, base_url=PUBLIC)
    assert answer.status_code == 200, path
    head = next(parse(answer.text).iter("head"))
    said = {(link.get("rel"), link.get("hreflang")): link.get("href") for link in head.iter("link")}
    for meta in head.iter("meta"):
        said[meta.get("name"), None] = meta.get("content")
    return "X-Robots-Tag" not in answer.headers, said


def indexed(app: Flask) -> set[str]:
    with app.app_context():
        settings = {f"/settings/{provider}" for provider in current_providers()}
    return (
        {"/", "/help", "/advice"}
        | {f"/help/{one}" for one in CATALOGUE}
        | {f"/advice/{one}" for one in TOPICS}
        | settings
    )


def test_each_page_for_everybody_is_listed_under_one_address_for_each_language(public: Flask) -> None:
    for path in indexed(public):
        listed, said = head_of(public, path)
        assert listed, path
        assert said["canonical", None] == said["alternate", "x-default"] == PUBLIC + path
        for locale in locales():
            assert said["alternate", locale] == f"{PUBLIC}{path}?lang={locale}"
        assert 30 < len(said["description", None] or "") <= 200, said["description", None]


@pytest.mark.parametrize("locale", locales())
def test_a_page_asked_for_in_a_language_is_listed_as_that(public: Flask, locale: str) -> None:
    listed, said = head_of(public, f"/settings/gmx.net?lang={locale}")
    assert listed
    assert said["canonical", None] == said["alternate", locale] == f"{PUBLIC}/settings/gmx.net?lang={locale}"
    assert said["alternate", "x-default"] == f"{PUBLIC}/settings/gmx.net"


def test_nothing_else_is_listed(public: Flask) -> None:
    assert set(public_pages(public)) == indexed(public) | NEVER
    for path in (
        *NEVER,
        "/help?q=Passwort",
        "/help?found=",
        "/help?program=outlook",
        "/help/log",
        "/?protocol=imap",
        "/advice?client=outlook",
    ):
        listed, said = head_of(public, path)
        assert not listed, path
        assert not said.keys() & {("canonical", None), ("description", None)}, path


def test_what_somebody_with_a_cookie_sees_is_not_listed(public: Flask) -> None:
    client = public.test_client()
    for listed in (True, False):
        assert ("X-Robots-Tag" not in client.get("/", base_url=PUBLIC).headers) == listed


def test_a_site_without_a_public_address_is_not_listed(app: Flask) -> None:
    for path in ("/", "/help", "/settings/gmx.net"):
        assert app.test_client().get(path).headers["X-Robots-Tag"] == "noindex"
