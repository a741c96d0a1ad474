"""The settings that a reader must find in an export: all that its format can hold."""

from __future__ import annotations

from tests.support.readers import Settings
from webapp.core.account import MailAccount
from webapp.core.clients.outlook import transliterated

NOT_HELD = {
    "autoconfig": {"address", "name", "user"},
    "qr-payload": {"keep"},
    "qr-svg": {"keep"},
    "qr-png": {"keep"},
    "mobileconfig": {"keep"},
    "fetchmailrc": {"address", "name", "outgoing"},
    "getmailrc": {"address", "name", "outgoing"},
    "mpoprc": {"address", "name", "outgoing"},
    "msmtprc": {"name", "incoming", "keep"},
}
KNOWS_NO_DAYS = {"k9s", "fetchmailrc", "mpoprc"}  # a number of days means forever there


def expected_settings(account: MailAccount, client: str, format_: str) -> Settings:
    """Return the settings in `account`'s file of this format."""
    servers = {
        side: (server.hostname, server.port, server.socket_type.value)
        for side, server in (("incoming", account.incoming), ("outgoing", account.outgoing))
    }
    name, keep = account.display_name, str(account.retention)
    if client == "outlook":
        name = transliterated(name) or account.email_address
    if format_ in KNOWS_NO_DAYS and keep.isdecimal():
        keep = "forever"
    if client == "fairemail" or (format_ == "txt" and not keep.isdecimal()):
        keep = ""
    values = {"address": account.email_address, "name": name, "keep": keep or None, "user": account.username, **servers}
    return Settings(**{key: value for key, value in values.items() if key not in NOT_HELD.get(format_, ())})  # type: ignore[arg-type]
