"""Classic Outlook for Windows.

By hand comes first, from the Control Panel: its window sets what stays on the server before the first fetch. Importing
a file needs a line in Win+R, which people are rightly warned of, and is not proved in Microsoft 365.
Words: Microsoft's help, answers.microsoft.com f78f75ac; ovh/docs mx_plan/how_to_configure_outlook_2016 (January 2026).
Import: measured by others on Outlook LTSC 2024, build 16.0.17932.
"""

from dataclasses import replace

from webapp.core.guides import shared
from webapp.core.guides.base import Context, Drawing, GuideStep, Otherwise, Source, Value, Way
from webapp.core.text import N_, NC_, Message

FILE, ACCOUNT_SETTINGS = NC_("outlook", "File"), N_("Account Settings")
MORE_SETTINGS, ADVANCED = N_("More Settings"), NC_("outlook", "Advanced")
LEAVE, REMOVE = N_("Leave a copy of messages on the server"), N_("Remove from server after … days")
_ACCOUNT = (FILE, ACCOUNT_SETTINGS, ACCOUNT_SETTINGS, N_("your account"), N_("Change"))

_NOT_IN_ONEDRIVE = N_("Outlook’s data file (.pst) does not belong in a OneDrive folder.")

_NEW_OUTLOOK = Otherwise(
    Message(N_("Is “New Outlook” at the top right switched on? Switch it off first.")),
    (N_("New Outlook"),),
    picture=Drawing("outlook-new-switch", N_("New Outlook")),
)

_IN_OUTLOOK = Otherwise(Message(N_("No such entry? Then set it up in Outlook itself.")), instead=Way.PROGRAM)
# Outlook’s own set-up asks for name, address and twice for the password: the choice to do it by hand was not made.
_BY_ITSELF = Otherwise(
    Message(N_("Does the window ask for no servers? Press “%(back)s”."), {"back": Message(N_("Back"))}),
    step="manual",
)


def _company(context: Context) -> Otherwise:
    text = N_("Is your company’s mail in this Outlook, too? Give %(provider)s a data file of its own:")
    way = (FILE, ACCOUNT_SETTINGS, ACCOUNT_SETTINGS, N_("your account"), N_("Change Folder"))
    return Otherwise(context.message(text), (*way, N_("New Outlook Data File")))


def _steps(context: Context) -> tuple[GuideStep, ...]:
    steps = {Way.FILE: _by_file, Way.PROGRAM: _in_outlook}.get(context.way or Way.HAND, _by_hand)
    if context.by_imap:
        steps = _by_imap
    return (*steps(context), *_end(context))


def _by_hand(context: Context) -> tuple[GuideStep, ...]:
    own_profile = GuideStep(
        "profile",
        context.message(N_("Give %(provider)s a profile of its own. Name it %(provider)s.")),
        (N_("Show Profiles"), N_("Add")),
        Drawing("outlook-mail-setup", N_("Show Profiles")),
    )
    new_account = GuideStep(
        "accounts",
        Message(N_("Add a new account.")),
        (N_("Email Accounts"), NC_("outlook", "New")),
        Drawing("outlook-mail-setup", N_("Email Accounts")),
        otherwise=(_IN_OUTLOOK,),
    )
    return (
        GuideStep(
            "close",
            Message(N_("Close Outlook. It must not run while you set it up.")),
            note=shared.WORDS_MAY_DIFFER,
            otherwise=(_NEW_OUTLOOK,),
            outside=True,
        ),
        GuideStep(
            "control-panel",
            Message(N_("Press the Windows key. Type “Control Panel” and open it.")),
            (N_("Control Panel"),),
            Drawing("windows-search", N_("Control Panel")),
            say=Message(N_("Press the key with the window on it. Type “Control Panel”, then press Enter.")),
        ),
        GuideStep(
            "mail",
            Message(N_("At the top right type “Mail”. Open this entry.")),
            (N_("Mail (Microsoft Outlook)"),),
            Drawing("windows-control-panel", N_("Mail (Microsoft Outlook)")),
            otherwise=(_IN_OUTLOOK,),
        ),
        own_profile if context.profile == "new" else new_account,
        GuideStep(
            "manual",
            Message(N_("Choose to set it up yourself.")),
            (N_("Manual setup or additional server types"), shared.NEXT),
            Drawing("outlook-start", N_("Manual setup or additional server types")),
            otherwise=(_IN_OUTLOOK,),
        ),
        GuideStep(
            "pop",
            Message(N_("Choose POP.")),
            (N_("POP or IMAP"), shared.NEXT),
            Drawing("outlook-pop", N_("POP or IMAP")),
            otherwise=(_IN_OUTLOOK,),
        ),
        GuideStep(
            "account",
            Message(N_("Type this in.")),
            picture=Drawing("outlook-account"),
            otherwise=(
                _BY_ITSELF,
                replace(_IN_OUTLOOK, text=Message(N_("Are fields missing? Then set it up in Outlook itself."))),
            ),
            values=(
                shared.name(context),
                shared.address(context),
                Value(N_("Account type"), Message("POP3")),
                Value(N_("Incoming mail server"), shared.incoming(context).hostname),
                Value(N_("Outgoing mail server (SMTP)"), shared.outgoing(context).hostname),
                shared.user_name(context),
                shared.password(context),
            ),
        ),
        GuideStep(
            "outgoing",
            Message(N_("Open the further settings. Set the tick for sending.")),
            (MORE_SETTINGS, N_("Outgoing Server"), N_("My outgoing server (SMTP) requires authentication")),
            Drawing("outlook-outgoing", N_("My outgoing server (SMTP) requires authentication")),
        ),
        GuideStep(
            "ports",
            Message(N_("Open the next tab. Type this in.")),
            (ADVANCED,),
            Drawing("outlook-ports", ADVANCED),
            _ports(context),
        ),
        _keep(context, (ADVANCED,), "outlook"),
        GuideStep(
            "finish",
            Message(N_("Close the windows. Outlook tries the account at once.")),
            ("OK", shared.NEXT, N_("Finish")),
            Drawing("outlook-account-end", shared.NEXT),
            note=Message(N_("Two green ticks in the test window mean: it works.")),
            otherwise=(
                Otherwise(Message(N_("A red cross? Close the test window and compare the ports.")), step="ports"),
                Otherwise(Message(N_("The ports are right? Then type the password once more.")), step="account"),
            ),
            say=Message(
                N_("Press “%(ok)s”, then “%(next)s”. Outlook tries the account. Then press “%(finish)s”."),
                {"ok": "OK", "next": Message(shared.NEXT), "finish": Message(N_("Finish"))},
            ),
        ),
        *_profile_prompt(context),
        GuideStep("open", Message(N_("Open Outlook.")), otherwise=(_company(context),)),
    )


