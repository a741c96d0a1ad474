"""`providers new`: a file for an own domain, ready to be checked and tested."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.terminal import in_terminal
from tests.support.web import Web
from webapp.cli import cli
from webapp.core import providers
from webapp.core.account import ServerType, Username
from webapp.web import drift

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
DOCUMENT = """<?xml version="1.0"?>
<clientConfig version="1.2"><emailProvider id="schule.example">
 <domain>schule.example</domain><domain>lehrer.schule.example</domain><displayName>Schule am Nordlicht</displayName>
 <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
  <username>%EMAILLOCALPART%</username></incomingServer>
 <incomingServer type="pop3"><hostname>pop.schule.example</hostname><port>995</port><socketType>SSL</socketType>
  <username>%EMAILLOCALPART%</username><pop3><checkInterval minutes="5"/></pop3></incomingServer>
 <incomingServer type="pop3"><hostname>pop.schule.example</hostname><port>110</port><socketType>plain</socketType>
  <username>%EMAILLOCALPART%</username></incomingServer>
 <outgoingServer type="smtp"><hostname>smtp.schule.example</hostname><port>587</port><socketType>STARTTLS</socketType>
  <username>%EMAILLOCALPART%</username></outgoingServer>
 <webMail><loginPage url="https://mail.schule.example/login"/></webMail>
</emailProvider></clientConfig>"""


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner(env={"LC_ALL": "C"}).invoke(cli, ["providers", "new", *arguments], input=text)


def test_a_published_document_becomes_a_file_that_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("schule.example", "--from", "-", text=DOCUMENT)
    assert result.exit_code == 0, result.output
    assert "providers check schule.example.toml" in result.output
    found = providers.load(tmp_path)["schule.example"]
    assert (found.name, found.website) == ("Schule am Nordlicht", "mail.schule.example")
    assert found.domains == {"schule.example", "lehrer.schule.example"}
    assert (found.main_domain, found.username, found.minutes_between_fetches) == (
        "schule.example", Username.LOCAL_PART, 5,
    )  # fmt: skip
    assert [(s.type, s.hostname, s.port) for s in found.servers] == [
        (ServerType.IMAP, "imap.schule.example", 993),
        (ServerType.POP3, "pop.schule.example", 995),
        (ServerType.SMTP, "smtp.schule.example", 587),
    ]
    account = found.account("anna@schule.example")
    assert (account.username, account.outgoing.port) == ("anna", 587)
    checked = CliRunner(env={"LC_ALL": "C"}).invoke(cli, ["providers", "check", "schule.example.toml"])
    assert checked.exit_code == 0, checked.output


def test_answers_at_the_terminal_become_a_file(tmp_path: Path) -> None:
    file = tmp_path / "nordlicht.example.toml"
    answers = [
        ("Name of the provider", "Nordlicht"), ("Host name of the page", ""), ("Server for receiving", ""),
        ("Its port", ""), ("Its encryption", ""), ("Server for sending", "mail.nordlicht.example"),
        ("Its port", "587"), ("Its encryption", ""), ("Is the user name", "no"),
    ]  # fmt: skip
    command = [str(COMMAND), "providers", "new", "nordlicht.example", "--output", str(file)]
    code, shown = in_terminal(command, answers, {**os.environ, "LC_ALL": "C"})
    assert code == 0, shown
    found = providers.load(tmp_path)["nordlicht.example"]
    assert found.name == "Nordlicht"
    assert found.username is Username.LOCAL_PART
    assert [(s.type, s.hostname, s.port, s.socket_type.value) for s in found.servers] == [
        (ServerType.POP3, "pop.nordlicht.example", 995, "SSL"),
        (ServerType.SMTP, "mail.nordlicht.example", 587, "STARTTLS"),
    ]


def test_what_is_published_becomes_a_file_and_the_domain_s_own_word_comes_first(
    web: Web, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBAPP_TLS_CA_FILE", str(ca_file))
    monkeypatch.setattr(
        drift, "SOURCES", tuple(web.url(f"/{place}/{{domain}}") for place in ("database", "guessed", "own"))
    )
    web.says("/database/schule.example", DOCUMENT.replace("Schule am Nordlicht", "What others say").encode())
    web.redirects("/own/schule.example", web.says("/moved", DOCUMENT.encode()))
    result = run("schule.example", "--discover")
    assert result.exit_code == 0, result.output
    assert [path for _, path in web.asked] == ["/own/schule.example", "/moved"]
    found = providers.load(tmp_path)["schule.example"]
    assert found.name == "Schule am Nordlicht"
    assert web.url("/own/schule.example") in found.sources[0]

    (tmp_path / "schule.example.toml").unlink()
    del web.answers["/own/schule.example"]
    result = run("schule.example", "--discover")
    assert f"· {web.url('/own/schule.example')}: 404" in result.output
    assert f"✓ {web.url('/database/schule.example')}: 200" in result.output
    assert providers.load(tmp_path)["schule.example"].name == "What others say"


def test_where_nobody_publishes_anything_nothing_is_written(
    web: Web, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBAPP_TLS_CA_FILE", str(ca_file))
    monkeypatch.setattr(drift, "SOURCES", (web.url("/{domain}"), "https://127.0.0.1:1/{domain}"))
    result = run("schule.example", "--discover")
    assert result.exit_code == 2
    assert "The connection failed." in result.output
    assert "Nobody publishes settings for this domain." in result.output
    assert list(tmp_path.glob("*.toml")) == []


@pytest.mark.parametrize(
    ("arguments", "text", "told"),
    [
        (["no domain", "--from", "-"], DOCUMENT, "is no domain"),
        (["schule.example", "--from", "-"], "<html>", "no autoconfig document"),
        (["schule.example", "--from", "-"], DOCUMENT.replace("995", "x"), "no encrypted server for POP3"),
        (["schule.example", "--from", "-"], DOCUMENT.replace("STARTTLS", "plain"), "no encrypted server for sending"),
        (["schule.example", "--from", "-"], DOCUMENT.replace("?>", "?><!DOCTYPE x>"), "no autoconfig document"),
        (["schule.example"], None, "There is no terminal to ask"),
    ],
)
def test_what_cannot_become_a_file_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], text: str | None, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, text=text)
    assert result.exit_code == 2
    assert told in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schule.example.toml").write_text("mine")
    assert run("schule.example", "--from", "-", text=DOCUMENT).exit_code == 2
    assert (tmp_path / "schule.example.toml").read_text() == "mine"
