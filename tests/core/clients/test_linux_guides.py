"""The guides of the command-line programs."""

from __future__ import annotations

import re

import pytest

from webapp.core.account import MailAccount, Retention
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.guides import Context, guide
from webapp.core.guides.telling import as_text, file_name
from webapp.core.providers import load
from webapp.core.text import translations_for

GMX = load()["gmx.net"]


def told(name: str, locale: str, address: str = "anna@gmx.de", keep: str = "forever") -> str:
    account = GMX.account(address, retention=Retention.parse(keep))
    return as_text(
        guide(Context(name, GMX, account, "linux", file_name=_file(name, account))), translations_for(locale)
    )


def _file(name: str, account: MailAccount) -> str:
    return file_name(name, account, GMX)


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("name", ["fetchmail", "getmail", "mpop", "msmtp"])
def test_the_guide_shows_the_commands_of_the_file(name: str, locale: str) -> None:
    text = told(name, locale)
    content = CLIENTS[name].export(GMX.account("anna@gmx.de"), ExportOptions(locale=locale)).content.decode()
    commands = re.findall(r"^#     (.+)$", content, re.MULTILINE)[: 2 if name == "msmtp" else 3]
    for command in commands:
        assert command in text.replace("'anna@gmx.de'", "anna@gmx.de")


def test_an_address_in_a_command_is_quoted_for_the_shell() -> None:
    assert r"msmtp 'an'\''na$x@gmx.de'" in told("msmtp", "en", "an'na$x@gmx.de")


@pytest.mark.parametrize("name", ["fetchmail", "getmail", "mpop"])
def test_what_fetches_can_do_so_by_itself_every_quarter_of_an_hour(name: str) -> None:
    text = told(name, "de")
    assert f"ExecStart=/usr/bin/{name}" in text
    assert "OnUnitActiveSec=15min" in text
    assert ("SuccessExitStatus=1" in text) == (name == "fetchmail")


def test_an_address_that_no_file_can_hold_gets_the_values() -> None:
    account = GMX.account("anna@gmx.de")
    found = guide(Context("mpop", GMX, account, "linux"))
    assert {"pop.gmx.net", "mail.gmx.net"} <= {
        value.value for step in found.steps for value in step.values if value.copied
    }
