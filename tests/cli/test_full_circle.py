"""`check --login --full-circle` at a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import call
from tests.support.dovecot import Dovecot, reserve
from tests.support.providers import rewrite_providers
from webapp.core.account import ServerType

pytestmark = pytest.mark.peers

CIRCLING, REFUSING = reserve(2)


@pytest.fixture
def environment(dovecot: Dovecot, tmp_path: Path) -> dict[str, str]:
    """Lead the command to the server, with a second between two logins."""
    rewrite_providers(tmp_path / "providers", [dovecot.server(kind) for kind in (ServerType.POP3, ServerType.SMTP)], 1)
    return {**dovecot.environment, "WEBAPP_PROVIDERS_DIR": str(tmp_path / "providers")}


def test_closes_the_circle_with_the_login_test_inside(dovecot: Dovecot, environment: dict[str, str]) -> None:
    user = CIRCLING
    arguments = ("check", user.address, "--login", "--full-circle", "--yes", "--password-stdin")
    result = call(*arguments, stdin=user.password, **environment)
    output = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    assert "Es klappt: Die Prüf-E-Mail wurde gesendet und ist angekommen." in output
    assert "Die Prüf-E-Mail bleibt in Ihrem Postfach." in output
    assert (dovecot.attempts(user.address, "pop3"), dovecot.attempts(user.address, "submission")) == (2, 1)
    shape = json.loads(call(*arguments, "--json", stdin=user.password, **environment).stdout)
    assert (shape["circle"]["sent"], shape["circle"]["found"], shape["passed"]) == (True, True, True)


def test_logs_in_nowhere_without_consent(dovecot: Dovecot, environment: dict[str, str]) -> None:
    user = REFUSING
    for arguments, word in (
        (("--login", "--full-circle", "--password-stdin"), "--yes"),
        (("--full-circle", "--yes"), "--login"),
    ):
        result = call("check", user.address, *arguments, stdin=user.password, **environment)
        assert (result.returncode, word in result.stderr.decode()) == (2, True)
    assert dovecot.attempts(user.address) == 0
