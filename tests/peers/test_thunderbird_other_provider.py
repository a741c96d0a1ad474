"""The real Thunderbird with a provider that is not GMX: sending by 587 only, the user name before the @."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.dovecot import NORA, Dovecot
from tests.support.thunderbird import start
from webapp.core import providers
from webapp.core.account import ServerType, SocketType
from webapp.core.clients import CLIENTS
from webapp.core.providers import Provider

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

ID = "nordlicht.example"
FILE = Path(__file__).parents[1] / "support" / "provider_files" / f"{ID}.toml"
ADDRESS = f"{NORA.address}@{ID}"


def nordlicht(dovecot: Dovecot) -> Provider:
    """Return the provider of the file, its servers those of `dovecot`."""
    servers = (dovecot.server(ServerType.POP3), dovecot.server(ServerType.SMTP, SocketType.STARTTLS))
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert [(one["type"], one["socket_type"]) for one in content["servers"]] == [("pop3", "SSL"), ("smtp", "STARTTLS")]
    content["servers"] = [
        {"type": one.type.value, "hostname": one.hostname, "port": one.port, "socket_type": one.socket_type.value}
        for one in servers
    ]
    return providers.parse(ID, content, FILE.name)


def test_the_file_of_nordlicht_fetches_and_sends(dovecot: Dovecot, thunderbird_is_here: None, tmp_path: Path) -> None:
    account = nordlicht(dovecot).account(ADDRESS, name="Nora")
    made = CLIENTS["thunderbird"].export(account)
    assert made.file_name == "nordlicht-pop-thunderbird.zip"
    (tmp_path / made.file_name).write_bytes(made.content)
    dovecot.deliver(NORA.address, "for Nora")
    with start(tmp_path / "profile") as thunderbird:
        thunderbird.trust(dovecot.ca_file)
        thunderbird.remember_password(account, NORA.password)
        thunderbird.import_profile(tmp_path / made.file_name)
        thunderbird.restart()
        assert thunderbird.accounts()[0] == ("pop3", NORA.address)
        thunderbird.fetch(NORA.address)
        assert "for Nora" in thunderbird.mailbox(NORA.address).subjects()
        thunderbird.send(NORA.address, ADDRESS, "sent by 587")
        assert thunderbird.mailbox(NORA.address).subjects("Sent") == ["sent by 587"]
        smtp = f"mail.smtpserver.{thunderbird.keys(NORA.address)['smtp1']}."
        prefs = thunderbird.prefs()
        assert (prefs[f"{smtp}port"], prefs[f"{smtp}try_ssl"]) == (dovecot.ports["submission"], 2)
        assert prefs[f"{smtp}username"] == NORA.address
    arrived = "".join(file.read_text() for file in (dovecot.folder / "mail" / ADDRESS / "Maildir" / "new").iterdir())
    assert f"From: {ADDRESS}\n" in arrived
    assert "ubject: sent by 587\n" in arrived
