"""The second step is demanded, and nobody changes how an agent signs in who only has a copy of their cookie."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from tests.helpdesk.conftest import PASSWORD, Browser, fragment, open_case, post, sign_in, token_of
from tests.helpdesk.test_agents import agent_row, enrol_totp
from tests.helpdesk.test_oidc import Issuer, go
from tests.helpdesk.test_oidc import issuer as issuer
from tests.support.client import PageLintingClient
from tests.support.passkeys import Passkey
from webapp.helpdesk import sessions
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import AgentSession, AuditEntry

CHANGES = (
    ("/helpdesk/account/totp/begin", {}),
    ("/helpdesk/account/totp", {"code": "123456"}),
    ("/helpdesk/account/recovery-codes", {}),
    ("/helpdesk/account/factors/remove", {"factor": "totp"}),
    ("/helpdesk/account/passkeys", {"credential": "{}"}),
    ("/helpdesk/account/sessions/end", {"session": "others"}),
)


def wait(config: Config) -> None:
    """Let the sessions of everybody grow older than a proof of presence holds."""
    with db.begin(config) as session:
        session.query(AgentSession).update({"created_at": datetime.now(UTC) - sessions.PRESENCE - timedelta(seconds=1)})


def copied(client: PageLintingClient, new_browser: Browser) -> PageLintingClient:
    cookie = client.get_cookie("helpdesk")
    assert cookie
    thief = new_browser()
    thief.set_cookie("helpdesk", cookie.value)
    return thief


# Demanded


@pytest.fixture
def demanding(helpdesk: Flask, config: Config) -> Flask:
    helpdesk.extensions["config"] = replace(config, helpdesk_second_factor=Config().helpdesk_second_factor)
    return helpdesk


def test_where_no_passkey_can_be_made_none_is_named(demanding: Flask, new_browser: Browser) -> None:
    admin = new_browser()
    sign_in(admin, "olga@example.org")
    for cookie in list(admin._cookies.values()):  # type: ignore[attr-defined]
        admin.set_cookie(cookie.key, cookie.value, domain="127.0.0.1")
    # Browsers know none for an address of numbers.
    page = admin.get("/helpdesk/account?enrol=1", base_url="http://127.0.0.1").text
    assert "Richten Sie unten eine App ein" in page
    assert "Passkey" not in page


def test_an_administrator_without_a_second_step_reaches_the_own_account_alone(
    demanding: Flask, config: Config, new_browser: Browser
) -> None:
    admin = new_browser()
    assert sign_in(admin, "olga@example.org").headers["Location"] == "/helpdesk/account?enrol=1"
    for path in ("/helpdesk", "/helpdesk/agents", "/helpdesk/log", "/helpdesk/bulk", "/helpdesk/statistics"):
        assert admin.get(path).headers["Location"] == "/helpdesk/account?enrol=1"
    page = admin.get("/helpdesk/account").text
    assert "Danach öffnet sich der Kundendienst" in page
    assert "oder einen Passkey" in page
    assert "Jetzt nicht" not in page
    assert "/helpdesk/agents" not in page
    for path in ("/helpdesk/progress", "/helpdesk/cases/ABCDEFGH/progress"):
        assert fragment(admin, path).status_code in (401, 404)
    enrol_totp(config, admin)
    assert admin.get("/helpdesk/agents").status_code == 200


def test_other_agents_are_only_asked_by_default_and_all_of_them_where_it_is_set(
    demanding: Flask, agent: PageLintingClient, new_browser: Browser
) -> None:
    reference, _, _ = open_case(agent)
    assert fragment(agent, f"/helpdesk/cases/{reference}/progress").status_code == 200
    demanding.extensions["config"] = replace(demanding.extensions["config"], helpdesk_second_factor="all")
    with demanding.app_context():
        sessions.watchers.forget()
    assert agent.get("/helpdesk").headers["Location"] == "/helpdesk/account?enrol=1"
    assert fragment(agent, f"/helpdesk/cases/{reference}/progress").status_code == 401


def test_who_removes_the_last_second_step_is_asked_for_one_again(
    demanding: Flask, config: Config, new_browser: Browser
) -> None:
    admin = new_browser()
    sign_in(admin, "olga@example.org")
    enrol_totp(config, admin)
    post(admin, "/helpdesk/account/factors/remove", {"factor": "totp"}, page="/helpdesk/account")
    assert admin.get("/helpdesk").headers["Location"] == "/helpdesk/account?enrol=1"


# Proof of presence


@pytest.mark.parametrize(("path", "data"), CHANGES)
def test_a_copied_cookie_changes_nothing(
    config: Config, agent: PageLintingClient, new_browser: Browser, path: str, data: dict[str, str]
) -> None:
    enrol_totp(config, agent)
    other = new_browser()
    sign_in(other)
    before = agent_row(config)
    wait(config)
    thief = copied(agent, new_browser)
    assert post(thief, path, data, page="/helpdesk/account").headers["Location"] == "/helpdesk/account/presence"
    assert fragment(thief, "/helpdesk/account/passkeys/options", method="POST").status_code in (400, 403)
    assert agent_row(config).totp_secret == before.totp_secret
    with db.read(config) as session:
        assert len(list(session.scalars(select(AgentSession)))) == 2
    page = thief.get("/helpdesk/account").text
    assert "Zeigen Sie vorher, dass Sie es sind." in page
    assert "/helpdesk/account/factors/remove" not in page


def test_the_password_proves_it_for_five_minutes_and_makes_a_new_id(
    config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    wait(config)
    thief = copied(agent, new_browser)
    page = agent.get("/helpdesk/account/presence")
    wrong = agent.told(agent.submit(page, {"password": "wrong"}, form="Mit dem Passwort weiter"))
    assert wrong.status_code == 422
    assert "Noch nicht bestätigt" in wrong.text
    good = agent.submit(agent.get("/helpdesk/account/presence"), {"password": PASSWORD}, form="Mit dem Passwort weiter")
    assert good.headers["Location"] == "/helpdesk/account"
    assert thief.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"
    enrol_totp(config, agent)
    wait(config)
    answer = post(agent, "/helpdesk/account/recovery-codes", page="/helpdesk/account")
    assert answer.headers["Location"] == "/helpdesk/account/presence"


def test_a_code_of_the_app_proves_it_and_guesses_are_counted(
    config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    app, _ = enrol_totp(config, agent)
    wait(config)
    page = agent.get("/helpdesk/account/presence")
    assert (
        agent.submit(page, {"code": app.now()}, form="Mit dem Code weiter").headers["Location"] == "/helpdesk/account"
    )
    wait(config)
    for _ in range(config.sign_ins_per_agent):
        page = agent.get("/helpdesk/account/presence")
        told = agent.told(agent.submit(page, {"code": "000000"}, form="Mit dem Code weiter"))
        assert told.status_code == 422
        assert '<a href="#code">' in told.text
        assert 'id="code-error"' in told.text
        assert 'id="password-error"' not in told.text
    later = pyotp.TOTP(app.secret).at(datetime.now(UTC) + timedelta(seconds=30))
    page = agent.get("/helpdesk/account/presence")
    assert agent.told(agent.submit(page, {"code": later}, form="Mit dem Code weiter")).status_code == 422


def test_a_passkey_proves_it(config: Config, agent: PageLintingClient) -> None:
    passkey = Passkey("http://localhost")
    token = {"csrf_token": token_of(agent)}
    options = agent.post("/helpdesk/account/passkeys/options", data=token).text
    made = agent.post("/helpdesk/account/passkeys", data={**token, "credential": passkey.made(options)})
    assert "Überall sonst sind Sie abgemeldet" in made.text
    wait(config)
    options = agent.post("/helpdesk/second-factor/options", data=token).text
    answer = agent.post("/helpdesk/account/presence", data={**token, "credential": passkey.used(options)})
    assert answer.headers["Location"] == "/helpdesk/account"
    assert "/helpdesk/account/factors/remove" in agent.get("/helpdesk/account").text


def test_an_app_that_is_being_set_up_goes_on_after_the_proof(config: Config, agent: PageLintingClient) -> None:
    post(agent, "/helpdesk/account/totp/begin", page="/helpdesk/account")
    secret = agent.get("/helpdesk/account/totp").text
    wait(config)
    assert agent.get("/helpdesk/account/totp").headers["Location"] == "/helpdesk/account/presence"
    page = agent.get("/helpdesk/account/presence")
    good = agent.submit(page, {"password": PASSWORD}, form="Mit dem Passwort weiter")
    assert good.headers["Location"] == "/helpdesk/account/totp"
    value = secret.partition('class="value"')[2].partition(">")[2].partition("<")[0]
    assert value
    assert value in agent.get("/helpdesk/account/totp").text


def test_a_change_ends_every_other_session_and_says_so(
    config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    thief = copied(agent, new_browser)
    other = new_browser()
    sign_in(other)
    enrol_totp(config, agent)
    assert other.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"
    with db.begin(config) as session:
        session.add(AgentSession(token_hash=b"x" * 32, agent_id=agent_row(config).id, level="full", browser="",
                                 created_at=datetime.now(UTC), seen_at=datetime.now(UTC)))  # fmt: skip
    page = post(agent, "/helpdesk/account/factors/remove", {"factor": "totp"}, page="/helpdesk/account")
    assert "Überall sonst sind Sie abgemeldet" in agent.get(page.headers["Location"]).text
    with db.read(config) as session:
        assert len(list(session.scalars(select(AgentSession)))) == 1
        assert "factor-removed" in [entry.action for entry in session.scalars(select(AuditEntry))]
    assert thief.get("/helpdesk").status_code == 200, "a copy of this very cookie ends with the next proof"


# At the issuer


@pytest.fixture
def at_issuer(config: Config, issuer: Issuer, helpdesk: Flask, new_browser: Browser) -> PageLintingClient:
    helpdesk.extensions["config"] = replace(
        config, oidc_issuer=issuer.server.url, oidc_client_id="wizard", oidc_client_secret="client-secret",
        oidc_name="Firmenkonto",
    )  # fmt: skip
    client = new_browser()
    assert client.get(go(client, issuer)).status_code == 303
    return client


def test_an_agent_of_an_issuer_proves_it_there(config: Config, issuer: Issuer, at_issuer: PageLintingClient) -> None:
    with db.begin(config) as session:
        session.query(type(agent_row(config))).update({"password_hash": None})
    wait(config)
    page = at_issuer.get("/helpdesk/account/presence").text
    assert "Firmenkonto" in page
    assert 'name="password"' not in page
    back = go(at_issuer, issuer, page="/helpdesk/account/presence")
    issuer.claims["auth_time"] = int(datetime.now(UTC).timestamp()) - 3600  # nobody was asked for anything
    assert at_issuer.get(back).status_code == 403
    back = go(at_issuer, issuer, page="/helpdesk/account/presence")
    issuer.claims["auth_time"] = int(datetime.now(UTC).timestamp())
    assert at_issuer.get(back).headers["Location"].startswith("/helpdesk/account")
    assert "/helpdesk/account/totp/begin" in at_issuer.get("/helpdesk/account").text


def test_the_issuer_is_told_to_ask_again(config: Config, issuer: Issuer, at_issuer: PageLintingClient) -> None:
    answer = post(at_issuer, "/helpdesk/oidc", page="/helpdesk/account/presence")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
