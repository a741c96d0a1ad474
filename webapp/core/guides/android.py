"""The apps on Android phones.

Thunderbird and K-9 Mail: navigation and strings of thunderbird/thunderbird-android, main a59bd67985 (August 2026); the
first screen since 22.0: OnboardingNavHost.kt. Samsung:
antwort.net and app66.de. Gmail: Google's help by way of others. BlueMail: help2.bluemail.me, How does my POP3 account
work. No phone was at hand.
"""

from webapp.core.guides import shared
from webapp.core.guides.base import Context, Drawing, Gives, GuideStep, Otherwise, Source, Way
from webapp.core.text import N_, NC_, Message

SETTINGS, ADD_ACCOUNT = N_("Settings"), N_("Add account")
GET_STARTED, IMPORT_SETTINGS = (
    NC_("thunderbird-android", "Get started"),
    NC_("thunderbird-android", "Import settings"),
)
_NEVER_DAYS = N_("This app deletes nothing at %(provider)s by itself.")
_TAKE_POP = Otherwise(
    Message(N_("You want POP on your phone? On Android take Thunderbird, on the iPhone Mail. We have files for both."))
)


def _thunderbird(context: Context) -> tuple[GuideStep, ...]:
    if context.by_imap:
        return (*_thunderbird_by_imap(context), *shared.fetch_and_send(context, shared.PULL))
    steps = {Way.FILE: _by_file, Way.QR: _by_qr}.get(context.way or Way.FILE, _thunderbird_by_hand)
    end = shared.fetch_and_send(context, shared.PULL, note=context.message(_NEVER_DAYS))
    return (*steps(context), *end)


def _by_file(context: Context) -> tuple[GuideStep, ...]:
    in_use = (SETTINGS, NC_("thunderbird-android", "Backup"), IMPORT_SETTINGS)
    new = (NC_("thunderbird-android", "Import K-9 settings"),)
    select = (NC_("thunderbird-android", "Select file"), NC_("thunderbird-android", "Import"))
    return (
        shared.file(
            context,
            N_("Save the file on your phone."),
            otherwise=(
                Otherwise(Message(N_("You see this page on a computer? A QR code is shorter.")), instead=Way.QR),
            ),
        ),
        GuideStep(
            "import",
            Message(N_("Open the app. Below “Get started” import the settings."))
            if not context.in_use
            else Message(N_("Open the app. Import the settings.")),
            in_use if context.in_use else new,
            Drawing("thunderbird-android-settings", IMPORT_SETTINGS)
            if context.in_use
            else Drawing("thunderbird-android-start", new[0]),
            note=None if context.in_use else Message(N_("The button takes our file, whatever it is called.")),
            otherwise=(
                Otherwise(
                    Message(N_("You use the app already? Then here:")),
                    in_use,
                    picture=Drawing("thunderbird-android-settings", IMPORT_SETTINGS),
                ),
                Otherwise(
                    Message(N_("Thunderbird 21 or older? Then here:")),
                    (GET_STARTED, NC_("thunderbird-android", "Import your account settings now")),
                    picture=Drawing(
                        "thunderbird-android-choice-21",
                        NC_("thunderbird-android", "Import your account settings now"),
                    ),
                ),
            ),
        ),
        GuideStep(
            "choose",
            Message(N_("Choose the file %(file)s."), {"file": context.file_name}),
            select,
            Drawing("thunderbird-android-import", select[0]),
            note=Message(N_("Tapping the file outside the app does not help.")),
        ),
        _password(context),
    )


def _password(context: Context) -> GuideStep:
    return GuideStep(
        "password",
        context.message(N_("Tap the account. Type %(password)s.")),
        picture=Drawing("thunderbird-android-password"),
        values=(shared.password(context),),
    )


def _by_qr(context: Context) -> tuple[GuideStep, ...]:
    return (
        GuideStep(
            "scan",
            Message(N_("Open Thunderbird on the phone and scan the code.")),
            (IMPORT_SETTINGS, NC_("thunderbird-android", "Scan QR code")),
            Drawing("thunderbird-android-import", NC_("thunderbird-android", "Scan QR code")),
            note=Message(N_("The picture holds no password. K-9 Mail cannot read it.")),
            otherwise=(
                Otherwise(
                    Message(N_("You use the app already? Then here:")),
                    (SETTINGS, IMPORT_SETTINGS, NC_("thunderbird-android", "Scan QR code")),
                ),
                Otherwise(Message(N_("No scanner? Take the file.")), instead=Way.FILE),
            ),
            gives=Gives.QR,
        ),
        _password(context),
    )


def _thunderbird_added(context: Context) -> GuideStep:
    in_use = (SETTINGS, NC_("thunderbird-android", "Add account"))
    return GuideStep(
        "address",
        Message(N_("Add an account and type your address.")),
        in_use if context.in_use else (GET_STARTED,),
        Drawing("thunderbird-android-settings", in_use[-1])
        if context.in_use
        else Drawing("thunderbird-android-start", GET_STARTED),
        values=(shared.address(context),),
        otherwise=(Otherwise(Message(N_("You use the app already? Then here:")), in_use),),
    )


def _thunderbird_by_imap(context: Context) -> tuple[GuideStep, ...]:
    """The app finds IMAP by itself."""
    finish = NC_("thunderbird-android", "Finish")
    return (
        _thunderbird_added(context),
        GuideStep(
            "account-password",
            context.message(N_("The app finds IMAP. Type %(password)s.")),
            (shared.NEXT,),
            values=(shared.password(context),),
            otherwise=(
                Otherwise(Message(N_("Does it find nothing? Choose IMAP and type this in.")), step="receiving"),
            ),
        ),
        shared.receiving(
            context, N_("Does the app ask for servers? Type this in. Else only continue."), way=(shared.NEXT,)
        ),
        shared.sending(context, N_("The server for sending, in case it asks."), way=(shared.NEXT,)),
        GuideStep(
            "name",
            Message(N_("Type your name. Continue to the end.")),
            (shared.NEXT, finish),
            values=(shared.name(context),),
        ),
    )


