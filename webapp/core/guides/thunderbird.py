"""Thunderbird on the computer, by file and by hand.

Every step is played in the real program by mouse and keyboard, from this data alone
(tests/peers/test_thunderbird_ways.py), and `make pictures` takes the pictures. Thunderbird 153 and later; 140 differs
where `_is_old` is asked.
"""

from dataclasses import replace

from webapp.core.guides.base import Context, Drawing, Gives, GuideStep, Otherwise, Screenshot, Source, Value, Way
from webapp.core.text import N_, NC_, Message

MENU, ARROW, ENVELOPE = "≡", "▸", "✉"  # what bears no words, as a guide writes it

_MINIMIZE = NC_("Thunderbird", "Minimize")
_TOOLS = NC_("Thunderbird", "Tools")
_IMPORT = NC_("Thunderbird", "Import")
_FROM_FILE = NC_("Thunderbird", "Import from a file")
_CONTINUE = NC_("Thunderbird", "Continue")
_BACKUP = NC_("Thunderbird", "Import Backed-up Profile")
_START_IMPORT = NC_("Thunderbird", "Start Import")
_FINISH_IMPORT = NC_("Thunderbird", "Finish")
_REMEMBER = NC_("Thunderbird", "Use Password Manager to remember this password")
_OK = "OK"
_INBOX = NC_("Thunderbird", "Inbox")
_NEW_MESSAGE = NC_("Thunderbird", "New Message")
_SEND = NC_("Thunderbird", "Send")
_GET_MESSAGES = NC_("Thunderbird", "Get Messages")
_ADD_ACCOUNT = NC_("Thunderbird", "Add Account")
_NEW_ACCOUNT = NC_("Thunderbird 140", "New Account")
_EMAIL = NC_("Thunderbird", "Email")
_POP3, _IMAP = "POP3", "IMAP"
_DONE = NC_("Thunderbird 140", "Done")
_FINISH_HUB = NC_("Thunderbird account hub", "Finish")
_ACCOUNT_SETTINGS = NC_("Thunderbird", "Account Settings")
_SERVER_SETTINGS = NC_("Thunderbird", "Server Settings")
_LEAVE = NC_("Thunderbird", "Leave messages on server")
_DAYS = NC_("Thunderbird", "For at most")
_UNTIL_DELETED = NC_("Thunderbird", "Until I delete them")
_NEW_PASSWORD = NC_("Thunderbird", "Enter New Password")
_OTHER_INSTALLATION = NC_("Thunderbird", "Import from another Thunderbird installation")
_PROFILE_FOLDER = NC_("Thunderbird", "Choose a profile folder")
_OPEN = NC_("system", "Open")

_FULL_NAME = NC_("Thunderbird", "Full name")
_FULL_NAME_140 = NC_("Thunderbird 140", "Your full name")
_ADDRESS = NC_("Thunderbird", "Email address")
_PASSWORD = NC_("Thunderbird", "Password")
_TO = NC_("Thunderbird", "To")
_SUBJECT = NC_("Thunderbird", "Subject")

_CLICK = N_("Window of Thunderbird: click “%(label)s”.")
_SET = N_("Window of Thunderbird: set the tick at “%(label)s”.")
_REMOVE = N_("Window of Thunderbird: remove the tick at “%(label)s”.")
_TYPE = N_("Window of Thunderbird: type into “%(label)s”.")
_ICON_ALT = {
    _MINIMIZE: N_("Welcome window of Thunderbird: click the small icon at its top right."),
    ARROW: N_("Window of Thunderbird: click the small arrow before your address."),
    _GET_MESSAGES: N_("Window of Thunderbird: click the cloud with the arrow at the top left."),
}


def _shows(name: str, ring: str, action: str = _CLICK) -> Screenshot:
    return Screenshot(name, Message(_ICON_ALT.get(ring, action), {"label": Message(ring)}), ring)


def _step(id_: str, text: str, *way: str, ring: str = "", action: str = _CLICK, picture: str = "") -> GuideStep:
    """Return a step whose picture rings `ring`, or else the last label of the way."""
    return GuideStep(id_, Message(text), way, _shows(picture or id_, ring or way[-1], action))


