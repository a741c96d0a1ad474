"""What must stand in each program's file, and what must not; its bytes are in the golden files."""

from __future__ import annotations

import io
import plistlib
import re
import zipfile
from dataclasses import replace

import pytest
from lxml import etree

from tests.support.readers import read_preferences, read_prf
from webapp.core import providers
from webapp.core.account import MailAccount, Retention, SocketType
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.clients.outlook import transliterated
from webapp.core.text import InputError

PROVIDERS = providers.load()
ADDRESSES = {"gmx.net": "beispiel@gmx.de", "gmx.com": "example@gmx.com"}


def an_account(
    provider: str = "gmx.net", keep: str = "forever", port: int = 465, name: str = "Jörg Beispiel"
) -> MailAccount:
    return PROVIDERS[provider].account(ADDRESSES[provider], name=name, retention=Retention.parse(keep), smtp_port=port)


@pytest.mark.parametrize(
    ("keep", "leave", "by_age", "days"),
    [("forever", True, False, 14), ("30", True, True, 30), ("delete", False, False, 14)],
)
def test_thunderbird_is_told_every_pop_option(keep: str, leave: bool, by_age: bool, days: int) -> None:
    archive = zipfile.ZipFile(io.BytesIO(CLIENTS["thunderbird"].export(an_account(keep=keep)).content))
    assert archive.namelist() == ["GMX-Thunderbird/", "GMX-Thunderbird/prefs.js"]
    prefs = read_preferences(archive.read("GMX-Thunderbird/prefs.js"))
    server = "mail.server.server1"
    assert prefs["mail.accountmanager.accounts"] == "account1"
    assert (prefs[f"{server}.type"], prefs[f"{server}.hostname"], prefs[f"{server}.port"]) == (
        "pop3",
        "pop.gmx.net",
        995,
    )
    assert (prefs[f"{server}.socketType"], prefs["mail.smtpserver.smtp1.try_ssl"]) == (3, 3)
    assert prefs[f"{server}.leave_on_server"] is leave
    assert prefs[f"{server}.delete_by_age_from_server"] is by_age
    assert prefs[f"{server}.num_days_to_leave_on_server"] == days
    assert prefs[f"{server}.delete_mail_left_on_server"] is False
    assert not [name for name in prefs if ".default." in name]


def test_the_qr_payload_is_the_one_of_the_specification() -> None:
    account = PROVIDERS["gmx.net"].account("beispiel@gmx.de", name="Erika Beispiel")
    made = CLIENTS["thunderbird-android"].export(account, ExportOptions(format="qr-payload"))
    assert made.content.decode() == (
        '[1,[1,1],[1,"pop.gmx.net",995,3,1,"beispiel@gmx.de","beispiel@gmx.de",""],'
        '[[[0,"mail.gmx.net",465,3,1,"beispiel@gmx.de",""],["beispiel@gmx.de","Erika Beispiel"]]]]'
    )


def test_autoconfig_puts_pop3_first_and_says_how_long_mail_stays() -> None:
    made = CLIENTS["thunderbird"].export(an_account(keep="14"), ExportOptions(format="autoconfig"))
    root = etree.fromstring(made.content)
    incoming = root.find("emailProvider/incomingServer")
    assert incoming is not None
    assert incoming.get("type") == "pop3"
    assert incoming.findtext("pop3/leaveMessagesOnServer") == "true"
    assert incoming.findtext("pop3/daysToLeaveMessagesOnServer") == "14"
    assert incoming.findtext("username") == "%EMAILADDRESS%"


@pytest.mark.parametrize("profile", ["existing", "new"])
@pytest.mark.parametrize(("keep", "value"), [("forever", 0x1), ("14", 0xE0003), ("delete", 0x0)])
@pytest.mark.parametrize(("port", "ssl", "secure"), [(465, "1", "1"), (587, "0", "2")])
def test_outlook_gets_a_file_without_traps(
    profile: str, keep: str, value: int, port: int, ssl: str, secure: str
) -> None:
    made = CLIENTS["outlook"].export(an_account(keep=keep, port=port), ExportOptions(profile=profile))
    prf = read_prf(made.content)
    account, general, mapped = prf["Account1"], prf["General"], prf["I_Mail"]
    assert int(account["LeaveOnServer"], 16) == value
    assert (account["SMTPPort"], account["SMTPUseSSL"], account["SMTPSecureConnection"]) == (str(port), ssl, secure)
    assert account["DisplayName"] == "Joerg Beispiel"
    assert set(account) - set(mapped) == {"UniqueService", "DefaultAccount"}
    assert len(mapped) == 23
    assert all(
        re.fullmatch(r"PT_(?:LONG|UNICODE),0x[0-9A-F]{4}", tag) for key, tag in mapped.items() if key != "AccountType"
    )
    assert general["OverwriteProfile"] == "Append"
    assert general["ModifyDefaultProfileIfPresent"] == ("FALSE" if profile == "new" else "TRUE")
    assert "DefaultStore" not in general
    assert "Unicode Personal Folders" not in prf["Service List"].values()
    assert "0x0102" not in made.content.decode()


