"""Apple's schema, Outlook's property map and the grammar of autoconfig: every file against them, and every fault found."""

from __future__ import annotations

import plistlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.schemas import MAIL, PRF_MAP, autoconfig_complaints, prf_complaints, profile_complaints
from webapp.core import providers
from webapp.core.account import MailAccount, Retention
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.text import InputError

PROVIDERS = providers.load()
KEEPS = ("forever", "1", "14", "99", "delete")
NAMES = ("", "Jörg Beispiel", "A & B <C>", 'Say "hi"; 100%', "Иван", "\\ ' ` $HOME", "x" * 64)


def an_account(
    keep: str = "14", name: str = "Jörg Beispiel", port: int = 465, provider: str = "gmx.net"
) -> MailAccount:
    return PROVIDERS[provider].account("beispiel@gmx.de", name=name, retention=Retention.parse(keep), smtp_port=port)


def export(account: MailAccount, client: str, format_: str, **options: str) -> bytes:
    return CLIENTS[client].export(account, ExportOptions(format=format_, host="setup.example", **options)).content  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("port", [465, 587])
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("device", ["iphone", "mac"])
def test_the_apple_profile_keeps_apples_schema(name: str, port: int, provider: str, locale: str, device: str) -> None:
    content = export(an_account(name=name, port=port, provider=provider), "apple-mail", "mobileconfig",
                     locale=locale, device=device)  # fmt: skip
    assert profile_complaints(content) == []


@given(
    local_part=st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}", fullmatch=True),
    name=st.text(max_size=64),
    organization=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=40),
)
def test_no_name_takes_the_apple_profile_out_of_the_schema(local_part: str, name: str, organization: str) -> None:
    try:
        account = PROVIDERS["gmx.net"].account(f"{local_part}@gmx.de", name=name)
    except InputError:
        return
    complaints = profile_complaints(export(account, "apple-mail", "mobileconfig", organization=organization))
    assert [c for c in complaints if "residue" not in c] == []  # %s and {{ may stand in a name


def test_the_table_of_mail_keys_is_apples() -> None:
    """35 keys of the mail payload, as schema 18.1 and 26.0 have them, beside the 7 that every payload has."""
    assert len(MAIL) == 35 + 7


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b"<integer>995</integer>", b"<real>995</real>", "element real"),
        (b"<integer>995</integer>", b"<string>995</string>", "IncomingMailServerPortNumber: str"),
        (b"<string>EmailTypePOP</string>", b"<string>EmailTypeIMAP</string>", "no POP account"),
        (b"<key>PreventMove</key>", b"<key>PreventMoves</key>", "PreventMoves: not in the schema"),
        (b"<key>PreventMove</key>", b"<key>PreventAppSheet</key>", "PreventAppSheet twice"),
        (b"<key>EmailAccountDescription</key>", b"<key>IncomingPassword</key>", "IncomingPassword: not for us"),
        (b"<key>EmailAccountType</key>", b"<key>EmailAccountName2</key>", "EmailAccountType: missing"),
        (b"<string>EmailAuthPassword</string>", b"<string>Password</string>", "IncomingMailServerAuthentication: Pass"),
        (b"<string>User</string>", b"<string>Everybody</string>", "PayloadScope: Everybody"),
        (b"<key>PayloadScope</key>", b"<key>ConsentText</key>", "ConsentText: not for us"),
        (b"1BC7B991-9B07-5", b"1BC7B991-9B07-4", "PayloadUUID 1BC7B991-9B07-4"),
        (b"1BC7B991-9B07-5", b"1bc7b991-9b07-5", "PayloadUUID 1bc7b991-9b07-5"),
        (b"1BC7B991-9B07-5065-A760-24578C6CF5AA", b"C48345AD-D0A2-5750-BA42-25564016FA55", "PayloadUUID twice"),
        (b"example.setup.gmx", b"com.apple.gmx", "PayloadIdentifier of somebody else"),
        (b"Beispiel", "Bei\u202espiel".encode(), "character"),
        (b"Beispiel", b"%(name)s", "residue of a template"),
        (b'<plist version="1.0">', b'<!-- x --><plist version="1.0">', "declaration"),
        (b"<key>OutgoingMailServerUseSSL</key>\n\t\t\t<true/>", b"", "no encryption"),
        (b"<key>OutgoingMailServerPortNumber</key>\n\t\t\t<integer>465</integer>", b"", "a port is guessed"),
    ],
)  # fmt: skip
def test_the_checker_finds_what_apple_would_not_take(old: bytes, new: bytes, complaint: str) -> None:
    content = export(an_account(), "apple-mail", "mobileconfig", device="iphone")
    assert old in content
    found = profile_complaints(content.replace(old, new))
    assert any(complaint in text for text in found), found


