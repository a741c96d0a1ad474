"""Our .k9s and QR code against the rules of Thunderbird for Android, restated from its public source.

Settings file: legacy/core, com.fsck.k9.preferences: SettingsFileParser, AccountSettingsValidator,
ServerSettingsDescriptions (versions 92 to 95), AccountSettingsDescriptions. QR code: feature/migration/qrcode,
QrCodePayloadAdapter and QrCodePayloadValidator. What the app drops or replaces without a word fails here.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.support.zbar import read_qr
from webapp.core import providers
from webapp.core.account import MailAccount, Retention
from webapp.core.clients import CLIENTS, ExportOptions

PROVIDERS = providers.load()
CASES = [
    pytest.param(provider, keep, port, name, id=f"{provider}-{keep}-{port}-{bool(name)}")
    for provider, keep, port, name in product(
        ("gmx.net", "gmx.com"), ("forever", "14", "delete"), (465, 587), ("Jörg „Möve“ Größe 🐟", "")
    )
]

SETTINGS_VERSION_MAX = 99  # what the app's own QR reader writes; newer apps read it, older ones refuse more than theirs


def one_of(*values: str) -> Callable[[str], bool]:
    return lambda text: text in values


def integer(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(r"\d+", text) is not None and low <= int(text) <= high


def anything(text: str) -> bool:
    return text != ""


# Element → what the app takes as its text. An element that is not here is skipped by the app.
SERVER = {
    "host": anything,
    "port": integer(1, 65535),
    "connection-security": one_of("NONE", "STARTTLS_REQUIRED", "SSL_TLS_REQUIRED"),
    "authentication-type": one_of("PLAIN", "CRAM_MD5", "EXTERNAL", "XOAUTH2", "NONE"),
    "username": anything,
}
SETTINGS = {
    "automaticCheckIntervalMinutes": one_of("-1", "15", "30", "60", "120", "180", "360", "720", "1440"),
    "deletePolicy": one_of("NEVER", "DELETE", "MARK_AS_READ"),
    "displayCount": one_of("10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "0"),
    "notifyNewMail": one_of("true", "false"),
    "syncRemoteDeletions": one_of("true", "false"),
}


def an_account(provider: str, keep: str, port: int, name: str) -> MailAccount:
    address = f"beispiel@{'gmx.de' if provider == 'gmx.net' else 'gmx.com'}"
    return PROVIDERS[provider].account(address, name=name, retention=Retention.parse(keep), smtp_port=port)


def export(account: MailAccount, format_: str) -> bytes:
    return CLIENTS["thunderbird-android"].export(account, ExportOptions(format=format_)).content


def texts(element: etree._Element) -> dict[str, str]:
    """Return the texts of the children by name; fails where one stands twice."""
    assert len({child.tag for child in element}) == len(element)
    return {child.tag: child.text or "" for child in element}


@pytest.mark.parametrize(("provider", "keep", "port", "name"), CASES)
def test_the_settings_file_holds_only_what_the_app_takes(provider: str, keep: str, port: int, name: str) -> None:
    account = an_account(provider, keep, port, name)
    root = etree.fromstring(export(account, "k9s"))
    assert (root.tag, dict(root.attrib)) == ("k9settings", {"version": str(SETTINGS_VERSION_MAX), "format": "1"})
    (accounts,) = root
    (node,) = accounts
    assert (accounts.tag, node.tag, set(node.attrib)) == ("accounts", "account", {"uuid"})
    assert str(uuid.UUID(node.get("uuid"))) == node.get("uuid")
    assert [child.tag for child in node] == ["name", "incoming-server", "outgoing-server", "settings", "identities"]
    assert node.findtext("name") == account.email_address
    for tag, type_, server in (("incoming", "POP3", account.incoming), ("outgoing", "SMTP", account.outgoing)):
        element = node.find(f"{tag}-server")
        assert element is not None
        found = texts(element)
        assert dict(element.attrib) == {"type": type_}
        assert found.keys() == SERVER.keys()
        assert all(takes(found[child]) for child, takes in SERVER.items()), found
        assert (found["host"], found["port"]) == (server.hostname, str(server.port))
    values = {value.get("key"): value.text or "" for value in node.iterfind("settings/value")}
    assert len(values) == len(node.findall("settings/*"))
    assert values.keys() == SETTINGS.keys()
    assert all(takes(values[key]) for key, takes in SETTINGS.items()), values
    (identity,) = node.iterfind("identities/identity")
    assert texts(identity) == ({"name": name} if name else {}) | {"email": account.email_address}


@pytest.mark.parametrize(("keep", "policy"), [("forever", "NEVER"), ("14", "NEVER"), ("delete", "DELETE")])
def test_the_settings_file_never_deletes_more_than_was_chosen(keep: str, policy: str) -> None:
    root = etree.fromstring(export(an_account("gmx.net", keep, 465, ""), "k9s"))
    values = {value.get("key"): value.text for value in root.iter("value")}
    assert values["deletePolicy"] == policy
    assert values["syncRemoteDeletions"] == "false", "what is gone from the server stays on the phone"


@pytest.mark.parametrize(("provider", "keep", "port", "name"), CASES)
def test_the_qr_code_holds_only_what_the_app_takes(provider: str, keep: str, port: int, name: str) -> None:
    account = an_account(provider, keep, port, name)
    text = export(account, "qr-payload").decode()
    content: list[Any] = json.loads(text)
    version, part, incoming, outgoing = content
    assert (version, part) == (1, [1, 1])
    types = [int, str, int, int, int, str, str, str]
    assert [type(value) for value in incoming] == types
    (group,) = outgoing
    sending, *identities = group
    assert [type(value) for value in sending] == [int, str, int, int, int, str, str]
    assert identities == [[account.email_address, name]]
    security = {465: 3, 587: 2, 995: 3}
    assert incoming[:6] == [1, account.incoming.hostname, 995, 3, 1, account.email_address]
    assert sending[:6] == [0, account.outgoing.hostname, port, security[port], 1, account.email_address]
    assert (incoming[7], sending[6]) == ("", ""), "no password: the app asks"
    assert not re.search(r"[\r\n]", text)


@pytest.mark.peers
@pytest.mark.parametrize("picture", ["svg", "png"])
@pytest.mark.parametrize("name", ["Erika Beispiel", "Jörg „Möve“ Größe 🐟 Иван", ""], ids=["ascii", "unicode", "none"])
def test_another_program_reads_the_payload_in_the_picture(
    picture: str, name: str, qr_reader_is_here: None, tmp_path: Path
) -> None:
    account = an_account("gmx.net", "forever", 465, name)
    file = tmp_path / f"code.{picture}"
    file.write_bytes(export(account, f"qr-{picture}"))
    assert read_qr(file) == export(account, "qr-payload")


@pytest.mark.peers
def test_the_longest_name_and_address_still_make_a_code_that_can_be_read(
    qr_reader_is_here: None, tmp_path: Path
) -> None:
    account = PROVIDERS["gmx.net"].account(f"{'a' * 64}@gmx.de", name="ß" * 64)
    file = tmp_path / "code.png"
    file.write_bytes(export(account, "qr-png"))
    assert read_qr(file) == export(account, "qr-payload")
