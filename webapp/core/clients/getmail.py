"""getmail6: a configuration file that fetches into a Maildir.

Syntax: getmail6, docs/configuration.txt; read by Python's RawConfigParser, and password_command as a Python tuple.
Without `ca_certs` getmail verifies no certificate, so the file names the system's bundle; where that is missing,
getmail refuses to start.
"""

import shlex

from webapp.core.account import MailAccount, SocketType
from webapp.core.clients import rcfile
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, InputError, translations_for

_PROGRAM = "getmail"


def _getmailrc(account: MailAccount, options: ExportOptions) -> Export:
    translations = translations_for(options.locale)
    server, user = account.incoming, rcfile.value(_PROGRAM, account.username)
    if server.socket_type is not SocketType.SSL:
        raise InputError(N_("getmail knows no STARTTLS. Choose another program for this server."))
    head = rcfile.titled(account, translations, N_("%(provider)s by POP3 with getmail. This file holds no password."))
    rcfile.where_it_belongs(head, _PROGRAM, "getmailrc", "~/.config/getmail/getmailrc")
    rcfile.how_to_fetch(head, account, _PROGRAM, "getmail").blank()
    rcfile.how_to_use_the_keyring(head, account, server)
    certificates = rcfile.Comments(translations)
    certificates.say(N_("The certificates that your system trusts. On Fedora: /etc/pki/tls/certs/ca-bundle.crt"))
    retention = account.retention
    command = ("secret-tool", "lookup", *shlex.split(rcfile.keyring_attributes(account, server)))
    content = f"""\
{head}
[retriever]
type = SimplePOP3SSLRetriever
server = {rcfile.value(_PROGRAM, server.hostname)}
port = {server.port}
username = {user}
# password_command = {command!r}
{certificates}ca_certs = /etc/ssl/certs/ca-certificates.crt

[destination]
type = Maildir
path = {rcfile.maildir(account)}/

[options]
read_all = false
delivered_to = false
received = false
{rcfile.said_retention(account, translations, retention)}delete = {str(not retention.leave_messages_on_server).lower()}
delete_after = {retention.days_to_leave_messages_on_server or 0}
"""
    return Export("getmailrc", rcfile.MEDIA_TYPE, content.encode())


GETMAIL = Client(
    id="getmail",
    name="getmail6",
    systems=("linux",),
    sends=False,
    keeps=Keeping(SetBy.FILE, SetBy.FILE, SetBy.FILE),
    writers={"getmailrc": _getmailrc},
)