def test_outlooks_starter_says_what_stands_in_its_way_before_it_starts_anything() -> None:
    archive = zipfile.ZipFile(io.BytesIO(CLIENTS["outlook"].export(an_account(), ExportOptions(format="zip")).content))
    lines = archive.read("GMX-in-Outlook.cmd").decode("ascii").splitlines()
    checks = [next(n for n, line in enumerate(lines) if word in line) for word in ("tasklist", "reg query", "start ")]
    assert checks == sorted(checks)
    labels = {line[1:] for line in lines if line.startswith(":")}
    assert {word.lstrip(":") for line in lines for word in line.split() if word.startswith(":")} == labels
    assert "%USERNAME%" in lines[checks[0]]  # another person's Outlook does not count


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Jörg Größe", "Joerg Groesse"),
        ("Éloïse", "Eloise"),
        ('A "B" C', "A 'B' C"),
        ("100% a;b", "100 a,b"),
        ("Иван", ""),
        ("😀", ""),
        ("Anna 😀 Beispiel 👩‍💻", "Anna Beispiel"),
        ("Anna Иванова", ""),
    ],
)
def test_outlook_names_are_written_in_ascii(name: str, written: str) -> None:
    assert transliterated(name) == written


def test_the_apple_profile_has_the_identifiers_of_the_specification() -> None:
    made = CLIENTS["apple-mail"].export(an_account(), ExportOptions(host="setup.example", device="iphone"))
    profile = plistlib.loads(made.content)
    (payload,) = profile["PayloadContent"]
    assert profile["PayloadIdentifier"] == "example.setup.gmx.pop.ebd91279513dcba2"
    assert profile["PayloadUUID"] == "C48345AD-D0A2-5750-BA42-25564016FA55"
    assert payload["PayloadUUID"] == "1BC7B991-9B07-5065-A760-24578C6CF5AA"
    assert profile["TargetDeviceType"] == 1


def test_another_account_gets_other_identifiers_and_the_same_one_the_same() -> None:
    first, again, other = (
        plistlib.loads(CLIENTS["apple-mail"].export(PROVIDERS["gmx.net"].account(address, smtp_port=port)).content)
        for address, port in (("a@gmx.de", 465), ("a@gmx.de", 587), ("b@gmx.de", 465))
    )
    assert (first["PayloadUUID"], first["PayloadIdentifier"]) == (again["PayloadUUID"], again["PayloadIdentifier"])
    assert first["PayloadUUID"] != other["PayloadUUID"]


def test_says_what_a_format_cannot_say() -> None:
    assert CLIENTS["apple-mail"].export(an_account()).notes
    assert CLIENTS["thunderbird-android"].export(an_account(keep="14")).notes
    assert CLIENTS["outlook"].export(an_account(name="Иван")).notes
    assert not CLIENTS["thunderbird"].export(an_account(keep="14")).notes


def test_refuses_a_format_that_does_not_exist_and_a_program_without_a_file() -> None:
    with pytest.raises(InputError, match="has no format"):
        CLIENTS["outlook"].export(an_account(), ExportOptions(format="reg"))
    with pytest.raises(InputError, match="only a guide"):
        CLIENTS["outlook-new"].export(an_account())


@pytest.mark.parametrize("keep", ["forever", "14", "delete"])
def test_fetchmail_and_mpop_say_that_they_cannot_count_days(keep: str) -> None:
    for client in ("fetchmail", "mpop"):
        notes = CLIENTS[client].export(an_account(keep=keep)).notes
        assert bool(notes) == (keep == "14")
    assert not CLIENTS["getmail"].export(an_account(keep=keep)).notes


def test_msmtp_says_that_it_holds_no_name() -> None:
    assert CLIENTS["msmtp"].export(an_account()).notes
    assert not CLIENTS["msmtp"].export(an_account(name="")).notes


@pytest.mark.parametrize("local_part", ["50%u", "a*b", "who?"])
def test_msmtp_refuses_an_address_that_it_would_read_as_a_pattern(local_part: str) -> None:
    account = PROVIDERS["gmx.net"].account(f"{local_part}@gmx.de")
    with pytest.raises(InputError, match="msmtp cannot read"):
        CLIENTS["msmtp"].export(account)


def test_a_server_with_starttls_is_written_as_such_or_refused() -> None:
    account = an_account()
    starttls = replace(account, incoming=replace(account.incoming, port=110, socket_type=SocketType.STARTTLS))
    assert b"tls_starttls on" in CLIENTS["mpop"].export(starttls).content
    fetchmail = CLIENTS["fetchmail"].export(starttls).content
    assert b"    ssl\n" not in fetchmail
    assert b'sslproto "TLS1.2+"' in fetchmail  # with it, fetchmail demands STLS
    with pytest.raises(InputError, match="STARTTLS"):
        CLIENTS["getmail"].export(starttls)
