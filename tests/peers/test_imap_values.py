"""The values for IMAP, wherever they are printed, typed into curl: a real Dovecot behind GMX's names lets it read."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.support import dovecot as dovecots
from tests.support import own_network
from tests.support.client import PageLintingClient, parse, text_of
from tests.support.dovecot import BEISPIEL, COM, Dovecot, User
from tests.support.own_network import OwnNetwork
from tests.support.requirements import need, need_commands
from webapp.core.account import ServerType
from webapp.core.guides import SOURCES
from webapp.core.providers import load
from webapp.web.discovery import pacc
from webapp.web.discovery.records import records

pytestmark = pytest.mark.peers

GMX = {"gmx.net": BEISPIEL, "gmx.com": COM}
SCHEMES = {"SSL/TLS": "imaps", "STARTTLS": "imap"}
SUBJECT = "Willkommen"


class Printed(NamedTuple):
    """What a person or a program reads from us and types, as texts."""

    host: str
    port: str
    encryption: str
    user: str


@dataclass(frozen=True)
class World:
    """A network where the host names for IMAP lead to a Dovecot."""

    network: OwnNetwork
    dovecot: Dovecot

    def read(self, printed: Printed, password: str) -> subprocess.CompletedProcess[str]:
        """Fetch the newest mail of the inbox by curl, which accepts no connection without encryption."""
        url = f"{SCHEMES[printed.encryption]}://{printed.host}:{printed.port}/INBOX;MAILINDEX=1"
        command = [
            *self.network.enter, "curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(self.dovecot.ca_file),
            "--user", f"{printed.user}:{password}", "--max-time", "60", url,
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    need(dovecots.missing())
    need_commands("curl", "ip", "nsenter")
    hosts = {server.hostname for name in GMX for server in load()[name].servers if server.type is ServerType.IMAP}
    with dovecots.start(hostnames=sorted(hosts)) as dovecot, own_network.start(sorted(hosts)) as network:
        network.relay({993: dovecot.ports["imaps"], 143: dovecot.ports["imap"]})
        for user in GMX.values():
            dovecot.deliver(user.address, SUBJECT)
        yield World(network, dovecot)


def on_the_settings_page(client: PageLintingClient, provider: str, user: User) -> Iterator[Printed]:
    for table in parse(client.get(f"/settings/{provider}").text).iter("tbody"):
        if any("IMAP" in text_of(title) for title in table.iter("th")):
            host, port, encryption = (text_of(each) for each in table.iter("span") if each.get("class") == "value")
            yield Printed(host, port, encryption, user.address)


def in_the_guides(client: PageLintingClient, _provider: str, user: User) -> Iterator[Printed]:
    """What is typed in by the guides by IMAP; a program that finds the servers itself is given none."""
    for name in (name for name, source in SOURCES.items() if source.imap):
        query = {"address": user.address, "protocol": "imap", "locale": "en"}
        answer = FlaskClient.get(client, f"/api/v1/guides/{name}", query_string=query)
        values = [(each["label"], each["value"]) for step in answer.get_json()["steps"] for each in step["values"]]
        texts = [value for _, value in values]
        for start, host in enumerate(texts):
            if host.startswith("imap."):
                users = [value for label, value in values[start:] if label == "User name"]
                yield Printed(host, *texts[start + 1 : start + 3], *(users[:1] or [user.address]))


def in_the_dns_records(_client: PageLintingClient, provider: str, user: User) -> Iterator[Printed]:
    for record in records(user.address.partition("@")[2], load()[provider], "help.example.org"):
        if found := re.match(r"_imap(s?)\.", record.name):
            _, _, port, host = record.value.split()
            yield Printed(host.rstrip("."), port, "SSL/TLS" if found[1] else "STARTTLS", user.address)


def in_the_pacc_document(_client: PageLintingClient, provider: str, user: User) -> Iterator[Printed]:
    document = pacc.document(load()[provider])
    assert document
    yield Printed(json.loads(document)["protocols"]["imap"]["host"], "993", "SSL/TLS", user.address)


@pytest.mark.parametrize(
    "place",
    [on_the_settings_page, in_the_guides, in_the_dns_records, in_the_pacc_document],
    ids=lambda place: place.__name__,
)
@pytest.mark.parametrize("provider", GMX)
def test_what_is_printed_lets_mail_be_read(client: PageLintingClient, world: World, provider: str, place) -> None:  # type: ignore[no-untyped-def]
    found = set(place(client, provider, GMX[provider]))
    assert found
    for printed in found:
        done = world.read(printed, GMX[provider].password)
        assert f"Subject: {SUBJECT}" in done.stdout, f"{printed}: {done.stderr}"


def test_a_port_with_the_encryption_of_the_other_one_reads_nothing(world: World) -> None:
    done = world.read(Printed("imap.gmx.net", "143", "SSL/TLS", BEISPIEL.address), BEISPIEL.password)
    assert done.returncode
    assert not done.stdout
