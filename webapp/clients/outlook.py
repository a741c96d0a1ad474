"""Classic Outlook for Windows: a profile file (.prf), and a ZIP that starts its import.

Sections and labels: Microsoft, "Customize an Outlook profile by using an Outlook Profile (PRF) file" (cc179062);
property ids: office-developer-client-docs, prop_*.md. Bytes: ASCII, CRLF, no byte-order mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from webapp.account import MailAccount, SocketType
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.clients.files import zipped
from webapp.text import N_, InputError, Message

LEAVE, REMOVE_AFTER_DAYS = 0x1, 0x2  # bits of LeaveOnServer; the days stand above them
DAYS_SHIFT = 16

_TRANSLITERATION = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae",
     "ø": "oe", "Ø": "Oe", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "–": "-", "—": "-",
     "’": "'", "‘": "'", "“": "'", "”": "'", "„": "'", '"': "'", "%": None, ";": ","}
)  # fmt: skip

# label → type and property id; a value without its line here would be dropped silently
_MAP = {
    "AccountName": "PT_UNICODE,0x0002",
    "DisplayName": "PT_UNICODE,0x000B",
    "EmailAddress": "PT_UNICODE,0x000C",
    "ConnectionType": "PT_LONG,0x000F",
    "ConnectionOID": "PT_UNICODE,0x0010",
    "POP3Server": "PT_UNICODE,0x0100",
    "POP3UserName": "PT_UNICODE,0x0101",
    "ReplyEmailAddress": "PT_UNICODE,0x0103",
    "POP3Port": "PT_LONG,0x0104",
    "POP3UseSSL": "PT_LONG,0x0105",
    "Organization": "PT_UNICODE,0x0107",
    "POP3UseSPA": "PT_LONG,0x0108",
    "SMTPServer": "PT_UNICODE,0x0200",
    "SMTPPort": "PT_LONG,0x0201",
    "SMTPUseSSL": "PT_LONG,0x0202",
    "SMTPUseAuth": "PT_LONG,0x0203",
    "SMTPUserName": "PT_UNICODE,0x0204",
    "SMTPUseSPA": "PT_LONG,0x0207",
    "SMTPAuthMethod": "PT_LONG,0x0208",
    "ServerTimeOut": "PT_LONG,0x0209",
    "SMTPSecureConnection": "PT_LONG,0x020A",
    "LeaveOnServer": "PT_LONG,0x1000",
}

_SERVICES = """\
[Microsoft Exchange Server]
ServiceName=MSEMS
MDBGUID=5494A1C0297F101BA58708002B2A2517
MailboxName=PT_STRING8,0x6607
HomeServer=PT_STRING8,0x6608

[Exchange Global Section]
SectionGUID=13dbb0c8aa05101a9bb000aa002fc45a
MailboxName=PT_STRING8,0x6607
HomeServer=PT_STRING8,0x6608

[Unicode Personal Folders]
ServiceName=MSUPST MS
Name=PT_UNICODE,0x3001
PathToPersonalFolders=PT_STRING8,0x6700
RememberPassword=PT_BOOLEAN,0x6701
EncryptionType=PT_LONG,0x6702
Password=PT_STRING8,0x6703

[Outlook Address Book]
ServiceName=CONTAB

[Microsoft Outlook Client]
SectionGUID=0a0d020000000000c000000000000046
"""

_COMMAND_FILE = """\
@echo off
rem Startet den Import der GMX-Kontodatei in das klassische Outlook. Aendert sonst nichts.
setlocal EnableExtensions DisableDelayedExpansion
set "PRF=%~dp0gmx-pop.prf"
if not exist "%PRF%" goto :noprf
for /f "tokens=1" %%P in ('tasklist /NH /FI "IMAGENAME eq OUTLOOK.EXE" 2^>nul') do if /I "%%P"=="OUTLOOK.EXE" goto :running
start "" outlook.exe /importprf "%PRF%"
if errorlevel 1 goto :nooutlook
exit /b 0
:noprf
echo Die Datei gmx-pop.prf fehlt. Entpacken Sie zuerst das ganze ZIP.
echo The file gmx-pop.prf is missing. Unpack the whole ZIP first.
pause
exit /b 2
:running
echo Schliessen Sie Outlook und starten Sie dann noch einmal.
echo Close Outlook, then start this once more.
pause
exit /b 3
:nooutlook
echo Das klassische Outlook wurde nicht gefunden.
echo Classic Outlook was not found.
pause
exit /b 4
"""

_READ_ME = """\
GMX in Outlook (klassisches Outlook fuer Windows)

1. Schliessen Sie Outlook. Steht oben rechts "Neues Outlook" auf Ein, schalten Sie es vorher aus.
2. Entpacken Sie das ganze ZIP in einen Ordner.
3. Doppelklicken Sie auf GMX-in-Outlook.cmd.
4. Outlook startet und fragt nach dem Kennwort. Geben Sie Ihr GMX-Passwort ein. Melden Sie sich bei GMX mit einem
   Code an? Dann geben Sie das App-Passwort ein. Setzen Sie das Haekchen bei "Kennwort speichern".
5. Schliessen Sie Outlook einmal und oeffnen Sie es wieder.
Danach koennen Sie die Dateien loeschen. Sie enthalten kein Passwort.

GMX in Outlook (classic Outlook for Windows)

1. Close Outlook. If "New Outlook" at the top right is on, turn it off first.
2. Unpack the whole ZIP into a folder.
3. Double-click GMX-in-Outlook.cmd.
4. Outlook starts and asks for the password. Type your GMX password. Do you log in at GMX with a code? Then type
   the app password. Tick "Remember password".
