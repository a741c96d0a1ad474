"""fetchmail: a run control file that fetches into a Maildir.

Syntax: fetchmail(1), "Run Control Syntax" and the lexer rcfile_l.l of version 6.4: a string in double quotes ends at
the next double quote, and a backslash in it begins an escape. fetchmail 6 asks for the password or reads ~/.netrc; it
runs no command for it.
"""

from webapp.core.account import KEEP_FOREVER, MailAccount, SocketType
from webapp.core.clients import rcfile
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, translations_for

_PROGRAM = "fetchmail"

# Maildir delivery without an MTA: write to tmp, sync, rename. After a failure the mail stays on the server, because
# fetchmail deletes only what was delivered.
_DELIVERY = "file=$(mktemp tmp/$(date +%s).XXXXXXXXXX) && cat >$file && sync $file && mv $file new/"


def _fetchmailrc(account: MailAccount, options: ExportOptions) -> Export:
    translations = translations_for(options.locale)
    server, user = account.incoming, rcfile.value(_PROGRAM, account.username)
    head = rcfile.titled(account, translations, N_("%(provider)s by POP3 with fetchmail. This file holds no password."))
    rcfile.where_it_belongs(head, _PROGRAM, "fetchmailrc", "~/.fetchmailrc")
    rcfile.how_to_fetch(head, account, _PROGRAM, "fetchmail").blank()
    head.say(
        N_(
            "So that it no longer asks: fetchmail reads the password from a second file, ~/.netrc, "
            "which only you may read. It has this line:"
        )
    )
    head.show(f"machine {server.hostname} login {user} password …", "chmod 600 ~/.netrc")
    retention = account.retention
    notes = rcfile.retention_notes(_PROGRAM, account)
    ways = rcfile.Comments(translations)
    ways.say(N_("Delivers into the folder itself. With a mail server on this computer, take the line away:"))
    lines = [
        "set no bouncemail",
        "",
        f'poll "{rcfile.value(_PROGRAM, server.hostname)}"',
        "    protocol POP3",
        f"    port {server.port}",
        "    auth password",
        "    uidl",
        "    timeout 60",
        f'  user "{user}"',
        *(["    ssl"] if server.socket_type is SocketType.SSL else []),
        '    sslproto "TLS1.2+"',
        "    sslcertck",
        "    no rewrite",
        rcfile.said_retention(account, translations, KEEP_FOREVER if notes else retention).rstrip("\n"),
        "    keep" if retention.leave_messages_on_server else "    no keep",
        str(ways).rstrip("\n"),
        f'    mda "cd {rcfile.maildir(account)} && {_DELIVERY}"',
    ]
    content = f"{head}\n" + "\n".join(lines) + "\n"
    return Export("fetchmailrc", rcfile.MEDIA_TYPE, content.encode(), notes)


FETCHMAIL = Client(
    id="fetchmail",
    name="fetchmail",
    systems=("linux",),
    sends=False,
    keeps=Keeping(SetBy.FILE, delete=SetBy.FILE),
    writers={"fetchmailrc": _fetchmailrc},
)
