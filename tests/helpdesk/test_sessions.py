"""Sessions of agents: their ids, their end, and who ends them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.helpdesk.conftest import Browser, open_case, post, sign_in
from tests.helpdesk.test_agents import agent_row, enrol_totp
from tests.support.client import PageLintingClient
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import AgentSession


def test_a_planted_session_id_is_worth_nothing(config: Config, new_browser: Browser) -> None:
    victim = new_browser()
    victim.set_cookie("helpdesk", "planted-by-somebody-else-0123456789")
    sign_in(victim)
    cookie = victim.get_cookie("helpdesk")
    assert cookie
    assert cookie.value != "planted-by-somebody-else-0123456789"
    attacker = new_browser()
    attacker.set_cookie("helpdesk", "planted-by-somebody-else-0123456789")
    assert attacker.get("/helpdesk").status_code == 303


def test_the_id_changes_with_the_second_factor_and_the_first_one_dies(
    config: Config, agent: PageLintingClient, new_browser: Browser
) -> None:
    totp, _ = enrol_totp(config, agent)
    client = new_browser()
    assert sign_in(client).headers["Location"] == "/helpdesk/second-factor"
    before = client.get_cookie("helpdesk")
    assert before
    for path in ("/helpdesk", "/helpdesk/account", "/helpdesk/statistics"):
        assert client.get(path).headers["Location"] == "/helpdesk/second-factor"
    post(client, "/helpdesk/second-factor", {"code": totp.now()}, page="/helpdesk/second-factor")
    after = client.get_cookie("helpdesk")
    assert after
    assert after.value != before.value
    thief = new_browser()
    thief.set_cookie("helpdesk", before.value)
    assert thief.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"


def test_the_table_holds_no_session_id(config: Config, agent: PageLintingClient) -> None:
    cookie = agent.get_cookie("helpdesk")
    assert cookie
    with db.read(config) as session:
        (kept,) = session.scalars(select(AgentSession)).all()
    assert len(kept.token_hash) == 32
    assert cookie.value.encode() not in kept.token_hash


@pytest.mark.parametrize(
    ("column", "age"), [("seen_at", timedelta(minutes=31)), ("created_at", timedelta(hours=8, minutes=1))]
)
def test_a_session_ends_when_idle_and_after_a_day_of_work(
    config: Config, agent: PageLintingClient, column: str, age: timedelta
) -> None:
    with db.begin(config) as session:
        session.query(AgentSession).update({column: datetime.now(UTC) - age})
    assert agent.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"


def test_watching_does_not_keep_a_session_alive(config: Config, agent: PageLintingClient) -> None:
    from tests.helpdesk.conftest import fragment

    reference, _, _ = open_case(agent)
    long_ago = datetime.now(UTC) - timedelta(minutes=20)
    with db.begin(config) as session:
        session.query(AgentSession).update({"seen_at": long_ago})
    fragment(agent, f"/helpdesk/cases/{reference}/progress")
    with db.read(config) as session:
        assert session.scalars(select(AgentSession)).one().seen_at == long_ago
    agent.get("/helpdesk")
    with db.read(config) as session:
        assert session.scalars(select(AgentSession)).one().seen_at > long_ago


def test_sessions_are_listed_and_ended_from_elsewhere(agent: PageLintingClient, new_browser: Browser) -> None:
    second = new_browser()
    sign_in(second)
    page = agent.get("/helpdesk/account").text
    name = re.search(r'name="session" value="([0-9a-f]{16})"', page)
    assert name
    post(agent, "/helpdesk/account/sessions/end", {"session": name[1]}, page="/helpdesk/account")
    assert second.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"
    assert agent.get("/helpdesk").status_code == 200


def test_an_administrators_sign_out_wins_over_a_request_under_way(
    config: Config, agent: PageLintingClient, admin: PageLintingClient
) -> None:
    with db.begin(config) as session:
        session.query(AgentSession).update({"seen_at": datetime.now(UTC) - timedelta(minutes=5)})
    row = agent_row(config)
    post(admin, f"/helpdesk/agents/{row.id}/sign-out", page="/helpdesk/agents")
    assert agent.get("/helpdesk").status_code == 303
    with db.read(config) as session:
        assert not session.scalars(select(AgentSession).where(AgentSession.agent_id == row.id)).all()


def test_signing_out_ends_the_session_and_clears_the_browser(config: Config, agent: PageLintingClient) -> None:
    cookie = agent.get_cookie("helpdesk")
    assert cookie
    answer = post(agent, "/helpdesk/sign-out", page="/helpdesk")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    agent.set_cookie("helpdesk", cookie.value)
    assert agent.get("/helpdesk").status_code == 303
