"""The other Outlooks: the new one for Windows, the one for the Mac, the app.

New Outlook: Microsoft's page supported-account-types lists POP since a newer text, the one of November 2023 did not;
the note on Microsoft's cloud: help.infocert.digital. Mac: support.microsoft.com, Basic POP account settings for Outlook
for Mac. App: POP3 came to Android with 4.0.7 in 2019, nothing newer is known, so IMAP. None was tried.
"""

from webapp.core.guides import shared
from webapp.core.guides.base import Context, Drawing, GuideStep, Otherwise, Source
from webapp.core.text import N_, NC_, Message

SETTINGS, ACCOUNTS, ADD_ACCOUNT = N_("Settings"), N_("Accounts"), N_("Add account")
_CLOUD = N_("Your mail then lies at Microsoft too. Microsoft’s servers log in at %(provider)s with your password.")
_NO_POP = (
    Otherwise(
        Message(N_("No POP there? Switch this off at the top right. Then take the classic Outlook.")),
        (N_("New Outlook"),),
        picture=Drawing("outlook-new-switch", N_("New Outlook")),
    ),
    Otherwise(Message(N_("Or take Thunderbird. It costs nothing, and we have a file for it."))),
)


def _new(context: Context) -> tuple[GuideStep, ...]:
    leave = N_("Leave a copy of messages on the server")
    kept = GuideStep(
        "keep",
        shared.by_retention(
            context,
            N_("Set this tick, if you see it. Nothing more."),
            N_("Set this tick, if you see it. Write %(days)s into the field for the days, if there is one."),
            N_("Remove this tick, if you see it."),
        ),
        (leave,),
        Drawing(f"outlook-new-{'keep' if context.retention.leave_messages_on_server else 'delete'}", leave),
        note=shared.deletion_note(context),
    )
    choose = N_("Type your address. Do not continue yet: choose POP.")
    if context.by_imap:
        choose = N_("Type your address. Do not continue yet: choose IMAP.")
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account. The gear is at the top right.")),
            (SETTINGS, ACCOUNTS, N_("Your accounts"), ADD_ACCOUNT),
            Drawing("outlook-new-settings", ADD_ACCOUNT),
            note=shared.WORDS_MAY_DIFFER,
        ),
        GuideStep(
            "address",
            Message(choose),
            (N_("Choose provider"), "IMAP" if context.by_imap else "POP"),
            Drawing("outlook-new-address", N_("Choose provider")),
            values=(shared.address(context),),
            note=context.message(_CLOUD),
            otherwise=() if context.by_imap else _NO_POP,
        ),
        shared.receiving(context),
        shared.sending(context),
        *(() if context.by_imap else (kept,)),
        GuideStep(
            "cloud",
            Message(N_("Outlook says that it copies your mail to Microsoft.")),
            (shared.CONTINUE,),
            Drawing("outlook-new-cloud", shared.CONTINUE),
        ),
        *shared.fetch_and_send(context, N_("Fetch your mail, or press F9."), (N_("Sync"),)),
    )


def _mac(context: Context) -> tuple[GuideStep, ...]:
    more, leave = (N_("More Options"), NC_("outlook-mac", "Server")), N_("Leave a copy of each message on the server")
    kept = "keep" if context.retention.leave_messages_on_server else "delete"
    older = N_("Older POP mail in Outlook? Its new look may take over a part only. Back it up first.")
    pop = GuideStep(
        "pop",
        Message(N_("Outlook likes to take IMAP. Choose POP instead.")),
        (N_("Not IMAP?"), N_("Choose provider"), "POP"),
        Drawing("outlook-mac-pop", N_("Choose provider")),
    )
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            ("Outlook", N_("Settings…"), ACCOUNTS, "+", N_("New Account")),
            Drawing("outlook-mac-accounts", N_("New Account")),
            note=shared.WORDS_MAY_DIFFER,
            otherwise=(Otherwise(Message(older)),),
        ),
        GuideStep(
            "address",
            Message(N_("Type your address.")),
            (shared.CONTINUE,),
            Drawing("outlook-mac-address", shared.CONTINUE),
            (shared.address(context),),
        ),
        *(() if context.by_imap else (pop,)),
        shared.receiving(context, picture=Drawing("outlook-mac-receiving")),
        shared.sending(context, picture=Drawing("outlook-mac-sending")),
        *(
            ()
            if context.by_imap
            else (shared.keep(context, (*more, leave), picture=Drawing(f"outlook-mac-{kept}", leave)),)
        ),
        *shared.fetch_and_send(context, N_("Fetch your mail."), (N_("Tools"), N_("Send & Receive"))),
    )


def _app(context: Context) -> tuple[GuideStep, ...]:
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            (SETTINGS, ADD_ACCOUNT, N_("Add email account")),
            note=context.message(_CLOUD),
            otherwise=(
                Otherwise(Message(N_("You want POP on your phone? On Android take Thunderbird, on the iPhone Mail."))),
            ),
        ),
        GuideStep(
            "address",
            Message(N_("Type your address. Choose IMAP and switch on the settings.")),
            ("IMAP", N_("Advanced settings")),
            values=(shared.address(context),),
        ),
        shared.receiving(context, server=context.provider.imap),
        shared.sending(context),
        *shared.fetch_and_send(context, N_("Pull the list of mails down.")),
    )


NEW = Source(_new, proof=N_("Not tried. Microsoft names POP among the accounts; older versions did not have it."))
MAC = Source(_mac, proof=N_("Not tried. Words of Microsoft’s help."))
APP = Source(_app, proof=N_("Not tried. Words from descriptions by others."))