5. Close Outlook once and open it again.
Then you can delete the files. They hold no password.
"""


class Outlook(Client):
    id = "outlook"
    name = N_("Outlook for Windows (classic)")
    hint = N_("At the top left there is a menu “File”")
    systems = ("windows",)
    formats = ("prf", "zip")
    keeps = Keeping(
        SetBy.FILE,
        SetBy.FILE,
        SetBy.FILE,
        way=N_("File › Account Settings › Account Settings › your account › Change › More Settings › Advanced"),
    )

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {"prf": _prf, "zip": _zip}


def transliterated(name: str) -> str:
    """Return `name` in the printable ASCII that a PRF value may hold, "" where nothing of it can be written.

    Umlauts become two letters, accents go; `%`, quotes and `;` mean something in the file and are replaced.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_TRANSLITERATION))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    if not all(c.isascii() and c.isprintable() for c in kept):
        return ""
    return " ".join(kept.translate(_TRANSLITERATION).split())[:64].strip()


def _value(text: str) -> str:
    """Return `text` if it can stand behind = without adding a line or being read as something else."""
    if not text.isascii() or not text.isprintable() or any(c in '%";' for c in text) or text != text.strip():
        raise InputError(
            Message(N_("Outlook's file cannot hold “%(text)s”. Set the account up by hand."), {"text": text})
        )
    return text


def leave_on_server(account: MailAccount) -> int:
    """Return the value of LeaveOnServer: bit 0 leave, bit 1 remove after the days that stand from bit 16 on."""
    retention = account.retention
    if not retention.leave_messages_on_server:
        return 0
    days = retention.days_to_leave_messages_on_server
    return LEAVE if days is None else LEAVE | REMOVE_AFTER_DAYS | days << DAYS_SHIFT


def _sections(account: MailAccount, options: ExportOptions) -> list[tuple[str, list[tuple[str, str]]]]:
    if options.profile not in ("existing", "new"):
        raise InputError(
            Message(N_("The Outlook profile is “existing” or “new”, not “%(profile)s”."), {"profile": options.profile})
        )
    own = options.profile == "new"
    address = _value(account.email_address)
    implicit = account.outgoing.socket_type is SocketType.SSL
    sections: list[tuple[str, list[tuple[str, str]]]] = [
        ("General", [
            ("Custom", "1"),
            ("ProfileName", f"GMX {address}" if own else "Outlook"),
            ("DefaultProfile", "Yes"),
            ("OverwriteProfile", "Append"),
            ("ModifyDefaultProfileIfPresent", "FALSE" if own else "TRUE"),
            ("BackupProfile", "No"),
        ]),
        ("Service List", [("Service1", "Outlook Address Book")] if own else []),
        ("Internet Account List", [("Account1", "I_Mail")]),
    ]  # fmt: skip
    if own:
        sections.append(("Service1", [("UniqueService", "Yes")]))
    sections.append(
        ("Account1", [
            ("UniqueService", "No"),
            ("AccountName", address),
            ("DisplayName", _value(transliterated(account.display_name)) or address),
            ("EmailAddress", address),
            ("POP3Server", account.incoming.hostname),
            ("POP3UserName", address),
            ("POP3Port", str(account.incoming.port)),
            ("POP3UseSSL", "1"),
            ("POP3UseSPA", "0"),
            ("SMTPServer", account.outgoing.hostname),
            ("SMTPPort", str(account.outgoing.port)),
            ("SMTPUseSSL", "1" if implicit else "0"),
            ("SMTPSecureConnection", "1" if implicit else "2"),
            ("SMTPUseAuth", "1"),
            ("SMTPAuthMethod", "0"),
            ("SMTPUseSPA", "0"),
            ("ConnectionType", "0"),
            ("ServerTimeOut", "60"),
            ("LeaveOnServer", f"0x{leave_on_server(account):X}"),
            ("DefaultAccount", "TRUE" if own else "FALSE"),
        ])
    )  # fmt: skip
    return sections


def _prf_bytes(account: MailAccount, options: ExportOptions) -> bytes:
    head = (
        "; Outlook-Profildatei (PRF) fuer ein GMX-POP3-Konto. Enthaelt KEIN Passwort.\n"
        "; Import (Outlook vorher schliessen):  outlook.exe /importprf <diese Datei>\n"
    )
    blocks = [head]
    for name, values in _sections(account, options):
        blocks.append("".join([f"[{name}]\n", *(f"{key}={value}\n" for key, value in values)]))
    blocks.append(_SERVICES)
    blocks.append("".join(["[I_Mail]\nAccountType=POP3\n", *(f"{key}={tag}\n" for key, tag in _MAP.items())]))
    return _crlf("\n".join(blocks))


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("ascii")


def _notes(account: MailAccount) -> tuple[Message, ...]:
    notes = []
    if account.display_name and not transliterated(account.display_name):
        notes.append(
            Message(N_("Outlook's file cannot hold this name. Outlook shows your address as the sender instead."))
        )
    elif account.display_name and transliterated(account.display_name) != account.display_name:
        notes.append(
            Message(
                N_("Outlook's file holds no umlauts: the name is written “%(name)s”. You can change it in Outlook."),
                {"name": transliterated(account.display_name)},
            )
        )
    return tuple(notes)


def _prf(account: MailAccount, options: ExportOptions) -> Export:
    suffix = f"-{options.file_token}" if options.file_token else ""
    return Export(f"gmx-pop{suffix}.prf", "application/octet-stream", _prf_bytes(account, options), _notes(account))


def _zip(account: MailAccount, options: ExportOptions) -> Export:
    files = {
        "gmx-pop.prf": _prf_bytes(account, options),
        "GMX-in-Outlook.cmd": _crlf(_COMMAND_FILE),
        "LIESMICH.txt": _crlf(_READ_ME),
    }
    return Export("gmx-pop-outlook.zip", "application/zip", zipped(files), _notes(account))
