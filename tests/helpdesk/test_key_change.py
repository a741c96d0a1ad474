"""The secret key of a site is changed as docs/operation.md says: everybody gets in, and nothing has to be made anew."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text

from tests.helpdesk.conftest import Browser, case_row, open_case, post, sign_in, token_of
from tests.helpdesk.test_agents import agent_row, change, enrol_totp
from tests.support.client import PageLintingClient
from tests.support.passkeys import Passkey
from tests.web.downloads.test_downloads import link
from webapp import create_app
from webapp.helpdesk import cases, factors
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Case, RecoveryCode
from webapp.infrastructure.sealing import derived_key
from webapp.web.wizard.mx import RESOLVER_KEY

NEW = "another key of the same site, for tests"
SHORT_CODE = "abcde12345"

Restarted = Callable[..., Flask]


@pytest.fixture
def restarted(config: Config, helpdesk: Flask) -> Restarted:
    """Start the site anew with a secret key and former ones, on the same database."""

    def start(key: str, *fallbacks: str) -> Flask:
        made = create_app(replace(config, secret_key=key, secret_key_fallbacks=fallbacks))
        made.testing = True
        made.extensions[RESOLVER_KEY] = None
        made.test_client_class = PageLintingClient
        return made

    return start


def browser(app: Flask, like: FlaskClient | None = None) -> PageLintingClient:
    """Return a browser of `app`, with the cookies of another one."""
    made = app.test_client()
    assert isinstance(made, PageLintingClient)
    for name in ("session", "helpdesk"):
        if like is not None and (cookie := like.get_cookie(name)):
            made.set_cookie(name, cookie.value)
    return made


def second_step(app: Flask, login: str = "vera@example.org", **data: str) -> int:
    """Sign in with the password, then with `data`; return how that was answered."""
    client = browser(app)
    assert sign_in(client, login).headers["Location"] == "/helpdesk/second-factor"
    return int(post(client, "/helpdesk/second-factor", data, page="/helpdesk/second-factor").status_code)


def coming(totp: pyotp.TOTP) -> str:
    """Return the code of the next half minute, which is taken the longest from now on: the machine may be busy."""
    return totp.at(time.time(), counter_offset=1)


def add_passkey(client: PageLintingClient) -> Passkey:
    made = Passkey("http://localhost")
    options = post(client, "/helpdesk/account/passkeys/options", page="/helpdesk/account")
    data = {"credential": made.made(options.text)}
    assert post(client, "/helpdesk/account/passkeys", data, page="/helpdesk/account").status_code == 200
    return made


def passkey_opens(app: Flask, passkey: Passkey, login: str) -> bool:
    client = browser(app)
    sign_in(client, login)
    token = token_of(client, "/helpdesk/second-factor")
    options = client.post("/helpdesk/second-factor/options", data={"csrf_token": token})
    data = {"credential": passkey.used(options.text), "csrf_token": token}
    return client.post("/helpdesk/second-factor", data=data).status_code == 303


def keep_short_code(config: Config) -> None:
    """Keep a recovery code as the version before did."""
    vera = agent_row(config).id
    key = derived_key(config.secret_key, "helpdesk recovery")
    kept = hmac.digest(key, f"{vera}\0{SHORT_CODE}".encode(), "sha256")
    with db.begin(config) as session:
        session.add(RecoveryCode(code_hash=kept, agent_id=vera, keyed=True))


def test_agents_sign_in_with_all_they_have(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, restarted: Restarted
) -> None:
    totp, codes = enrol_totp(config, agent)
    passkey = add_passkey(other_agent)
    keep_short_code(config)
    changed = restarted(NEW, config.secret_key)
    assert browser(changed, agent).get("/helpdesk").status_code == 200  # who was signed in still is
    assert second_step(changed, code=coming(totp)) == 303
    assert second_step(changed, code=codes[0]) == 303
    assert second_step(changed, code=f"{SHORT_CODE[:5]}-{SHORT_CODE[5:]}") == 303
    assert passkey_opens(changed, passkey, "viktor@example.org")

    change(config, totp_step=0)
    alone = restarted(NEW)
    assert browser(alone, agent).get("/helpdesk").status_code == 200
    assert second_step(alone, code=coming(totp)) == 303
    assert second_step(alone, code=codes[1]) == 303
    assert passkey_opens(alone, passkey, "viktor@example.org")
    assert second_step(alone, code=codes[0]) == 422  # used


def test_who_did_not_sign_in_meanwhile_gets_in_too(
    config: Config, agent: PageLintingClient, restarted: Restarted
) -> None:
    totp, _ = enrol_totp(config, agent)
    assert second_step(restarted(NEW), code=coming(totp)) == 422  # without the former key, and before the hour
    factors.seal_secrets_anew(replace(config, secret_key=NEW, secret_key_fallbacks=(config.secret_key,)))
    assert second_step(restarted(NEW), code=coming(totp)) == 303


def test_a_wrong_key_by_mistake_spoils_no_secret(config: Config, agent: PageLintingClient) -> None:
    enrol_totp(config, agent)
    before = agent_row(config).totp_secret
    factors.seal_secrets_anew(replace(config, secret_key=NEW))
    assert agent_row(config).totp_secret == before


def test_former_recovery_codes_end_with_their_key_and_the_agent_is_told(
    config: Config, agent: PageLintingClient, restarted: Restarted
) -> None:
    enrol_totp(config, agent)
    told = "von der früheren, kurzen Art"
    assert told not in agent.get("/helpdesk/account").text
    keep_short_code(config)
    assert told in agent.get("/helpdesk/account").text
    assert second_step(restarted(NEW), code=SHORT_CODE) == 422
    renewed = post(agent, "/helpdesk/account/recovery-codes", page="/helpdesk/account")
    assert renewed.status_code == 200
    assert told not in agent.get("/helpdesk/account").text


def test_recovery_codes_are_long_enough_to_need_no_key(config: Config, agent: PageLintingClient) -> None:
    _, codes = enrol_totp(config, agent)
    assert {len(code.replace("-", "")) * 5 for code in codes} == {120}
    with db.read(config) as session:
        kept = list(session.scalars(select(RecoveryCode)))
        assert not any(row.keyed for row in kept)
    typed = codes[0].replace("-", " ").replace("0", "O").replace("1", "l").upper()
    with db.begin(config) as session:
        assert factors.use_recovery_code(config, session, agent_row(config), typed)
        assert not factors.use_recovery_code(config, session, agent_row(config), typed)


def test_a_recovery_code_opens_the_account_of_its_agent_alone(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient
) -> None:
    _, codes = enrol_totp(config, agent)
    with db.begin(config) as session:
        viktor = agent_row(config, "viktor@example.org")
        assert not factors.use_recovery_code(config, session, viktor, codes[0])
        assert factors.use_recovery_code(config, session, agent_row(config), codes[0])


def test_codes_of_open_cases_and_what_was_prepared_are_good(
    config: Config, agent: PageLintingClient, new_browser: Browser, restarted: Restarted
) -> None:
    reference, code, _ = open_case(agent)
    prepared = {"email_address": "anna@gmx.de", "client": "thunderbird", "device": "windows"}
    with agent.application.app_context():
        cases.keep_prefill(opened(config, reference).id, prepared)
    waiting = new_browser()
    post(waiting, "/join/help", page="/join")
    with waiting.session_transaction() as session:
        spoken = session["help_code"]
    changed = restarted(NEW, config.secret_key)
    assert post(browser(changed), "/join", {"code": code}).headers["Location"] == "/join/confirm"
    with changed.app_context():
        assert cases.prefill_of(opened(config, reference)) == prepared
    accepted = post(browser(changed, agent), "/helpdesk/code", {"code": spoken}, page="/helpdesk")
    assert accepted.status_code == 303
    assert "/helpdesk/cases/" in accepted.headers["Location"]


def opened(config: Config, reference: str) -> Case:
    case = case_row(config, reference)
    assert case is not None
    return case


def test_a_persons_answers_and_link_live_on(config: Config, client: PageLintingClient, restarted: Restarted) -> None:
    path = link(client)
    changed = restarted(NEW, config.secret_key)
    same = browser(changed, client)
    assert "anna@gmx.de" in same.get("/adjust").text
    assert browser(changed).get(path).status_code == 200
    alone = restarted(NEW)
    assert browser(alone).get(path).status_code == 200  # the key of a link is the link


def test_recovery_codes_of_the_version_before_are_known_as_such(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path, secret_key=NEW)
    with create_engine(config.database).begin() as connection:
        command.upgrade(db._alembic(connection), "0007")
        connection.execute(
            text(
                "INSERT INTO agents (id, login, name, role, created_at, totp_step, failures)"
                " VALUES (1, 'vera@example.org', 'Vera', 'agent', '2026-11-25', 0, 0)"
            )
        )
        connection.execute(text("INSERT INTO recovery_codes (code_hash, agent_id) VALUES (x'01', 1)"))
    db.upgrade(config)
    with db.begin(config) as session:
        assert factors.has_short_codes(session, 1)
        factors.new_recovery_codes(session, agent_row(config))
        assert not factors.has_short_codes(session, 1)
    db.dispose()
