"""Shared by the configuration files of command-line programs: comments, commands, safe values.

A value with special characters is refused, not escaped: every GMX address can be written as it is, and the file stays
readable.
"""

from __future__ import annotations

import hashlib
import shlex
import textwrap

from webapp.core.account import MailAccount, Retention, Server
from webapp.core.clients.other import retention_message
from webapp.core.text import N_, InputError, Message, Translations

MEDIA_TYPE = "text/plain; charset=utf-8"

_WIDTH = 78  # of a comment, "# " included
_NEVER = '"\\'  # quote and escape characters of all four programs


def value(program: str, text: str, never: str = "") -> str:
    """Return `text` if the program reads it literally; raises InputError where it contains one of `never`.

    Quotes, backslashes, blanks and non-printable or non-ASCII characters are always refused: injection.
    """
    if not text.isascii() or not text.isprintable() or any(c in _NEVER or c in never or c == " " for c in text):
        never_reads = N_("%(program)s cannot read “%(text)s” from a file. Set the account up by hand.")
        raise InputError(never_reads, program=program, text=text)
    return text


class Comments:
    """Comment lines in the person's language: wrapped sentences, and commands to copy."""

    def __init__(self, translations: Translations) -> None:
        self._translations = translations
        self._lines: list[str] = []

    def say(self, message: Message | str, *, indent: str = "# ") -> Comments:
        text = (message if isinstance(message, Message) else Message(message)).translated(self._translations)
        self._lines += textwrap.wrap(
            text, _WIDTH, initial_indent=indent, subsequent_indent="# ", break_long_words=False, break_on_hyphens=False
        )
        return self

    def show(self, *commands: str) -> Comments:
        self._lines += [f"#     {command}" for command in commands]
        return self

    def blank(self) -> Comments:
        self._lines.append("#")
        return self

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


def where_it_belongs(comments: Comments, program: str, file_name: str, target: str) -> Comments:
    """How to install the file as `target` with mode 0600."""
    comments.say(
        Message(
            N_(
                "1. Put this file where %(program)s looks for it, readable by you alone. "
                "A file that is there already is kept, with ~ at the end of its name:"
            ),
            {"program": program},
        )
    )
    return comments.show(f"install -D -b -m 600 ~/Downloads/{file_name} {target}")


def titled(account: MailAccount, translations: Translations, text: str) -> Comments:
    """Return comments that begin with an `N_` text and the provider's name in it."""
    return Comments(translations).say(Message(text, {"provider": account.provider_name})).blank()


def maildir(account: MailAccount) -> str:
    """Return the folder for the mail of this account's provider."""
    return f"~/Mail/{account.file_word}"


def how_to_fetch(comments: Comments, account: MailAccount, program: str, command: str) -> Comments:
    comments.say(N_("2. Make the folder for your mail:"))
    comments.show("mkdir -p " + " ".join(f"{maildir(account)}/{part}" for part in ("cur", "new", "tmp")))
    comments.say(Message(N_("3. Fetch your mail. %(program)s asks for the password:"), {"program": program}))
    return comments.show(command)


def how_to_use_the_keyring(comments: Comments, account: MailAccount, server: Server) -> Comments:
    comments.say(
        N_(
            "So that it no longer asks: put the password into the keyring of your desktop. "
            "Then take away the # before the line with secret-tool below."
        )
    )
    return comments.show(f"secret-tool store --label={account.file_word} {keyring_attributes(account, server)}")


def keyring_attributes(account: MailAccount, server: Server) -> str:
    """Return the keyring attributes that mpop and msmtp use, quoted for a shell."""
    return shlex.join(("host", server.hostname, "service", server.type.value, "user", account.username))


def retention_notes(program: str, account: MailAccount) -> tuple[Message, ...]:
    """Return the notes of a program that cannot delete mail after some days."""
    if account.retention.days_to_leave_messages_on_server is None:
        return ()
    text = N_("%(program)s cannot delete mail from the server after some days: it leaves everything there.")
    return (Message(text, {"program": program}),)


def said_retention(account: MailAccount, translations: Translations, retention: Retention) -> str:
    """Return the comment above the retention setting."""
    return str(Comments(translations).say(retention_message(account, retention)))


def account_tag(address: str) -> str:
    """Return a hash of the address, for file names."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]