def _thunderbird_by_hand(context: Context) -> tuple[GuideStep, ...]:
    return (
        _thunderbird_added(context),
        GuideStep(
            "edit",
            Message(N_("The app finds IMAP. Open the details.")),
            (NC_("thunderbird-android", "Edit configuration"),),
            Drawing("thunderbird-android-found", NC_("thunderbird-android", "Edit configuration")),
        ),
        GuideStep(
            "protocol",
            Message(N_("Choose POP3 as the protocol.")),
            (NC_("thunderbird-android", "Protocol"), "POP3"),
            Drawing("thunderbird-android-receiving", NC_("thunderbird-android", "Protocol")),
        ),
        shared.receiving(context),
        shared.sending(context, picture=Drawing("thunderbird-android-sending")),
        GuideStep(
            "keep",
            context.message(N_("Keep it like this. Then nothing is deleted at %(provider)s.")),
            (
                NC_("thunderbird-android", "When I delete a message"),
                NC_("thunderbird-android", "Do not delete on server"),
            ),
            Drawing("thunderbird-android-keep", NC_("thunderbird-android", "Do not delete on server")),
        ),
    )


def _samsung(context: Context) -> tuple[GuideStep, ...]:
    signed_in = Otherwise(
        Message(N_("Did you sign in? Then the app took IMAP. Delete the account and begin again.")), step="add-account"
    )
    kept = GuideStep(
        "keep",
        context.message(N_("On the same page leave your mail at %(provider)s.")),
        (N_("Delete email from server"), NC_("delete", "Never")),
        Drawing("samsung-keep", N_("Delete email from server")),
        note=context.message(_NEVER_DAYS),
    )
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            ("☰", SETTINGS, ADD_ACCOUNT, NC_("samsung", "Other")),
            Drawing("samsung-settings", ADD_ACCOUNT),
            note=shared.WORDS_MAY_DIFFER,
            otherwise=(
                Otherwise(
                    Message(N_("The gear stands beside the three lines at the top left.")),
                    picture=Drawing("samsung-gear", SETTINGS),
                ),
            ),
        ),
        GuideStep(
            "address",
            Message(N_("Type address and password. Do not sign in yet.")),
            (N_("Manual setup"), N_("IMAP account") if context.by_imap else N_("POP3 account")),
            Drawing("samsung-address", N_("Manual setup")),
            values=(shared.address(context), shared.password(context)),
            otherwise=() if context.by_imap else (signed_in,),
        ),
        shared.receiving(context),
        *(() if context.by_imap else (kept,)),
        shared.sending(context, way=(N_("Sign in"),)),
        *shared.fetch_and_send(context, shared.PULL),
    )


def _gmail(context: Context) -> tuple[GuideStep, ...]:
    return (
        GuideStep(
            "add-account",
            Message(N_("Tap your picture at the top right. Add an account.")),
            (N_("Add another account"), NC_("gmail", "Other")),
            Drawing("gmail-picture", N_("Add another account")),
            note=shared.WORDS_MAY_DIFFER,
            otherwise=(_TAKE_POP,),
        ),
        GuideStep(
            "address",
            Message(N_("Type your address. Choose IMAP.")),
            (N_("Manual setup"), N_("Personal (IMAP)")),
            Drawing("gmail-type", N_("Personal (IMAP)")),
            values=(shared.address(context),),
        ),
        shared.receiving(context, server=context.provider.imap, way=(shared.NEXT,)),
        shared.sending(context, way=(shared.NEXT,)),
        *shared.fetch_and_send(
            context,
            shared.PULL,
            otherwise=(
                Otherwise(
                    context.message(
                        N_("You fetched with Gmail in the browser? Google ends that in 2026. Then no mail comes.")
                    )
                ),
            ),
        ),
    )


def _bluemail(context: Context) -> tuple[GuideStep, ...]:
    look = Otherwise(
        Message(N_("Where you see what stays on the server:")),
        (
            SETTINGS, N_("Account Settings"), N_("your account"), N_("Delete Messages on Server"),
            NC_("delete", "Never"),
        ),
    )  # fmt: skip
    end = shared.fetch_and_send(context, shared.PULL, note=context.message(_NEVER_DAYS), otherwise=(look,))
    if context.by_imap:
        end = shared.fetch_and_send(context, shared.PULL)
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            (ADD_ACCOUNT, NC_("bluemail", "Other"), N_("Manual setup"), "IMAP" if context.by_imap else "POP3"),
            note=shared.WORDS_MAY_DIFFER,
        ),
        GuideStep("address", Message(N_("Type this in.")), values=(shared.address(context), shared.password(context))),
        shared.receiving(context),
        shared.sending(context),
        *end,
    )


THUNDERBIRD = Source(
    _thunderbird,
    (Way.FILE, Way.QR, Way.HAND),
    N_("Not tried on a device. Words and order of the screens come from the source code."),
)
SAMSUNG = Source(_samsung, proof=N_("Not tried. Words from descriptions by others."))
GMAIL = Source(_gmail, proof=N_("Not tried. Google names only IMAP for other providers."))
BLUEMAIL = Source(_bluemail, proof=N_("Not tried. Words of the maker’s help."))
