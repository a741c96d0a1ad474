"""mpop: a configuration file that fetches into a Maildir.

Syntax: mpop(1). A value is what stands behind its command up to the end of the line, so `#` and `%` need no escape; the
name of the UIDLs file is ours, because %U in it would put the address into a path.
"""

from __future__ import annotations

from collections.abc import Callable

from webapp.account import KEEP_FOREVER, MailAccount, SocketType
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.clients.rcfile import (
    MAILDIR,
    MEDIA_TYPE,
    Comments,
    account_tag,
    how_to_fetch,
    how_to_use_the_keyring,
    keyring_attributes,
    retention_notes,
    said_retention,
    value,
    where_it_belongs,
)
from webapp.text import N_, translations_for

_PROGRAM = "mpop"


class Mpop(Client):
    id = "mpop"
    name = "mpop"
    systems = ("linux",)
    formats = ("mpoprc",)
    sends = False
    keeps = Keeping(SetBy.FILE, delete=SetBy.FILE)

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {"mpoprc": _mpoprc}


def _mpoprc(account: MailAccount, options: ExportOptions) -> Export:
    translations = translations_for(options.locale)
    server, address = account.incoming, value(_PROGRAM, account.email_address)
    head = Comments(translations).say(N_("GMX by POP3 with mpop. This file holds no password.")).blank()
    where_it_belongs(head, _PROGRAM, "mpoprc", "~/.mpoprc")
    how_to_fetch(head, _PROGRAM, "mpop").blank()
    how_to_use_the_keyring(head, server, address)
    retention = account.retention
    notes = retention_notes(_PROGRAM, account)
    content = f"""\
{head}
account gmx
host {value(_PROGRAM, server.hostname)}
port {server.port}
tls on
tls_starttls {"off" if server.socket_type is SocketType.SSL else "on"}
tls_trust_file system
auth user
user {address}
# passwordeval secret-tool lookup {keyring_attributes(server, address)}
delivery maildir {MAILDIR}
uidls_file ~/.mpop_uidls/gmx-pop-{account_tag(address)}
{said_retention(translations, KEEP_FOREVER if notes else retention)}\
keep {"on" if retention.leave_messages_on_server else "off"}

account default : gmx
"""
    return Export("mpoprc", MEDIA_TYPE, content.encode(), notes)
