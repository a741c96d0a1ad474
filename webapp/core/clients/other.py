"""Any other program: the values as plain text."""

from webapp.core.account import MailAccount, Retention, Server
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.text import N_, Message, Translations, translations_for


def retention_message(account: MailAccount, retention: Retention) -> Message:
    """Return the retention as a sentence; other languages than English may name the provider in it."""
    named = {"provider": account.provider_name}
    if not retention.leave_messages_on_server:
        return Message(N_("Delete messages from the server after fetching them"), named)
    days = retention.days_to_leave_messages_on_server
    if days is None:
        return Message(N_("Leave all messages on the server"), named)
    return Message(
        N_("Leave messages on the server for %(number)s day"),
        {"number": days, **named},
        plural=N_("Leave messages on the server for %(number)s days"),
    )


def _txt(account: MailAccount, options: ExportOptions) -> Export:
    translations = translations_for(options.locale)
    _ = translations.gettext
    rows = [
        (N_("E-mail address"), account.email_address),
        *([(N_("Your name"), account.display_name)] if account.display_name else []),
        (N_("User name"), account.username),
        (N_("Password"), _(N_("left out here on purpose"))),
        *_server_rows(N_("Server for receiving (POP3)"), account.incoming),
        *_server_rows(N_("Server for sending (SMTP)"), account.outgoing),
        (N_("Authentication for sending"), _(N_("yes, with the same user name and password"))),
        (N_("On the server"), retention_message(account, account.retention).translated(translations)),
    ]
    return Export(
        f"{account.file_stem}.txt",
        "text/plain; charset=utf-8",
        _table(account.provider_name, rows, translations).encode(),
    )


def _server_rows(label: str, server: Server) -> list[tuple[str, str]]:
    return [
        ("", ""),
        (label, server.hostname),
        (N_("Port"), str(server.port)),
        (N_("Security"), server.socket_type.label),
    ]


def _table(name: str, rows: list[tuple[str, str]], translations: Translations) -> str:
    """Return `rows` in two columns; an empty label makes an empty line."""
    named = {"provider": name}
    labels = [f"{Message(label, named).translated(translations)}:" if label else "" for label, _ in rows]
    width = max(map(len, labels)) + 2
    lines = [f"{label:{width}}{value}".rstrip() for label, (_, value) in zip(labels, rows, strict=True)]
    title = Message(N_("%(provider)s by POP3: the settings for your e-mail program"), {"provider": name}).translated(
        translations
    )
    return "\n".join([title, "=" * len(title), "", *lines, ""])


OTHER = Client(
    id="other",
    name=N_("Another program"),
    hint=N_("We give you the values to type in"),
    systems=("windows", "macos", "linux", "ios", "android"),
    also=("Mailbird", "MailStore Home", "Postbox", "The Bat!", "Vivaldi Mail"),
    keeps=Keeping(SetBy.PERSON, SetBy.PERHAPS, SetBy.PERSON),
    writers={"txt": _txt},
)
