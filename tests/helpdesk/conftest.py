"""Agents, persons and their browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support.client import PageLintingClient, parse
from tests.web.wizard.walk import url_of
from webapp.connection_tests.jobs import EmbeddedEngine
from webapp.helpdesk import agents
from webapp.infrastructure import db, events
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, Case
from webapp.web.wizard.answers import MAX_BYTES

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "a sentence only for tests"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a millisecond for a password; test_agents looks at the real cost."""
    monkeypatch.setattr(agents, "_hasher", CHEAP)


@cache
def password_hash() -> str:
    return CHEAP.hash(PASSWORD)


def add_agent(config: Config, login: str, name: str, role: str = "agent") -> int:
    with db.begin(config) as session:
        agent = Agent(
            login=login, name=name, role=role, created_at=datetime.now(UTC), password_hash=password_hash(),
            totp_step=0,
        )  # fmt: skip
        session.add(agent)
        session.flush()
        return agent.id


@pytest.fixture
def config(config: Config) -> Config:
    """Settings that demand no second step: most tests are about something else. test_presence looks at the default."""
    return replace(config, helpdesk_second_factor="nobody")


Browser = Callable[[], PageLintingClient]


@pytest.fixture
def helpdesk(app: Flask, config: Config) -> Flask:
    """The application with three agents: vera and viktor help, olga administers."""
    add_agent(config, "vera@example.org", "Vera")
    add_agent(config, "viktor@example.org", "Viktor")
    add_agent(config, "olga@example.org", "Olga", "admin")
    return app


@pytest.fixture
def new_browser(helpdesk: Flask) -> Browser:
    def open_one() -> PageLintingClient:
        made = helpdesk.test_client()
        assert isinstance(made, PageLintingClient)
        return made

    return open_one


def sign_in(client: PageLintingClient, login: str = "vera@example.org", password: str = PASSWORD) -> Any:
    """Sign in; return the answer that leads on, or the page that tells why not."""
    form = sign_in_form(client)
    return client.told(
        client.submit(client.get("/helpdesk/sign-in"), {"login": login, "password": password}, form=form)
    )


def sign_in_form(client: PageLintingClient) -> str:
    return "Anmelden" if "Anmelden" in client.get("/helpdesk/sign-in").text else "Sign in"


@pytest.fixture
def agent(new_browser: Browser) -> PageLintingClient:
    made = new_browser()
    assert sign_in(made).status_code == 303
    return made


@pytest.fixture
def other_agent(new_browser: Browser) -> PageLintingClient:
    made = new_browser()
    assert sign_in(made, "viktor@example.org").status_code == 303
    return made


@pytest.fixture
def admin(new_browser: Browser) -> PageLintingClient:
    made = new_browser()
    assert sign_in(made, "olga@example.org").status_code == 303
    return made


@pytest.fixture
def person(new_browser: Browser) -> PageLintingClient:
    return new_browser()


def token_of(client: PageLintingClient, path: str = "/helpdesk/sign-in") -> str:
    """Return a form token of this browser, from `path` or the first other page that has one."""
    for page in (path, "/", "/join", "/join/wait", "/join/stored", "/helpdesk"):
        if found := re.search(r'name="csrf_token" value="([^"]+)"', FlaskClient.open(client, page).text):
            return found[1]
    raise AssertionError(path)


def post(client: PageLintingClient, path: str, data: dict[str, str] | None = None, *, page: str = "/join") -> Any:
    """POST with a good form token, taken from `page`; return the answer, or the page that tells a mistake."""
    return client.told(client.post(path, data={**(data or {}), "csrf_token": token_of(client, page)}))


def open_case(client: PageLintingClient, ticket: str = "") -> tuple[str, str, str]:
    """Open a case; return reference, code and the path of the link."""
    answer = post(client, "/helpdesk/cases", {"ticket": ticket}, page="/helpdesk")
    reference = answer.headers["Location"].rpartition("/")[2]
    page = client.get(answer.headers["Location"]).text
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', page)
    link = re.search(r'class="link-text"[^>]*>https?://[^/]+(/join/link/[\w-]+)<', page)
    assert code
    assert link
    return reference, code[1], link[1]


def join(person: PageLintingClient, code: str) -> None:
    """Enter the code and agree."""
    assert post(person, "/join", {"code": code}).headers["Location"] == "/join/confirm"
    assert agree(person).status_code == 303


def agree(person: PageLintingClient) -> Any:
    """Say yes to what /join/confirm shows."""
    return person.submit(person.get("/join/confirm"), form=0)


def case_row(config: Config, reference: str) -> Case | None:
    with db.read(config) as session:
        return session.scalar(select(Case).where(Case.reference == reference))


def fragment(client: PageLintingClient, path: str, **values: Any) -> Any:
    """Fetch a part of a page, which is no page to look over."""
    return FlaskClient.open(client, path, **values)


def answer(person: PageLintingClient, slug: str, **fields: str) -> None:
    """Answer a step of the wizard as its form stands."""
    page = person.get(url_of(slug))
    actions = [form.get("action", "") for form in parse(page.text).iter("form")]
    number = next(number for number, action in enumerate(actions) if action.endswith(f"/{slug}"))
    assert person.submit(page, fields, form=number).status_code == 303


def fill(browser: PageLintingClient) -> None:
    """Put into the session what a person can at most have brought there."""
    with browser.session_transaction() as session:
        session.update(
            {
                "csrf_token": "a" * 40, "answers": {"devices": {"names": "x" * (MAX_BYTES - 24)}}, "locale": "de",
                "file_token": "abcdef", "download_link": "x" * 22, "runs": ["x" * 32] * 8, "login_passed": ["a" * 16, "gmx.net", 1795584220],
                "other_platform_tried": "a" * 16, "case": "x" * 22, "help_code": "123456789",
            }
        )  # fmt: skip


@pytest.fixture
def idle_engine(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> EmbeddedEngine:
    """Runs on which nobody works: they get as far as we say."""
    engine = app.extensions["jobs"] = EmbeddedEngine(app, config)
    monkeypatch.setattr(engine, "check_ready", lambda: None)
    monkeypatch.setattr(engine, "submit", lambda *_: None)
    return engine


def token_of_page(text: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found
    return found[1]


def queue_run(app: Flask, person: PageLintingClient, run: str, **words: Any) -> None:
    """Tell, inside a request of the person, that a test was queued: as the room of connection tests does."""

    def tell() -> None:
        if request.headers.get("X-Test-Run"):
            events.test_progressed.send(app, **{"run": run, "state": "queued", **words})

    app.before_request_funcs[None].append(tell)
    fragment(person, "/deleted", headers={"X-Test-Run": "yes"})
    app.before_request_funcs[None].remove(tell)
