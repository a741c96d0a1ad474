"""The commands of the operator: keys to the API, deleting what is old."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webapp.api import keys
from webapp.cli import cli
from webapp.infrastructure import db
from webapp.infrastructure.config import Config, Scope
from webapp.infrastructure.models import DownloadLink, HealthSample, LimitRow, Pause


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("WEBAPP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LC_ALL", "C")
    config = Config.from_environment()
    db.upgrade(config.completed())
    return config


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["api-keys", *arguments])


def test_makes_lists_and_revokes_a_key(environment: Config) -> None:
    made = call("add", "monitoring", "--scope", "login-test", "--per-minute", "30")
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    assert token.startswith(keys.PREFIX)
    assert "not shown again" in made.stderr
    listed = call("list")
    assert "monitoring" in listed.stdout
    assert token not in listed.stdout
    (row,) = json.loads(call("list", "--json").stdout)
    assert (row["name"], row["scopes"], row["per_minute"], row["revoked_at"]) == (
        "monitoring", ["login-test"], 30, None
    )  # fmt: skip
    assert call("revoke", "monitoring").exit_code == 0
    (row,) = json.loads(call("list", "--json").stdout)
    assert row["revoked_at"]
    assert "revoked" in call("list").stdout
    db.dispose()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "Name with blanks"], "a-z, 0-9"),
        (["add", "x" * 41], "a-z, 0-9"),
        (["revoke", "nobody"], "no key named"),
    ],
)
def test_says_what_is_wrong_with_a_call(environment: Config, arguments: list[str], words: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_name_stands_for_one_key(environment: Config) -> None:
    assert call("add", "one").exit_code == 0
    again = call("add", "one")
    assert again.exit_code == 2
    assert "already" in again.stderr


def test_the_command_names_the_scopes_there_are() -> None:
    assert f"[{'|'.join(Scope)}]" in call("add", "--help").output


@pytest.mark.parametrize(
    "call",
    [
        ["api-keys", "add", "monitoring"],
        ["api-keys", "list"],
        ["agents", "add", "vera@example.org", "--name", "Vera"],
        ["agents", "list"],
        ["purge"],
        ["limits"],
    ],
    ids=" ".join,
)
def test_a_command_without_the_settings_of_the_site_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 2, result.output
    assert f"There is no database at {tmp_path}/data/wizard.sqlite3" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_command_says_which_database_it_takes_where_nothing_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    db.upgrade(Config().completed())
    result = call("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"Database: {tmp_path}/data/wizard.sqlite3" in result.stderr
    monkeypatch.setenv("WEBAPP_DATA_DIR", "data")
    assert "Database" not in call("list").stderr
    db.dispose()


def test_deletes_what_is_old_in_every_room(environment: Config) -> None:
    config = environment.completed()
    db.upgrade(config)
    now = datetime.now(UTC)
    kinds = DownloadLink, LimitRow, HealthSample
    for at in (now - timedelta(days=400), now + timedelta(hours=1)):
        with db.begin(config) as session:
            session.add_all(
                [
                    DownloadLink(token_hash=at.isoformat().encode(), sealed=b"", expires_at=at),
                    LimitRow(kind="account", bucket=b"", click=b"", amount=1, at=at, state="refused"),
                    HealthSample(at=at, provider="gmx.net", protocol="pop3", port=995, milliseconds=1),
                ]
            )
    result = CliRunner().invoke(cli, ["purge"])
    assert result.exit_code == 0, result.output
    numbers = dict(line.split() for line in result.stdout.splitlines())
    assert {name: numbers[name] for name in ("links", "limits", "health")} == dict.fromkeys(
        ("links", "limits", "health"), "1"
    )
    with db.read(config) as session:
        assert [session.query(kind).count() for kind in kinds] == [1, 1, 1]
    db.dispose()


def test_shows_and_lifts_what_many_refusals_have_switched_off(environment: Config) -> None:
    run = CliRunner().invoke
    assert run(cli, ["limits"]).stdout == "No login test is switched off.\n"
    until = datetime.now(UTC) + timedelta(minutes=20)
    with db.begin(environment) as session:
        session.add(Pause(name="gmx.net", until=until))
        session.add(Pause(name="gmx.com invited", until=until))
    assert run(cli, ["limits"]).stdout.splitlines() == [
        f"gmx.com: off until {until:%Y-%m-%d %H:%M} UTC, for people invited by the helpdesk",
        f"gmx.net: off until {until:%Y-%m-%d %H:%M} UTC",
    ]
    (invited, everybody) = json.loads(run(cli, ["limits", "--json"]).stdout)
    assert (invited["provider"], invited["invited"], everybody["provider"]) == ("gmx.com", True, "gmx.net")
    assert run(cli, ["limits", "--lift"]).stdout == "No login test is switched off.\n"
    assert json.loads(run(cli, ["limits", "--json"]).stdout) == []
    db.dispose()


def test_the_database_that_an_upgrade_makes_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBAPP_DATA_DIR", str(tmp_path / "data"))
    before = os.umask(0o022)
    try:
        assert CliRunner().invoke(cli, ["db", "upgrade"]).exit_code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data" / "wizard.sqlite3").stat().st_mode) == 0o600