def _address(context: Context) -> str:
    """Return the address as the list of accounts shows it."""
    return context.account.email_address if context.account else N_("your address")


def _is_old(context: Context) -> bool:
    return context.version.partition(".")[0] == "140"


def _steps(context: Context) -> tuple[GuideStep, ...]:
    first, *others = _by_file(context) if context.way is Way.FILE else _by_hand(context)
    if context.in_use:
        return (first, *others)
    get = N_("No Thunderbird yet? www.thunderbird.net")
    return (replace(first, note=Message(get)), *others)


def _by_file(context: Context) -> tuple[GuideStep, ...]:
    text = N_("Download the file. Then open Thunderbird.")
    return (GuideStep("file", Message(text), gives=Gives.FILE), *_import(context), *_send_to_yourself(context))


def _import(context: Context) -> tuple[GuideStep, ...]:
    return (
        *_welcome(context),
        replace(
            _step("menu", N_("Open the menu ≡ at the top right. Choose “Tools”."), MENU, _TOOLS),
            otherwise=(_there_already(context),),
        ),
        _step("import", N_("Choose “Import”."), _IMPORT),
        _step(
            "from-file",
            N_("Choose “Import from a file”, then “Continue”."),
            _FROM_FILE,
            _CONTINUE,
            ring=_FROM_FILE,
        ),
        replace(
            _step(
                "backup",
                N_("Choose “Import Backed-up Profile”, then “Continue”."),
                _BACKUP,
                _CONTINUE,
                ring=_BACKUP,
            ),
            note=Message(N_("What is there already stays.")),
        ),
        _choose_file(context),
        _step("data", N_("Leave all four ticks. Click “Continue”."), _CONTINUE),
        _step("start", N_("Click “Start Import”."), _START_IMPORT),
        _step("restart", N_("Click “Finish”. Thunderbird starts again by itself."), _FINISH_IMPORT),
        _password_asked(context),
        _unfold(context),
    )


def _there_already(context: Context) -> Otherwise:
    text = N_("Is this address in Thunderbird already, by POP? Then the file changes nothing. Set here what stays:")
    return Otherwise(Message(text), (MENU, _ACCOUNT_SETTINGS, _address(context), _SERVER_SETTINGS))


def _welcome(context: Context) -> tuple[GuideStep, ...]:
    """The window that covers a new Thunderbird; “Import” does nothing while it is there."""
    if context.in_use or _is_old(context):
        return ()
    text = N_("A welcome window covers everything? Click its small icon “Minimize” at the top right.")
    return (
        GuideStep(
            "welcome",
            Message(text),
            (_MINIMIZE,),
            _shows("welcome", _MINIMIZE),
            otherwise=(Otherwise(Message(N_("No such window? Then there is nothing to do here.")), step="menu"),),
        ),
    )


def _choose_file(context: Context) -> GuideStep:
    unpacked = Otherwise(
        Message(N_("Safari has made a folder of the file? Go back, choose this, and take the folder:")),
        (_OTHER_INSTALLATION, _CONTINUE, _PROFILE_FOLDER),
    )
    return GuideStep(
        "choose-file",
        Message(N_("Choose the file %(file)s in “Downloads”, then “Open”."), {"file": context.file_name}),
        (_OPEN,),
        Drawing("file-chooser", _OPEN),
        otherwise=() if context.system in ("windows", "linux") else (unpacked,),
        gives=Gives.FILE,
    )


def _password_asked(context: Context) -> GuideStep:
    refused = N_("“Login failed”? Click this, never “Retry”: every try counts at %(provider)s, some three times.")
    cloud = N_("Nothing asks for a password? Click the cloud with the arrow at the top left.")
    return GuideStep(
        "password",
        context.message(N_("Type %(password)s. Set the tick below it. Click “OK”.")),
        (_REMEMBER, _OK),
        _shows("password", _REMEMBER, _SET),
        (Value(_PASSWORD, context.password),),
        say=context.message(
            N_("Type %(password)s. Set the tick at “%(tick)s”. Only then click “OK”."), tick=Message(_REMEMBER)
        ),
        otherwise=(
            Otherwise(context.message(refused), (_NEW_PASSWORD,)),
            Otherwise(Message(cloud), (_GET_MESSAGES,)),
        ),
    )


