"""What the configuration files of command-line programs have in common: comments, commands, and values that are safe.

A value that would mean something else in the file is refused, not escaped: every mail address that GMX gives out can be
written as it is, and a file that a person can read is worth more than one that can hold everything.
"""

from __future__ import annotations

import hashlib
import shlex
import textwrap

from webapp.account import MailAccount, Retention, Server
from webapp.clients.other import retention_message
from webapp.text import N_, InputError, Message, Translations

MAILDIR = "~/Mail/GMX"
MEDIA_TYPE = "text/plain; charset=utf-8"

_WIDTH = 78  # of a comment with its "# "
_NEVER = '"\\'  # quote and escape characters of all four programs


def value(program: str, text: str, never: str = "") -> str:
    """Return `text` if the program reads it as it stands; raises InputError where it holds one of `never`.

    Quotes, backslashes, blanks and what is not printable ASCII are refused everywhere: a value must not end itself or
    begin a line of its own.
    """
    if not text.isascii() or not text.isprintable() or any(c in _NEVER or c in never or c == " " for c in text):
        values = {"program": program, "text": text}
        raise InputError(
            Message(N_("%(program)s cannot read “%(text)s” from a file. Set the account up by hand."), values)
        )
    return text


class Comments:
    """Comment lines in the person's language: sentences that are wrapped, and commands to copy, which are not."""

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
    """Say how the file gets to `target`, readable by its owner alone."""
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


def how_to_fetch(comments: Comments, program: str, command: str) -> Comments:
    """Say how to make the folder for the mail and how to fetch for the first time."""
    comments.say(N_("2. Make the folder for your mail:"))
    comments.show("mkdir -p " + " ".join(f"{MAILDIR}/{part}" for part in ("cur", "new", "tmp")))
    comments.say(Message(N_("3. Fetch your mail. %(program)s asks for the password:"), {"program": program}))
    return comments.show(command)


def how_to_use_the_keyring(comments: Comments, server: Server, address: str) -> Comments:
    """Say how the password gets into the keyring, from where the line with secret-tool takes it."""
    comments.say(
        N_(
            "So that it no longer asks: put the password into the keyring of your desktop. "
            "Then take away the # before the line with secret-tool below."
        )
    )
    return comments.show(f"secret-tool store --label=GMX {keyring_attributes(server, address)}")


def keyring_attributes(server: Server, address: str) -> str:
    """Return what names the password in the keyring, in the words that mpop and msmtp use, quoted for a shell."""
    return shlex.join(("host", server.hostname, "service", server.type.value, "user", address))


def retention_notes(program: str, account: MailAccount) -> tuple[Message, ...]:
    """Return the note for a program that cannot delete mail after some days."""
    if account.retention.days_to_leave_messages_on_server is None:
        return ()
    text = N_("%(program)s cannot delete mail from the server after some days: it leaves everything there.")
    return (Message(text, {"program": program}),)


def said_retention(translations: Translations, retention: Retention) -> str:
    """Return the comment above the lines that say what stays on the server."""
    return str(Comments(translations).say(retention_message(retention)))


def account_tag(address: str) -> str:
    """Return what stands for the address in the name of a file."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]
