"""Classic Outlook for Windows: a profile file (.prf), and a ZIP that starts its import.

Sections and labels: Microsoft, "Customize an Outlook profile by using an Outlook Profile (PRF) file" (cc179062);
property ids: office-developer-client-docs, prop_*.md. Bytes: ASCII, CRLF, no byte-order mark.
"""

import re
import unicodedata

from webapp.core.account import MailAccount, SocketType
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.clients.files import zipped
from webapp.core.text import N_, InputError, Message, in_every_language

LEAVE, REMOVE_AFTER_DAYS = 0x1, 0x2  # bits of LeaveOnServer, below the days
DAYS_SHIFT = 16

_LETTERS = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae",
    "ø": "oe", "Ø": "Oe", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "–": "-", "—": "-", "’": "'",
    "‘": "'",
}  # fmt: skip
_TRANSLITERATION = str.maketrans({**_LETTERS, "“": "'", "”": "'", "„": "'", '"': "'", "%": None, ";": ","})
_PLAIN_TEXT = str.maketrans({**_LETTERS, "“": '"', "”": '"', "„": '"'})

# label → type and property id; Outlook drops unmapped values silently
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
rem Startet den Import der {name}-Kontodatei in das klassische Outlook. Aendert sonst nichts.
setlocal EnableExtensions DisableDelayedExpansion
set "PRF=%~dp0{file}"
if not exist "%PRF%" goto :noprf
for /f "tokens=1" %%P in ('tasklist /NH /FI "IMAGENAME eq OUTLOOK.EXE" /FI "USERNAME eq %USERNAME%" 2^>nul') do if /I "%%P"=="OUTLOOK.EXE" goto :running
reg query "HKCU\\Software\\Microsoft\\Office\\16.0\\Outlook\\Preferences" /v UseNewOutlook 2>nul | find "0x1" >nul && goto :new
start "" outlook.exe /importprf "%PRF%"
if errorlevel 1 goto :nooutlook
exit /b 0
:noprf
{missing}
pause
exit /b 2
:running
{running}
pause
exit /b 3
:nooutlook
{none}
pause
exit /b 4
:new
{new}
pause
exit /b 5
"""
_SAID = {
    "missing": N_("The file %(file)s is missing. Unpack the whole ZIP first."),
    "running": N_("Close Outlook, then start this once more."),
    "none": N_("Classic Outlook was not found."),
    "new": N_("The new Outlook is on and takes no such file. Turn it off at its top right, then start this once more."),
}
_READ_ME = N_(
    """%(provider)s in Outlook (classic Outlook for Windows)

1. Close Outlook. If “New Outlook” at the top right is on, turn it off first.
2. Unpack the whole ZIP into a folder.
3. Double-click %(file)s. Windows may warn of an unknown publisher, or forbid it. Then set Outlook up by hand.
4. Outlook starts and asks for the password. Type your %(provider)s password.%(code)s Tick “Remember password”.
5. Close Outlook once and open it again.
Then you can delete the files. They hold no password.
"""
)
_CODE = N_(
    """ Do you type in six digits
   from an app at every login? Then type the app password."""
)


def transliterated(name: str) -> str:
    """Return `name` in printable ASCII, as a PRF value requires; "" if nothing of it can be written.

    Umlauts become two letters, accents and what is no letter (emoji) are dropped; `%`, quotes and `;` are special in
    the file and replaced.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_TRANSLITERATION))
    kept = "".join(c for c in plain if c.isascii() or unicodedata.category(c)[0] == "L")
    if not kept.isascii():
        return ""
    return " ".join(kept.translate(_TRANSLITERATION).split())[:64].strip()


def _value(text: str) -> str:
    """Return `text` if it is safe after `=`: no line break, nothing special; raises InputError."""
    if not text.isascii() or not text.isprintable() or any(c in '%";' for c in text) or text != text.strip():
        raise InputError(N_("Outlook's file cannot hold “%(text)s”. Set the account up by hand."), text=text)
    return text


def leave_on_server(account: MailAccount) -> int:
    """Return LeaveOnServer: bit 0 leave, bit 1 remove after some days, days from bit 16 on."""
    retention = account.retention
    if not retention.leave_messages_on_server:
        return 0
    days = retention.days_to_leave_messages_on_server
    return LEAVE if days is None else LEAVE | REMOVE_AFTER_DAYS | days << DAYS_SHIFT