@pytest.mark.parametrize("name", NAMES)
def test_plistutil_reads_the_same_as_python(name: str, tmp_path: Path) -> None:
    path = tmp_path / "gmx-pop.mobileconfig"
    path.write_bytes(export(an_account(name=name), "apple-mail", "mobileconfig"))
    binary = subprocess.run(["plistutil", "-i", path, "-o", "-", "-f", "bin"], capture_output=True, check=True)
    assert plistlib.loads(binary.stdout) == plistlib.loads(path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("port", [465, 587])
@pytest.mark.parametrize("profile", ["existing", "new"])
def test_every_key_of_the_outlook_file_is_mapped(name: str, keep: str, port: int, profile: str) -> None:
    content = export(an_account(keep, name, port), "outlook", "prf", profile=profile)
    assert prf_complaints(content, keep) == []
    plain = export(an_account(keep, "A", port), "outlook", "prf", profile=profile)
    assert content.count(b"\n") == plain.count(b"\n")


def test_the_map_has_no_place_for_a_password() -> None:
    assert len(PRF_MAP) == 22
    assert 0x0102 not in [tag for _, tag, _ in PRF_MAP.values()]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b"POP3Port=995\r\n", b"POP3Port=995\n", "bytes"),
        (b"; Outlook", b"\xef\xbb\xbf; Outlook", "bytes"),
        (b"POP3Port=995\r\n", b"POP3Port=995\r\nPOP3Port=110\r\n", "bytes"),
        (b"DisplayName=J", b"DisplayName=\xc3\x96", "bytes"),
        (b"[Service List]\r\n", b"[Service List]\r\nService1=Unicode Personal Folders\r\n", "Service List"),
        (b"OverwriteProfile=Append", b"OverwriteProfile=Yes", "OverwriteProfile: Yes"),
        (b"BackupProfile=No\r\n", b"BackupProfile=No\r\nDefaultStore=Service1\r\n", "DefaultStore"),
        (b"SMTPPort=465", b"SMTPPort=587", "port and encryption disagree"),
        (b"SMTPSecureConnection=1", b"SMTPSecureConnection=2", "port and encryption disagree"),
        (b"LeaveOnServer=0xE0003", b"LeaveOnServer=0x3", "LeaveOnServer"),
        (b"POP3Server=pop.gmx.net\r\n", b"POP3Server=pop.gmx.net\r\nPOP3Password=x\r\n", "POP3Password: has no line"),
        (b"DisplayName=Joerg", b"DisplayName=%OS%", "DisplayName: %OS%"),
        (b"DisplayName=Joerg", b"DisplayName= Joerg", "DisplayName:  Joerg"),
        (b"SMTPSecureConnection=PT_LONG,0x020A\r\n", b"", "SMTPSecureConnection: None"),
        (b"LeaveOnServer=PT_LONG,0x1000", b"LeaveOnServer=PT_LONG,0x1001", "LeaveOnServer: PT_LONG,0x1001"),
        (b"AccountType=POP3\r\n", b"AccountType=POP3\r\nPOP3Password=PT_UNICODE,0x0102\r\n", "POP3Password"),
        (b"AccountType=POP3", b"AccountType=IMAP", "AccountType"),
    ],
)  # fmt: skip
def test_the_checker_finds_what_outlook_would_take_wrongly(old: bytes, new: bytes, complaint: str) -> None:
    content = export(an_account(), "outlook", "prf")
    assert old in content
    found = prf_complaints(content.replace(old, new, 1), "14")
    assert any(complaint in text for text in found), found


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("port", [465, 587])
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_autoconfig_keeps_the_grammar(keep: str, port: int, provider: str) -> None:
    assert (
        autoconfig_complaints(export(an_account(keep, port=port, provider=provider), "thunderbird", "autoconfig")) == []
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<port>995</port>", b"<port>0</port>"),
        (b"<port>995</port>", b"<port>99999</port>"),
        (b"<port>995</port>", b""),
        (b">SSL<", b">plain<"),
        (b'type="pop3"', b'type="imap"'),
        (b'type="pop3"', b""),
        (b'id="gmx.net"', b'id="GMX net"'),
        (b' version="1.2"', b""),
        (b"<hostname>pop.gmx.net</hostname>", b"<hostname>evil example</hostname>"),
        (b"<hostname>pop.gmx.net</hostname>", b"<hostname>pop.gmx.net</hostname><password>x</password>"),
        (b"%EMAILADDRESS%", b"anna@gmx.de"),
        (b">true</leave", b">yes</leave"),
        (b"<domain>gmx.de</domain>", b""),
    ],
)
def test_the_grammar_finds_what_it_shall_find(old: bytes, new: bytes) -> None:
    content = export(an_account(), "thunderbird", "autoconfig")
    assert old in content
    assert autoconfig_complaints(content.replace(old, new))