def _added(context: Context, protocol: GuideStep, drawing: str) -> tuple[GuideStep, ...]:
    """What comes first in Outlook itself, up to the password; `protocol` chooses POP or IMAP."""
    receiving, sending = shared.incoming(context), shared.outgoing(context)
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            (FILE, N_("Add Account")),
            Drawing("outlook-file", FILE),
            note=shared.WORDS_MAY_DIFFER,
            otherwise=(_NEW_OUTLOOK,),
        ),
        GuideStep(
            "address",
            Message(N_("Type your address. Open the options and set the tick.")),
            (N_("Advanced options"), N_("Let me set up my account manually"), N_("Connect")),
            Drawing("outlook-address", N_("Let me set up my account manually")),
            values=(shared.address(context),),
        ),
        protocol,
        GuideStep(
            "servers",
            Message(N_("Type this in.")),
            (shared.NEXT,),
            Drawing(drawing, shared.NEXT),
            values=(
                Value(N_("Incoming mail server"), receiving.hostname),
                Value(NC_("field", "Port"), str(receiving.port)),
                Value(NC_("field", "Encryption"), shared.security(receiving)),
                Value(N_("Outgoing mail server (SMTP)"), sending.hostname),
                Value(NC_("field", "Port for sending"), str(sending.port)),
                Value(NC_("field", "Encryption for sending"), shared.security(sending)),
            ),
            otherwise=(
                Otherwise(
                    Message(N_("Does Outlook ask for the password first? Type it. The servers come afterwards."))
                ),
            ),
        ),
        GuideStep(
            "password",
            context.message(N_("Type %(password)s.")),
            (N_("Connect"),),
            Drawing("outlook-password", N_("Connect")),
            (shared.password(context),),
        ),
    )


def _by_imap(context: Context) -> tuple[GuideStep, ...]:
    imap = GuideStep("imap", Message(N_("Choose IMAP.")), ("IMAP",), Drawing("outlook-type", "IMAP"))
    return (
        *_added(context, imap, "outlook-imap-servers"),
        GuideStep("finish", Message(N_("Close the window.")), (N_("Done"),)),
    )


def _in_outlook(context: Context) -> tuple[GuideStep, ...]:
    pop = GuideStep("pop", Message(N_("Choose POP.")), ("POP",), Drawing("outlook-type", "POP"))
    return (
        *_added(context, pop, "outlook-servers"),
        GuideStep(
            "account-settings",
            context.message(N_("Now open what stays at %(provider)s.")),
            _ACCOUNT,
            Drawing("outlook-info", ACCOUNT_SETTINGS),
            otherwise=(
                Otherwise(
                    Message(N_("The other look of Outlook has it one window further:")),
                    (MORE_SETTINGS, ADVANCED),
                    picture=Drawing("outlook-more", ADVANCED),
                ),
            ),
        ),
        _keep(context, (), "outlook-server"),
        GuideStep(
            "finish",
            Message(N_("Close the window.")),
            (shared.NEXT, N_("Finish")),
            Drawing("outlook-servers", shared.NEXT),
            otherwise=(_company(context),),
        ),
    )


