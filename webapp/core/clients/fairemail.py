"""FairEmail: the settings file of K-9 Mail, which it imports.

M66B/FairEmail e23dd9df80, FragmentOptionsBackup.handleK9Import: servers, user and identity are taken, settings are not.
An account leaves everything on the server unless its switch is set otherwise (EntityAccount.leave_on_server).
"""

from dataclasses import replace

from webapp.core.account import MailAccount
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.clients.thunderbird_android import settings_file
from webapp.core.text import N_, Message


def _k9s(account: MailAccount, options: ExportOptions) -> Export:
    note = Message(
        N_("FairEmail leaves all mail on the server. A switch of the account changes that, not this file."),
        {"provider": account.provider_name},
    )
    return replace(settings_file(account, options), notes=(note,))


FAIREMAIL = Client(
    id="fairemail",
    name="FairEmail",
    systems=("android",),
    notes_in_guide=True,
    keeps=Keeping(
        SetBy.PROGRAM,
        delete=SetBy.PERSON,
        way=N_("☰ › Settings › Manual setup and account options › Accounts › your account › Leave messages on server"),
    ),
    writers={"k9s": _k9s},
)
