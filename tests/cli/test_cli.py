"""The command, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.dovecot import ANNA, POP_OFF, Dovecot, dovecot

__all__ = ["dovecot"]

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"


def call(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "LC_", "LANG"))}
    return subprocess.run(
        [COMMAND, *arguments],
        input=stdin.encode(),
        capture_output=True,
        env={**clean, "LC_ALL": "de_DE.UTF-8", **environment},
    )


@pytest.mark.peers
def test_check_prints_both_stage_trees_and_ends_with_0(dovecot: Dovecot) -> None:
    before = dovecot.attempts(ANNA.address)
    result = call(
        "check", ANNA.address, "--login", "--password-stdin", stdin=ANNA.password + "\n", **dovecot.environment
    )
    output = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    assert "Empfang (POP3)" in output
    assert "Versand (SMTP)" in output
    assert "Alles in Ordnung." in output
    assert "\x1b" not in output
    assert dovecot.attempts(ANNA.address) == before + 2
    assert ANNA.password not in output + result.stderr.decode()


@pytest.mark.peers
def test_a_wrong_password_ends_with_1_and_the_checklist_after_one_attempt(dovecot: Dovecot) -> None:
    before = dovecot.attempts(POP_OFF.address)
    result = call(
        "check", POP_OFF.address, "--login", "--password-stdin", "--json", stdin=POP_OFF.password, **dovecot.environment
    )
    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert dovecot.attempts(POP_OFF.address) == before + 1
    failures = [stage["failure"]["kind"] for stage in report["stages"] if stage["failure"]]
    assert failures == ["authentication_failed"]
    assert set(report) == {
        "version", "reference", "address", "provider", "vantage", "login", "password_sent", "started_at", "state",
        "passed", "stages", "diagnoses", "mailbox",
    }  # fmt: skip
    assert report["address"] == "p…s@gmx.de"
    assert len(report["diagnoses"][0]["advice"]) >= 5
    assert POP_OFF.password not in result.stdout.decode() + result.stderr.decode()


def test_a_call_that_is_wrong_ends_with_2_and_says_why() -> None:
    for arguments, word in (
        (("export", "outlok", "a@gmx.de"), "outlook"),
        (("export", "outlook", "anna"), "@"),
        (("export", "outlook", "a@gmx.de", "--keep", "0"), "99"),
        (("export", "outlook", "a@example.org"), "--provider"),
        (("export", "outlook", "a@gmx.de", "--smtp-port", "25"), "25"),
        (("check", "a@gmx.de", "--login"), "--password-stdin"),
    ):
        result = call(*arguments)
        assert result.returncode == 2, arguments
        assert word in result.stderr.decode(), arguments
        assert b"Traceback" not in result.stderr


def test_export_writes_the_same_bytes_to_a_file_and_to_the_pipe(tmp_path: Path) -> None:
    arguments = ("export", "thunderbird", "beispiel@gmx.de", "--name", "Jörg Beispiel", "--keep", "14")
    path = tmp_path / "file.zip"
    assert call(*arguments, "--output", str(path)).returncode == 0
    assert call(*arguments).stdout == path.read_bytes()


def test_gmx_com_is_taken_for_international_and_says_so() -> None:
    result = call("export", "other", "a@gmx.com")
    assert b"pop.gmx.com" in result.stdout
    assert b"gmx.com" in result.stderr
    assert b"pop.gmx.net" in call("export", "other", "a@gmx.com", "--provider", "gmx.net").stdout


def test_speaks_the_language_of_the_system_or_of_the_option() -> None:
    assert "Benutzername" in call("export", "other", "a@gmx.de").stdout.decode()
    assert "E-mail address" in call("export", "other", "a@gmx.de", LC_ALL="en_GB.UTF-8").stdout.decode()
    assert "E-mail address" in call("export", "other", "a@gmx.de", "--locale", "en").stdout.decode()


def test_config_masks_secrets(tmp_path: Path) -> None:
    key = "obvious-test-key-obvious-test-key-0123"
    hook = "https://hooks.example.org/services/a-token-of-a-test"  # such addresses are secrets themselves
    result = call(
        "config", WEBAPP_SECRET_KEY=key, WEBAPP_DATA_DIR=str(tmp_path), WEBAPP_WEBHOOK_URL=hook, WEBAPP_WEBHOOK_SECRET=key,
        WEBAPP_OPERATOR_WEBHOOK=hook, WEBAPP_OPERATOR_WEBHOOK_SECRET=key,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for name in (b"SECRET_KEY", b"WEBHOOK_URL", b"OPERATOR_WEBHOOK"):
        assert b"WEBAPP_" + name + b"=****" in result.stdout
    assert key.encode() not in result.stdout
    assert hook.encode() not in result.stdout


def test_a_setting_of_no_use_is_named() -> None:
    result = call("providers", WEBAPP_PROVIDERS_DIR="/nowhere/at/all")
    assert result.returncode == 2
    assert b"WEBAPP_PROVIDERS_DIR" in result.stderr


@pytest.mark.parametrize(("locale", "name"), [("de_DE.UTF-8", "Ein anderes Programm"), ("C.UTF-8", "Another program")])
def test_lists_clients_in_the_persons_language(locale: str, name: str) -> None:
    assert name in call("clients", LC_ALL=locale).stdout.decode()
    assert name in [row["name"] for row in json.loads(call("clients", "--json", LC_ALL=locale).stdout)]


def test_lists_clients_and_providers_as_json() -> None:
    assert {"thunderbird", "outlook", "apple-mail"} <= {
        row["id"] for row in json.loads(call("clients", "--json").stdout)
    }
    assert [row["id"] for row in json.loads(call("providers", "--json").stdout)][:2] == ["gmx.net", "gmx.com"]
