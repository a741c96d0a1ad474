"""Thunderbird for Windows, macOS and Linux: profile ZIP, user.js, autoconfig XML.

The preferences are what Thunderbird 140 and 153 wrote and read in experiments. The importer takes a ZIP with one folder
that holds one prefs.js (comm-central mailnews/import/modules/ThunderbirdProfileImporter.sys.mjs). It never changes an
existing account: an imported duplicate (same server and user) is dropped at the next start.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote

from webapp.core.account import KEEP_FOREVER, MailAccount, SocketType
from webapp.core.clients import autoconfig
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.clients.files import zipped
from webapp.core.text import N_, Message

CHECK_MINUTES = 15
DAYS_SHOWN = 14  # grey while nothing goes by age; with 0 nothing would go where somebody ticks it

_SOCKET_TYPE = {SocketType.STARTTLS: 2, SocketType.SSL: 3}
_PASSWORD = 3  # authMethod: normal password, inside TLS

Preference = str | int | bool


def preferences(account: MailAccount) -> dict[str, Preference]:
    """Return the preferences of one POP account, by name.

    All POP options are explicit, because Thunderbird's defaults delete mail from the server.
    """
    retention = account.retention
    server = "mail.server.server1"
    smtp = "mail.smtpserver.smtp1"
    days = retention.days_to_leave_messages_on_server
    return {
        "mail.account.account1.identities": "id1",
        "mail.account.account1.server": "server1",
        "mail.accountmanager.accounts": "account1",
        "mail.accountmanager.defaultaccount": "account1",
        **_identity(account),
        f"{server}.type": "pop3",
        f"{server}.hostname": account.incoming.hostname,
        f"{server}.port": account.incoming.port,
        f"{server}.socketType": _SOCKET_TYPE[account.incoming.socket_type],
        f"{server}.authMethod": _PASSWORD,
        f"{server}.userName": account.username,
        f"{server}.name": account.email_address,
        f"{server}.login_at_startup": True,
        f"{server}.check_new_mail": True,
        f"{server}.check_time": max(CHECK_MINUTES, account.minutes_between_fetches or 0),
        f"{server}.download_on_biff": True,
        f"{server}.leave_on_server": retention.leave_messages_on_server,
        f"{server}.delete_by_age_from_server": days is not None,
        f"{server}.num_days_to_leave_on_server": days or DAYS_SHOWN,
        f"{server}.delete_mail_left_on_server": False,
        f"{smtp}.type": "smtp",
        f"{smtp}.hostname": account.outgoing.hostname,
        f"{smtp}.port": account.outgoing.port,
        f"{smtp}.try_ssl": _SOCKET_TYPE[account.outgoing.socket_type],
        f"{smtp}.authMethod": _PASSWORD,
        f"{smtp}.username": account.username,
        f"{smtp}.description": account.email_address,
        "mail.smtpservers": "smtp1",
        "mail.smtp.defaultserver": "smtp1",
    }


def _identity(account: MailAccount) -> Mapping[str, Preference]:
    identity = "mail.identity.id1"
    folders = f"mailbox://{quote(account.username, safe='')}@{account.incoming.hostname}"
    values: dict[str, Preference] = {f"{identity}.fullName": account.display_name} if account.display_name else {}
    return values | {
        f"{identity}.useremail": account.email_address,
        f"{identity}.valid": True,
        f"{identity}.smtpServer": "smtp1",
        f"{identity}.reply_on_top": 1,
        f"{identity}.fcc_folder": f"{folders}/Sent",
        f"{identity}.fcc_folder_picker_mode": "0",
        f"{identity}.draft_folder": f"{folders}/Drafts",
        f"{identity}.drafts_folder_picker_mode": "0",
        f"{identity}.stationery_folder": f"{folders}/Templates",
        f"{identity}.tmpl_folder_picker_mode": "0",
    }


def _preferences_file(account: MailAccount) -> bytes:
    lines = (
        f"user_pref({json.dumps(name)}, {json.dumps(value, ensure_ascii=False)});"
        for name, value in preferences(account).items()
    )
    return ("\n".join(lines) + "\n").encode()


def _zip(account: MailAccount, options: ExportOptions) -> Export:
    folder = f"{account.file_word}-Thunderbird"
    files = {f"{folder}/": b"", f"{folder}/prefs.js": _preferences_file(account)}
    return Export(f"{account.file_stem}-thunderbird.zip", "application/zip", zipped(files))


def _user_js(account: MailAccount, options: ExportOptions) -> Export:
    note = Message(
        N_("Only for a new, empty Thunderbird profile: in a profile in use, user.js hides the other accounts.")
    )
    return Export("user.js", "text/javascript; charset=utf-8", _preferences_file(account), (note,))


def _autoconfig(account: MailAccount, options: ExportOptions) -> Export:
    notes: tuple[Message, ...] = ()
    if account.retention.leave_messages_on_server:  # the format lacks delete_mail_left_on_server
        notes = (
            Message(
                N_(
                    "After this set-up, when you delete a mail in Thunderbird, Thunderbird also deletes it at "
                    "%(provider)s."
                ),
                {"provider": account.provider_name},
            ),
        )
    if account.retention == KEEP_FOREVER:
        notes += (
            Message(
                N_("This format has no “for ever”. The file says %(days)s days. That is the most Thunderbird accepts."),
                {"days": autoconfig.DAYS_FOREVER},
            ),
        )
    return Export("config-v1.1.xml", autoconfig.MEDIA_TYPE, autoconfig.document(account), notes)


THUNDERBIRD = Client(
    id="thunderbird",
    name="Thunderbird",
    systems=("windows", "macos", "linux"),
    also=("Betterbird",),
    keeps=Keeping(
        SetBy.FILE,
        SetBy.FILE,
        SetBy.FILE,
        way=N_("≡ › Account Settings › Server Settings › Leave messages on server"),
        warning=N_(
            "Use our file. If you set Thunderbird up by hand, it deletes mail at %(provider)s after 14 days "
            "unless you remove the tick."
        ),
    ),
    writers={"zip": _zip, "autoconfig": _autoconfig, "userjs": _user_js},
)
