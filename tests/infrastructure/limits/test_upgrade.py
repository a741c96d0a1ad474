"""What the version without keys of the day had counted still counts after the upgrade."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from tests.support.limits import NUMBERS, Clock, login
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Again, Limits, Wait
from webapp.infrastructure.sealing import site_keys

LAST = "0009"


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Iterator[Config]:
    """Return settings whose database is that of the last version."""
    config = replace(config, data_dir=tmp_path / "old")
    config.data_dir.mkdir()
    if request.param == "postgresql":
        config = replace(config, database_url=request.getfixturevalue("postgres_url"))
    with db.begin(config) as session:
        command.upgrade(db._alembic(session.connection()), LAST)
    yield config
    db.dispose()


def hashed(config: Config, purpose: str, kind: str, who: str) -> bytes:
    return hmac.digest(site_keys(config, purpose)[0], f"{kind}\0{who}".encode(), "sha256")


def count(connection: Connection, config: Config, kind: str, who: str, at: datetime, amount: int = 1) -> None:
    connection.execute(
        text("INSERT INTO attempts (kind, hashed, amount, at) VALUES (:kind, :hashed, :amount, :at)"),
        {"kind": kind, "hashed": hashed(config, "limits", kind, who).hex(), "amount": amount, "at": stored(at)},
    )


def stored(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")


def count_at_the_helpdesk(connection: Connection, config: Config, kind: str, who: str, at: datetime) -> None:
    bucket = hashed(config, "helpdesk limits", kind, who)
    connection.execute(
        text("INSERT INTO helpdesk_attempts (bucket, at) VALUES (:bucket, :at)"), {"bucket": bucket, "at": stored(at)}
    )


def add_agent(connection: Connection, login: str, at: datetime, **values: object) -> None:
    columns = {
        "login": login, "name": login, "role": "agent", "totp_step": 0, "created_at": stored(at), "failures": 0,
        "locked_until": None, **values,
    }  # fmt: skip
    names = ", ".join(columns)
    connection.execute(
        text(f"INSERT INTO agents ({names}) VALUES ({', '.join(f':{name}' for name in columns)})"),  # noqa: S608
        columns,
    )
    connection.execute(
        text(
            "INSERT INTO agent_sessions (token_hash, agent_id, stage, created_at, seen_at, browser) "
            "SELECT :token, id, 'full', created_at, created_at, '' FROM agents WHERE login = :login"
        ),
        {"token": login.encode(), "login": login},
    )


def test_an_upgrade_resets_nobody(old: Config) -> None:
    clock = Clock()
    clock.now = datetime.now(clock.now.tzinfo)
    with db.begin(old) as session:
        connection = session.connection()
        for number in range(2):
            count(connection, old, "account", "anna@gmx.de", clock.now)
            count(connection, old, "ticket", f"click {number}", clock.now)
        count(connection, old, "account", "bea@gmx.de", clock.now, amount=3)
        for _ in range(NUMBERS.checks_per_network[0]):
            count(connection, old, "check", "2001:db8::/64", clock.now)
        count(connection, old, "refusal", "anna@gmx.de", clock.now)
        for _ in range(5):
            count_at_the_helpdesk(connection, old, "code", "192.0.2.1", clock.now)
        add_agent(connection, "locked", clock.now, failures=7, locked_until=stored(clock.now + timedelta(minutes=4)))
        add_agent(connection, "tired", clock.now, failures=4)
        add_agent(connection, "fresh", clock.now)
        connection.execute(
            text("INSERT INTO pauses (name, until) VALUES ('login-test', :until)"),
            {"until": stored(clock.now + timedelta(minutes=1))},
        )
    db.upgrade(old)
    limits = Limits(old, clock)
    assert limits.paused_until("gmx.net") == clock.now + timedelta(minutes=1)
    clock.pass_by(61)
    assert limits.allowance("anna@gmx.de", "gmx.net").left == NUMBERS.login_tests_per_account - 2
    assert isinstance(login(limits, "anna@gmx.de", "192.0.2.1", "click 1"), Again)
    assert login(limits, "anna@gmx.de", "192.0.2.1", "click 2") is None
    assert isinstance(login(limits, "anna@gmx.de", "192.0.2.1", "click 3"), Wait)
    assert isinstance(login(limits, "bea@gmx.de", "192.0.2.1", "click 4"), Wait)
    assert isinstance(limits.take_check("2001:db8::1", "check"), Wait)
    assert limits.take_check("2001:db8:0:1::1", "check of a neighbour") is None
    assert isinstance(limits.take_code("192.0.2.1", "code"), Wait)
    assert isinstance(limits.take_sign_in("s1", login="locked"), Wait)
    assert limits.take_sign_in("s2", login="tired") is None
    assert isinstance(limits.take_sign_in("s3", login="tired"), Wait)
    assert limits.take_sign_in("s4", login="fresh") is None
    clock.pass_by(180)
    assert limits.take_sign_in("s5", login="locked") is None
    with db.read(old) as session:  # dropping columns took nothing else along
        assert session.execute(text("SELECT count(*) FROM agent_sessions")).scalar_one() == 3
    clock.pass_by(2 * 24 * 3600)
    limits.purge()
    with db.read(old) as session:
        assert session.execute(text("SELECT count(*) FROM limit_keys")).scalar_one() <= 1
        assert session.execute(text("SELECT count(*) FROM limits")).scalar_one() == 0
