"""The commands of the operator: keys to the API, deleting what is old."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webapp import db
from webapp.api import keys
from webapp.cli import cli, operating
from webapp.config import Config
from webapp.models import Attempt, DownloadLink, HealthSample, HelpdeskAttempt


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("WEBAPP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LC_ALL", "C")
    return Config.from_environment()


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
    assert tuple(keys.Scope) == operating.SCOPES


def test_deletes_what_is_old_in_every_room(environment: Config) -> None:
    config = environment.completed()
    db.upgrade(config)
    now = datetime.now(UTC)
    kinds = DownloadLink, Attempt, HealthSample, HelpdeskAttempt
    for at in (now - timedelta(days=400), now + timedelta(hours=1)):
        with db.begin(config) as session:
            session.add_all(
                [
                    DownloadLink(token_hash=at.isoformat().encode(), sealed=b"", expires_at=at),
                    Attempt(kind="account", hashed="", amount=1, at=at),
                    HealthSample(at=at, provider="gmx.net", protocol="pop3", port=995, milliseconds=1),
                    HelpdeskAttempt(bucket=b"", at=at),
                ]
            )
    result = CliRunner().invoke(cli, ["purge"])
    assert result.exit_code == 0, result.output
    numbers = dict(line.split() for line in result.stdout.splitlines())
    assert {name: numbers[name] for name in ("links", "limits", "health", "attempts")} == dict.fromkeys(
        ("links", "limits", "health", "attempts"), "1"
    )
    with db.read(config) as session:
        assert [session.query(kind).count() for kind in kinds] == [1, 1, 1, 1]
    db.dispose()