def _profile_name(account: MailAccount) -> str:
    """Return a name that Outlook takes: letters, digits, `_` and inner blanks, 64 at most (iprofadmin-createprofile)."""
    return re.sub("[^A-Za-z0-9 ]", "_", f"{account.file_word} {account.email_address}")[:64]


def _sections(account: MailAccount, options: ExportOptions) -> list[tuple[str, list[tuple[str, str]]]]:
    if options.profile not in ("existing", "new"):
        raise InputError(N_("The Outlook profile is “existing” or “new”, not “%(profile)s”."), profile=options.profile)
    own = options.profile == "new"
    address = _value(account.email_address)
    implicit = account.outgoing.socket_type is SocketType.SSL
    sections: list[tuple[str, list[tuple[str, str]]]] = [
        ("General", [
            ("Custom", "1"),
            ("ProfileName", _profile_name(account) if own else "Outlook"),
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
            ("POP3UserName", _value(account.username)),
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
        f"; Outlook-Profildatei (PRF) fuer ein {account.file_word}-POP3-Konto. Enthaelt KEIN Passwort.\n"
        "; Import (Outlook vorher schliessen):  outlook.exe /importprf <diese Datei>\n"
    )
    blocks = [head]
    for name, values in _sections(account, options):
        blocks.append("".join([f"[{name}]\n", *(f"{key}={value}\n" for key, value in values)]))
    blocks.append(_SERVICES)
    blocks.append("".join(["[I_Mail]\nAccountType=POP3\n", *(f"{key}={tag}\n" for key, tag in _MAP.items())]))
    return _crlf("\n".join(blocks))


def _command_file(account: MailAccount) -> str:
    file = f"{account.file_stem}.prf"
    said = {name: "\n".join(map(_echo, in_every_language(text, file=file))) for name, text in _SAID.items()}
    return _COMMAND_FILE.format(name=account.file_word, file=file, **said)


def _read_me(account: MailAccount) -> str:
    name = account.provider_name
    code = Message(_CODE) if account.has_app_password else ""
    said = in_every_language(_READ_ME, provider=name, file=_command_name(account), code=code)
    return "\n".join(map(_plain, said))


def _command_name(account: MailAccount) -> str:
    return f"{account.file_word}-in-Outlook.cmd"


def _echo(text: str) -> str:
    return "echo " + re.sub("[&|<>^]", r"^\g<0>", _plain(text)).replace("%", "%%")


def _plain(text: str) -> str:
    """Return a text of ours in ASCII, independent of Windows' code page."""
    return unicodedata.normalize("NFKD", text.translate(_PLAIN_TEXT)).encode("ascii", "ignore").decode("ascii")


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
                N_("Outlook's file cannot hold every character: it says “%(name)s”. You can change it in Outlook."),
                {"name": transliterated(account.display_name)},
            )
        )
    return tuple(notes)


def _prf(account: MailAccount, options: ExportOptions) -> Export:
    suffix = f"-{options.file_token}" if options.file_token else ""
    return Export(
        f"{account.file_stem}{suffix}.prf", "application/octet-stream", _prf_bytes(account, options), _notes(account)
    )


def _zip(account: MailAccount, options: ExportOptions) -> Export:
    files = {
        f"{account.file_stem}.prf": _prf_bytes(account, options),
        _command_name(account): _crlf(_command_file(account)),
        "LIESMICH.txt": _crlf(_read_me(account)),
    }
    return Export(f"{account.file_stem}-outlook.zip", "application/zip", zipped(files), _notes(account))


OUTLOOK = Client(
    id="outlook",
    name=N_("Outlook for Windows (classic)"),
    hint=N_("At the top left there is a menu “File”"),
    systems=("windows",),
    keeps=Keeping(
        SetBy.FILE,
        SetBy.FILE,
        SetBy.FILE,
        way=N_("File › Account Settings › Account Settings › your account › Change › More Settings › Advanced"),
    ),
    writers={"prf": _prf, "zip": _zip},
)
