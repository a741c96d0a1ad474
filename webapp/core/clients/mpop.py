"""mpop: a configuration file that fetches into a Maildir.

Syntax: mpop(1). A value extends to the end of the line, so `#` and `%` need no escape. The UIDLs file is named by us:
%U would put the address into a path.
"""

from webapp.core.account import KEEP_FOREVER, MailAccount, SocketType
from webapp.core.clients import rcfile
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, translations_for

_PROGRAM = "mpop"


def _mpoprc(account: MailAccount, options: ExportOptions) -> Export:
    translations = translations_for(options.locale)
    server, user = account.incoming, rcfile.value(_PROGRAM, account.username)
    head = rcfile.titled(account, translations, N_("%(provider)s by POP3 with mpop. This file holds no password."))
    rcfile.where_it_belongs(head, _PROGRAM, "mpoprc", "~/.mpoprc")
    rcfile.how_to_fetch(head, account, _PROGRAM, "mpop").blank()
    rcfile.how_to_use_the_keyring(head, account, server)
    name, retention = account.file_word.lower(), account.retention
    notes = rcfile.retention_notes(_PROGRAM, account)
    content = f"""\
{head}
account {name}
host {rcfile.value(_PROGRAM, server.hostname)}
port {server.port}
tls on
tls_starttls {"off" if server.socket_type is SocketType.SSL else "on"}
tls_trust_file system
auth user
user {user}
# passwordeval secret-tool lookup {rcfile.keyring_attributes(account, server)}
delivery maildir {rcfile.maildir(account)}
uidls_file ~/.mpop_uidls/{account.file_stem}-{rcfile.account_tag(account.email_address)}
{rcfile.said_retention(account, translations, KEEP_FOREVER if notes else retention)}\
keep {"on" if retention.leave_messages_on_server else "off"}

account default : {name}
"""
    return Export("mpoprc", rcfile.MEDIA_TYPE, content.encode(), notes)


MPOP = Client(
    id="mpop",
    name="mpop",
    systems=("linux",),
    sends=False,
    keeps=Keeping(SetBy.FILE, delete=SetBy.FILE),
    writers={"mpoprc": _mpoprc},
)
