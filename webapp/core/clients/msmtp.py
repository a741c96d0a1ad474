"""msmtp: a configuration file for sending.

Syntax: msmtp(1). `from` expands %U, %H, %C and %M and treats ?, * and [ as a pattern, so such addresses are refused.
"""

import shlex

from webapp.core.account import MailAccount, SocketType
from webapp.core.clients import rcfile
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, Message, translations_for

_PROGRAM = "msmtp"
_EXPANDED = "%?*["


def _msmtprc(account: MailAccount, options: ExportOptions) -> Export:
    server, address = account.outgoing, rcfile.value(_PROGRAM, account.email_address, never=_EXPANDED)
    name = account.file_word.lower()
    user = rcfile.value(_PROGRAM, account.username, never=_EXPANDED)
    translations = translations_for(options.locale)
    head = rcfile.titled(account, translations, N_("Sending by %(provider)s with msmtp. This file holds no password."))
    rcfile.where_it_belongs(head, _PROGRAM, "msmtprc", "~/.msmtprc")
    head.say(N_("2. Send a mail to yourself. msmtp asks for the password:"))
    head.show(rf"printf 'Subject: Test\n\nTest\n' | msmtp {shlex.quote(address)}").blank()
    rcfile.how_to_use_the_keyring(head, account, server)
    content = f"""\
{head}
account {name}
host {rcfile.value(_PROGRAM, server.hostname)}
port {server.port}
tls on
tls_starttls {"off" if server.socket_type is SocketType.SSL else "on"}
tls_trust_file system
auth plain
user {user}
# passwordeval secret-tool lookup {rcfile.keyring_attributes(account, server)}
from {address}

account default : {name}
"""
    return Export("msmtprc", rcfile.MEDIA_TYPE, content.encode(), _notes(account))


def _notes(account: MailAccount) -> tuple[Message, ...]:
    if not account.display_name:
        return ()
    return (Message(N_("This file cannot hold your name. Your e-mail program writes it into each mail.")),)


MSMTP = Client(
    id="msmtp",
    name="msmtp",
    systems=("linux",),
    receives=False,
    keeps=Keeping(SetBy.PROGRAM),
    writers={"msmtprc": _msmtprc},
)