def _unfold(context: Context) -> GuideStep:
    text = N_("In the list, click your address, then the arrow before it, then “Inbox”.")
    way: tuple[str, ...] = (_address(context), ARROW, _INBOX)
    picture = _shows("inbox", ARROW)
    if _is_old(context):  # 140 shows the account unfolded
        text = N_("In the list, below your address, click “Inbox”.")
        way, picture = (_address(context), _INBOX), _shows("inbox-open", _INBOX)
    return GuideStep("inbox", Message(text), way, picture, otherwise=(_a_page_in_front(),))


def _a_page_in_front() -> Otherwise:
    return Otherwise(Message(N_("A page of Thunderbird is in front, for example for donations? Close its tab.")))


def _by_hand(context: Context) -> tuple[GuideStep, ...]:
    return (
        *_add_account(context),
        _name(context),
        *_choose_protocol(context),
        *(() if context.by_imap else _retention(context)),
        _inbox(context),
        *_send_to_yourself(context),
    )


def _inbox(context: Context) -> GuideStep:
    """The settings, where they were opened, have a tab of their own before the one of mail."""
    text = N_("Click the envelope at the top left. Below your address, click “Inbox”.")
    way: tuple[str, ...] = (ENVELOPE, _address(context), _INBOX)
    picture = _shows("inbox-open", _INBOX)
    if context.by_imap:
        text, way = N_("In the list, below your address, click “Inbox”."), way[1:]
        picture = _shows("inbox-imap", _INBOX)
    return GuideStep("inbox", Message(text), way, picture, otherwise=(_a_page_in_front(),))


def _add_account(context: Context) -> tuple[GuideStep, ...]:
    if context.in_use is False:
        return ()
    welcome = Otherwise(Message(N_("A window that covers everything asks for your name? Go on there.")), step="name")
    first = _NEW_ACCOUNT if _is_old(context) else _ADD_ACCOUNT
    text = N_("Open the menu ≡ at the top right. Choose “%(label)s”, then “Email”.")
    return (
        GuideStep(
            "add",
            Message(text, {"label": Message(first)}),
            (MENU, first, _EMAIL),
            _shows("add", _EMAIL),
            otherwise=() if context.in_use else (welcome,),
        ),
    )


def _name(context: Context) -> GuideStep:
    account = context.account
    name = account.display_name if account and account.display_name else Message(N_("your first and last name"))
    address = account.email_address if account else Message(N_("your whole address"))
    typed: tuple[Value, ...] = (Value(_FULL_NAME, name), Value(_ADDRESS, address))
    text = N_("Type your name and your address. Then click “Continue”, not “Sign in with Thundermail”.")
    if _is_old(context):
        typed = (Value(_FULL_NAME_140, name), Value(_ADDRESS, address), Value(_PASSWORD, context.password))
        text = N_("Type your name, your address and your password. Then click “Continue”.")
    picture = "name-in-use" if context.in_use else "name"
    return GuideStep("name", Message(text), (_CONTINUE,), _shows(picture, _CONTINUE), typed)


