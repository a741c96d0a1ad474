"""Any other program: the values as plain text, for a person to copy."""

from __future__ import annotations

from collections.abc import Callable

from webapp.account import MailAccount, Retention, Server, SocketType
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.text import N_, Message, Translations, translations_for


class Other(Client):
    id = "other"
    name = N_("Another program")
    hint = N_("We give you the values to type in")
    systems = ("windows", "macos", "linux", "ios", "android")
    formats = ("txt",)
    keeps = Keeping(SetBy.PERSON, SetBy.PERHAPS, SetBy.PERSON)

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {"txt": _txt}


def retention_message(retention: Retention) -> Message:
    """Return what happens to mail on the server, as a sentence."""
    if not retention.leave_messages_on_server:
        return Message(N_("Delete messages from the server after fetching them"))
    days = retention.days_to_leave_messages_on_server
    if days is None:
        return Message(N_("Leave all messages on the server"))
    return Message(
        N_("Leave messages on the server for %(number)s day"),
        {"number": days},
        plural=N_("Leave messages on the server for %(number)s days"),
    )


def _txt(account: MailAccount, options: ExportOptions) -> Export:
    translations = translations_for(options.locale)
    _ = translations.gettext
    rows = [
        (N_("E-mail address"), account.email_address),
        *([(N_("Your name"), account.display_name)] if account.display_name else []),
        (N_("User name"), account.email_address),
        (N_("Password"), _(N_("left out here on purpose"))),
        *_server_rows(N_("Server for receiving (POP3)"), account.incoming),
        *_server_rows(N_("Server for sending (SMTP)"), account.outgoing),
        (N_("Authentication for sending"), _(N_("yes, with the same user name and password"))),
        (N_("On the server"), retention_message(account.retention).translated(translations)),
    ]
    return Export("gmx-pop.txt", "text/plain; charset=utf-8", _table(rows, translations).encode())


def _server_rows(label: str, server: Server) -> list[tuple[str, str]]:
    security = "SSL/TLS" if server.socket_type is SocketType.SSL else "STARTTLS"
    return [("", ""), (label, server.hostname), (N_("Port"), str(server.port)), (N_("Security"), security)]


def _table(rows: list[tuple[str, str]], translations: Translations) -> str:
    """Return `rows` in two columns; a row without a label is an empty line."""
    labels = [f"{translations.gettext(label)}:" if label else "" for label, _ in rows]
    width = max(map(len, labels)) + 2
    lines = [f"{label:{width}}{value}".rstrip() for label, (_, value) in zip(labels, rows, strict=True)]
    title = translations.gettext(N_("GMX by POP3: the settings for your e-mail program"))
    return "\n".join([title, "=" * len(title), "", *lines, ""])