def _by_file(context: Context) -> tuple[GuideStep, ...]:
    line = f'outlook.exe /importprf "%USERPROFILE%\\Downloads\\{context.file_name}"'
    return (
        shared.file(
            context,
            N_("Close Outlook. Save the file in “Downloads”, under its own name."),
            note=Message(N_("This way is for people who know the Run window.")),
            otherwise=(
                _NEW_OUTLOOK,
                Otherwise(Message(N_("You would rather paste no line? By hand it works as well.")), instead=Way.HAND),
            ),
        ),
        GuideStep(
            "run",
            Message(N_("Press the Windows key and R together. Paste this line.")),
            ("OK",),
            Drawing("windows-run", "OK"),
            (Value(N_("Line"), line),),
            note=Message(N_("Paste such lines only from pages that you trust.")),
            otherwise=(
                Otherwise(
                    Message(N_("Was the file not found? In “Downloads” press Shift and the right mouse button on it.")),
                    (N_("Copy as path"),),
                ),
                Otherwise(Message(N_("Does nothing happen? By hand it works as well.")), instead=Way.HAND),
            ),
        ),
        GuideStep(
            "password",
            context.message(N_("Outlook asks for the password. Type %(password)s and set the tick.")),
            (N_("Remember password"), "OK"),
            Drawing("outlook-ask-password", N_("Remember password")),
            values=(shared.password(context),),
        ),
        GuideStep(
            "check",
            context.message(N_("Close Outlook and open it again. Look at what stays at %(provider)s.")),
            (*_ACCOUNT, MORE_SETTINGS, ADVANCED),
            Drawing("outlook-accounts", N_("Change")),
            otherwise=(
                Otherwise(Message(N_("No new account? Then set it up by hand.")), instead=Way.HAND),
                _company(context),
            ),
        ),
        *_profile_prompt(context),
        GuideStep("delete-file", Message(N_("Delete the file in “Downloads”. Outlook needs it no more."))),
    )


def _ports(context: Context) -> tuple[Value, ...]:
    receiving, sending = shared.incoming(context), shared.outgoing(context)
    return (
        Value(NC_("field", "Incoming server (POP3)"), str(receiving.port)),
        Value(N_("This server requires an encrypted connection"), Message(NC_("tick", "yes"))),
        Value(NC_("field", "Outgoing server (SMTP)"), str(sending.port)),
        Value(N_("Type of encrypted connection"), shared.security(sending)),
    )


def _keep(context: Context, way: tuple[str, ...], interface: str) -> GuideStep:
    """Return the step for what stays on the server; `interface`: which of the two windows is drawn."""
    text = shared.by_retention(
        context,
        N_("Set the first tick. Remove the second. Then everything stays at %(provider)s."),
        N_("Set both ticks. Write %(days)s into the field for the days."),
        N_("Remove the first tick. Then Outlook deletes at %(provider)s what it has fetched."),
    )
    keeps, days = context.retention.leave_messages_on_server, context.retention.days_to_leave_messages_on_server
    ticks = (LEAVE, REMOVE) if keeps else (LEAVE,)
    drawing = Drawing(f"{interface}-keep-days", REMOVE) if days else Drawing(f"{interface}-keep", LEAVE)
    if not keeps:
        drawing = Drawing(f"{interface}-delete", LEAVE)
    say = shared.by_retention(
        context,
        N_("Set the tick at “%(leave)s”. Remove the tick at “%(remove)s”. Then everything stays at %(provider)s."),
        N_("Set the tick at “%(leave)s”, and at “%(remove)s”, too. Write %(days)s into the field for the days."),
        N_("Remove the tick at “%(leave)s”. Then Outlook deletes at %(provider)s what it has fetched."),
    )
    say = replace(say, values={**say.values, "leave": Message(LEAVE), "remove": Message(REMOVE)})
    return GuideStep("keep", text, (*way, *ticks), drawing, note=shared.deletion_note(context), say=say)


def _profile_prompt(context: Context) -> tuple[GuideStep, ...]:
    """Without this step the other profile, with the accounts of before, is out of sight."""
    if context.profile != "new":
        return ()
    return (
        GuideStep(
            "choose-profile",
            Message(N_("Let Outlook ask at each start which profile you want.")),
            (
                N_("Control Panel"), N_("Mail (Microsoft Outlook)"), N_("Show Profiles"),
                N_("Prompt for a profile to be used"),
            ),
            Drawing("outlook-profiles", N_("Prompt for a profile to be used")),
        ),
    )  # fmt: skip


def _end(context: Context) -> tuple[GuideStep, ...]:
    return shared.fetch_and_send(
        context,
        N_("Fetch your mail."),
        (N_("Send / Receive"), N_("Send/Receive All Folders")),
        None if context.by_imap else Message(_NOT_IN_ONEDRIVE),
        picture=Drawing("outlook-fetch", N_("Send/Receive All Folders")),
    )


SOURCE = Source(
    _steps,
    (Way.HAND, Way.PROGRAM, Way.FILE),
    N_("By hand: words of Microsoft’s help. File: measured by others on Outlook LTSC 2024, not on Microsoft 365."),
    N_("With the file, for the practised"),
    imap=Way.PROGRAM,
)