def _choose_protocol(context: Context) -> tuple[GuideStep, ...]:
    text = N_("Choose “POP3”: “IMAP” is chosen beforehand. Then click “%(label)s”.")
    leads_on = _DONE if _is_old(context) else _CONTINUE
    label = {"label": Message(leads_on)}
    in_use = "-in-use" if context.in_use else ""
    chosen = GuideStep("pop3", Message(text, label), (_POP3, leads_on), _shows(f"pop3{in_use}", _POP3))
    if context.by_imap:
        text = N_("“IMAP” is chosen already. Click “%(label)s”.")
        chosen = GuideStep("imap", Message(text, label), (_IMAP, leads_on), _shows(f"imap{in_use}", _IMAP))
    if _is_old(context):
        return (chosen, _step("finish", N_("Click “Finish”."), _FINISH_IMPORT))
    return (
        chosen,
        GuideStep(
            "account-password",
            context.message(N_("Type %(password)s. Leave the tick below it. Click “Continue”.")),
            (_CONTINUE,),
            _shows(f"account-password{in_use}", _CONTINUE),
            (Value(_PASSWORD, context.password),),
        ),
        _step("finish", N_("Click “Finish”. Behind this window your mail is arriving already."), _FINISH_HUB),
    )


def _retention(context: Context) -> tuple[GuideStep, ...]:
    """By hand Thunderbird fetches at once, and would delete at the provider after 14 days: both ticks are set then."""
    way_there = (
        _step("settings", N_("Open the menu ≡ again. Choose “Account Settings”."), MENU, _ACCOUNT_SETTINGS),
        _step("server", N_("Below your address, choose “Server Settings”."), _address(context), _SERVER_SETTINGS),
    )
    days = context.retention.days_to_leave_messages_on_server
    if not context.retention.leave_messages_on_server:
        text = N_("Remove the tick at “Leave messages on server”. From now on fetched mail is deleted at %(provider)s.")
        keep = GuideStep("delete", context.message(text), (_LEAVE,), _shows("delete", _LEAVE, _REMOVE))
        return (*way_there, keep)
    if days is None:
        text = N_("Remove the tick at “For at most … days”. Otherwise your mail at %(provider)s goes after 14 days.")
        keep = GuideStep("forever", context.message(text), (_DAYS,), _shows("forever", _DAYS, _REMOVE))
    else:
        text = N_("Write %(number)s at “For at most … days”.")
        typed = (Value(_DAYS, str(days)),)
        keep = GuideStep("days", Message(text, {"number": days}), (), _shows("days", _DAYS, _TYPE), typed)
    text = N_("Remove the tick at “Until I delete them”. Deleting here then deletes nothing at %(provider)s.")
    here = GuideStep(
        "delete-here", context.message(text), (_UNTIL_DELETED,), _shows("delete-here", _UNTIL_DELETED, _REMOVE)
    )
    return (*way_there, keep, here)


def _send_to_yourself(context: Context) -> tuple[GuideStep, ...]:
    address = context.account.email_address if context.account else Message(N_("your whole address"))
    again = GuideStep(
        "send-password",
        Message(N_("Thunderbird asks once more, for sending: the same password, the tick, “OK”.")),
        (_REMEMBER, _OK),
        _shows("send-password", _REMEMBER, _SET),
        (Value(_PASSWORD, context.password),),
        say=Message(
            N_("Thunderbird asks again, for sending. Type the same password, set the tick at “%(tick)s”, click “OK”."),
            {"tick": Message(_REMEMBER)},
        ),
    )
    spam = N_("Nothing after a minute? Look into the spam folder at %(website)s.")
    return (
        _step("write", N_("Now try it: click “New Message”."), _NEW_MESSAGE),
        GuideStep(
            "send",
            Message(N_("Write to yourself. Then click “Send”.")),
            (_SEND,),
            _shows("send", _SEND),
            (Value(_TO, address), Value(_SUBJECT, "Test")),
        ),
        *((again,) if context.way is Way.FILE else ()),
        GuideStep(
            "try",
            Message(N_("Click the cloud with the arrow. Does your test arrive?")),
            (_GET_MESSAGES,),
            _shows("try", _GET_MESSAGES),
            note=context.message(spam),
            say=Message(
                N_("Click the cloud with the arrow, “%(label)s”. Does your test arrive?"),
                {"label": Message(_GET_MESSAGES)},
            ),
        ),
    )


SOURCE = Source(
    _steps,
    (Way.FILE, Way.HAND),
    N_("Every step played in Thunderbird 153.8.0esr on Linux, German and English; in 140.12.0esr German."),
)
