"""msmtp: a configuration file that sends by GMX's submission server.

Syntax: msmtp(1). `from` expands %U, %H, %C and %M and takes ?, * and [ for a pattern, therefore such an address is
refused.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable

from webapp.account import MailAccount, SocketType
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.clients.rcfile import (
    MEDIA_TYPE,
    Comments,
    how_to_use_the_keyring,
    keyring_attributes,
    value,
    where_it_belongs,
)
from webapp.text import N_, Message, translations_for

_PROGRAM = "msmtp"
_EXPANDED = "%?*["


class Msmtp(Client):
    id = "msmtp"
    name = "msmtp"
    systems = ("linux",)
    formats = ("msmtprc",)
    receives = False
    keeps = Keeping(SetBy.PROGRAM)

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {"msmtprc": _msmtprc}


def _msmtprc(account: MailAccount, options: ExportOptions) -> Export:
    server, address = account.outgoing, value(_PROGRAM, account.email_address, never=_EXPANDED)
    head = Comments(translations_for(options.locale))
    head.say(N_("Sending by GMX with msmtp. This file holds no password.")).blank()
    where_it_belongs(head, _PROGRAM, "msmtprc", "~/.msmtprc")
    head.say(N_("2. Send a mail to yourself. msmtp asks for the password:"))
    head.show(rf"printf 'Subject: Test\n\nTest\n' | msmtp {shlex.quote(address)}").blank()
    how_to_use_the_keyring(head, server, address)
    content = f"""\
{head}
account gmx
host {value(_PROGRAM, server.hostname)}
port {server.port}
tls on
tls_starttls {"off" if server.socket_type is SocketType.SSL else "on"}
tls_trust_file system
auth plain
user {address}
# passwordeval secret-tool lookup {keyring_attributes(server, address)}
from {address}

account default : gmx
"""
    return Export("msmtprc", MEDIA_TYPE, content.encode(), _notes(account))


def _notes(account: MailAccount) -> tuple[Message, ...]:
    if not account.display_name:
        return ()
    return (Message(N_("This file cannot hold your name. Your e-mail program writes it into each mail.")),)
