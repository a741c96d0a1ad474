"""FairEmail on Android: by the settings file of K-9 Mail, and by hand.

M66B/FairEmail e23dd9df80: FragmentOptionsBackup and FragmentDialogImport (a password must be typed and is used for
backups only), layouts fragment_pop and fragment_identity (“Enabled”; for an identity below “Advanced”), FAQ.md. No
phone was at hand.
"""

from webapp.core.guides import shared
from webapp.core.guides.base import Context, Drawing, GuideStep, Otherwise, Source, Way
from webapp.core.text import N_, NC_, Message

SETTINGS, SAVE, ACCOUNTS, IDENTITIES = N_("Settings"), N_("Save"), N_("Accounts"), N_("Identities")
_MANUAL = ("☰", SETTINGS, N_("Manual setup and account options"))
_LEAVE, _ENABLED = NC_("fairemail", "Leave messages on server"), NC_("fairemail", "Enabled")
_IMPORT, _SELECT = NC_("fairemail", "Import settings"), NC_("fairemail", "Select file")


def _steps(context: Context) -> tuple[GuideStep, ...]:
    return (
        *(_by_file(context) if context.way is Way.FILE else _by_hand(context)),
        *shared.fetch_and_send(context, shared.PULL),
    )


def _by_file(context: Context) -> tuple[GuideStep, ...]:
    own = context.account.email_address if context.account else N_("your address")
    stays = context.retention.leave_messages_on_server
    return (
        shared.file(context, N_("Save the file on your phone.")),
        GuideStep(
            "import",
            Message(N_("Open FairEmail. In its settings, import the file.")),
            ("☰", SETTINGS, NC_("fairemail", "Backup"), _IMPORT),
            Drawing("fairemail-backup", _IMPORT),
        ),
        GuideStep(
            "choose",
            Message(
                N_("Type any word as password: it is not used here. Choose the file %(file)s."),
                {"file": context.file_name},
            ),
            (_SELECT,),
            Drawing("fairemail-import", _SELECT),
            note=Message(N_("Leave the tick at “Delete existing accounts first” empty.")),
        ),
        GuideStep(
            "account",
            context.message(N_("Your account is there, switched off. Open it. Type %(password)s. Set this tick.")),
            (*_MANUAL, ACCOUNTS, own, _ENABLED),
            Drawing("fairemail-enable", _ENABLED),
            values=(shared.password(context),),
        ),
        *(() if stays else (shared.keep(context, (_LEAVE,), picture=Drawing("fairemail-delete", _LEAVE)),)),
        _save(context, "fairemail-enable"),
        GuideStep(
            "identity",
            Message(N_("For sending there is an identity, switched off too. Type the password, set this tick, save.")),
            (*_MANUAL, IDENTITIES, own, NC_("fairemail", "Advanced"), _ENABLED),
            Drawing("fairemail-enable-identity", _ENABLED),
            values=(shared.password(context),),
            note=context.message(N_("FairEmail leaves your mail at %(provider)s.")) if stays else None,
        ),
    )


def _save(context: Context, drawing: str) -> GuideStep:
    refused = N_("Is the login refused although all is right? The maker says that an app password often helps.")
    return GuideStep(
        "save",
        Message(N_("Save. The app tries the account.")),
        (SAVE,),
        None if context.by_imap else Drawing(drawing, SAVE),
        otherwise=(Otherwise(context.message(refused)),),
    )


def _by_hand(context: Context) -> tuple[GuideStep, ...]:
    kept = "fairemail-keep" if context.retention.leave_messages_on_server else "fairemail-delete"
    begin = N_("Add a new account.") if context.by_imap else N_("Leave out the quick setup: it knows IMAP only.")
    return (
        GuideStep(
            "add-account",
            Message(begin),
            (*_MANUAL, ACCOUNTS, "+", "IMAP" if context.by_imap else "POP3"),
            Drawing("fairemail-settings", N_("Manual setup and account options")),
            note=shared.WORDS_MAY_DIFFER,
        ),
        shared.receiving(
            context,
            N_("Type in the server for receiving. Do not save yet."),
            picture=None if context.by_imap else Drawing("fairemail-account"),
        ),
        *(() if context.by_imap else (shared.keep(context, (_LEAVE,), picture=Drawing(kept, _LEAVE)),)),
        _save(context, kept),
        GuideStep(
            "identity",
            Message(N_("For sending create an identity.")),
            (*_MANUAL, IDENTITIES, "+"),
            Drawing("fairemail-manual", IDENTITIES),
            values=(shared.name(context), shared.address(context)),
        ),
        shared.sending(context, way=(SAVE,), picture=Drawing("fairemail-sending", SAVE)),
    )


SOURCE = Source(
    _steps, (Way.FILE, Way.HAND), N_("Not tried on a device. The file passes the rules of the app’s own source code.")
)
