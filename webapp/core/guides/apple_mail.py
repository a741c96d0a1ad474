"""Mail on iPhone, iPad and Mac: with the profile, or by hand.

Sources: support.apple.com HT209435 (profile, 8 minutes), mh35561 and mh35474 (Device Management), HT1668 (iPhone
keeps), infomaniak.com/en/support/faq/2556 (path since iOS 18), mi4p.helpjuice.com 323 (Mac: 7 days); opening the
profile from Files: mullvad/encrypted-dns-profiles issues 9 and 14. No Apple device was at hand.
"""

from webapp.core.guides import shared
from webapp.core.guides.base import Context, Drawing, GuideStep, Otherwise, Source, Way
from webapp.core.text import N_, NC_, Message

SETTINGS, INSTALL = N_("Settings"), N_("Install")
GENERAL, ACCOUNTS = NC_("apple", "General"), NC_("apple", "Accounts")
ADD_ACCOUNT = NC_("apple", "Add Account")
_MAC_FETCH = (N_("Mailbox"), N_("Get All New Mail"))


def _steps(context: Context) -> tuple[GuideStep, ...]:
    if context.by_imap:
        return _mac_by_imap(context) if context.system == "mac" else _phone_by_imap(context)
    if context.system == "mac":
        return (*(_mac_by_file(context) if context.way is Way.FILE else _mac_by_hand(context)), *_mac_end(context))
    return (*(_phone_by_file(context) if context.way is Way.FILE else _phone_by_hand(context)), *_phone_end(context))


def _phone_by_file(context: Context) -> tuple[GuideStep, ...]:
    return (
        shared.file(
            context,
            N_("Tap the button below. Allow the download."),
            (N_("Allow"),),
            picture=Drawing("iphone-allow", N_("Allow")),
            otherwise=(
                Otherwise(
                    Message(N_("Was it only saved? Open it in the app Files:")),
                    (N_("Files"), N_("Downloads")),
                    picture=Drawing("iphone-files", N_("Downloads")),
                ),
                Otherwise(Message(N_("Nothing happens? Open this page in Safari."))),
            ),
        ),
        GuideStep(
            "settings",
            Message(N_("Open the app Settings within 8 minutes. Tap the new line at the top.")),
            (SETTINGS, N_("Profile Downloaded")),
            Drawing("iphone-settings", N_("Profile Downloaded")),
            otherwise=(
                Otherwise(
                    Message(N_("No such line? Look here:")),
                    (GENERAL, N_("VPN & Device Management")),
                    picture=Drawing("iphone-general", N_("VPN & Device Management")),
                ),
                Otherwise(Message(N_("More than 8 minutes? Download the file once more.")), step="file"),
            ),
        ),
        GuideStep(
            "install",
            Message(N_("Install the profile. Type the code of your device.")),
            (INSTALL,),
            Drawing("iphone-install", INSTALL),
            note=Message(N_("“Not Signed” is normal here. Tap “Install” once more.")),
            otherwise=(
                Otherwise(
                    Message(
                        N_("Is the button grey? “Stolen Device Protection” asks you to do this at home or at work.")
                    )
                ),
            ),
        ),
        GuideStep(
            "password",
            context.message(N_("Type %(password)s.")),
            (shared.NEXT, N_("Done")),
            Drawing("iphone-password", shared.NEXT),
            (shared.password(context),),
            otherwise=(
                Otherwise(Message(N_("Does nothing ask for it? Type it into the account:")), _phone_account(context)),
            ),
        ),
    )


def _phone_account(context: Context) -> tuple[str, ...]:
    return (SETTINGS, N_("Apps"), "Mail", N_("Mail Accounts"), context.provider.name, NC_("apple", "Account"))


def _phone_added(context: Context) -> tuple[GuideStep, ...]:
    """What comes first by hand, for POP as for IMAP, which the device then finds by itself."""
    accounts = (SETTINGS, N_("Apps"), "Mail", N_("Mail Accounts"), ADD_ACCOUNT)
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            accounts,
            Drawing("iphone-accounts", ADD_ACCOUNT),
            otherwise=(Otherwise(Message(N_("Up to iOS 17 it is here:")), (SETTINGS, "Mail", ACCOUNTS)),),
            outside=True,
        ),
        GuideStep(
            "other",
            Message(N_("Choose another provider.")),
            (NC_("apple", "Other"), N_("Add Mail Account")),
            Drawing("iphone-other", N_("Add Mail Account")),
        ),
        GuideStep(
            "address",
            Message(N_("Type this in.")),
            (shared.NEXT,),
            Drawing("iphone-address", shared.NEXT),
            values=(shared.name(context), shared.address(context), shared.password(context)),
        ),
    )


def _phone_by_imap(context: Context) -> tuple[GuideStep, ...]:
    save = (NC_("apple", "Save"),)
    asked = N_("Does it ask for servers? Choose IMAP and type this in. Else only save.")
    return (
        *_phone_added(context),
        shared.receiving(context, asked, way=("IMAP",), picture=Drawing("iphone-pop", "IMAP")),
        shared.sending(context, way=save, picture=Drawing("iphone-sending", save[0])),
        *shared.fetch_and_send(context, N_("Open Mail. Pull the list down. Your mail appears.")),
    )


def _phone_by_hand(context: Context) -> tuple[GuideStep, ...]:
    return (
        *_phone_added(context),
        GuideStep(
            "pop",
            Message(N_("Tap POP at the top.")),
            ("POP",),
            Drawing("iphone-pop", "POP"),
            otherwise=(
                Otherwise(
                    Message(
                        N_("No POP at the top? The device has taken IMAP by itself. Delete the account, take the file.")
                    ),
                    instead=Way.FILE,
                ),
            ),
        ),
        shared.receiving(context, picture=Drawing("iphone-pop")),
        shared.sending(context, way=(NC_("apple", "Save"),), picture=Drawing("iphone-sending", NC_("apple", "Save"))),
    )


def _phone_end(context: Context) -> tuple[GuideStep, ...]:
    """The phone keeps by default, so that only who wants something else sets it."""
    way = (*_phone_account(context), NC_("apple", "Advanced"))
    setting = N_("Delete from server")
    keeps = context.retention.leave_messages_on_server and context.retention.days_to_leave_messages_on_server is None
    steps: tuple[GuideStep, ...] = ()
    if not keeps:
        text = N_("Choose when mail goes from %(provider)s. Seven days is the shortest time.")
        steps = (
            GuideStep(
                "keep",
                context.message(text),
                (*way, setting, N_("Seven days")),
                Drawing("iphone-delete", N_("Seven days")),
                note=shared.deletion_note(context),
            ),
        )
    end = shared.fetch_and_send(
        context,
        N_("Open Mail. Pull the list down. Your mail appears."),
        note=_removing(context),
        otherwise=(
            Otherwise(
                Message(N_("Where you see what stays on the server:")),
                (*way, setting),
                picture=Drawing("iphone-advanced", setting),
            ),
        ),
    )
    return (*steps, *end)


def _removing(context: Context) -> Message | None:
    """Return what removing the profile does, where there is one."""
    if context.way is not Way.FILE:
        return None
    return Message(N_("Whoever removes the profile later removes the account and its mail from the device."))


def _mac_by_file(context: Context) -> tuple[GuideStep, ...]:
    return (
        shared.file(
            context,
            N_("Download the file. Double-click %(file)s in “Downloads”."),
            picture=Drawing("mac-downloads"),
        ),
        GuideStep(
            "profiles",
            Message(N_("Open the profiles of your Mac.")),
            (N_("Apple menu"), N_("System Settings"), NC_("apple", "General"), N_("Device Management")),
            Drawing("mac-settings", N_("Device Management")),
            otherwise=(
                Otherwise(Message(N_("On macOS 13 and 14 it is here:")), (N_("Privacy & Security"), N_("Profiles"))),
            ),
        ),
        GuideStep(
            "install",
            Message(N_("Double-click the profile. Install it.")),
            (INSTALL,),
            Drawing("mac-install", INSTALL),
        ),
        GuideStep(
            "password",
            context.message(N_("Type %(password)s. Perhaps the Mac then asks for its own password.")),
            picture=Drawing("mac-password"),
            values=(shared.password(context),),
        ),
    )


def _mac_added(context: Context, note: Message | None = None) -> tuple[GuideStep, ...]:
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            ("Mail", N_("Add Account…"), N_("Other Mail Account…"), NC_("apple", "Continue")),
            Drawing("mac-provider", N_("Other Mail Account…")),
        ),
        GuideStep(
            "address",
            Message(N_("Type this in.")),
            (N_("Sign In"),),
            Drawing("mac-address", N_("Sign In")),
            values=(shared.name(context), shared.address(context), shared.password(context)),
            note=note,
        ),
    )


def _mac_by_imap(context: Context) -> tuple[GuideStep, ...]:
    asked = N_("Does Mail ask for servers? Choose IMAP and type this in. Else there is nothing to do here.")
    return (
        *_mac_added(context),
        shared.receiving(context, asked),
        shared.sending(context),
        *shared.fetch_and_send(
            context, N_("Fetch your mail."), _MAC_FETCH, picture=Drawing("mac-fetch", _MAC_FETCH[-1])
        ),
    )


def _mac_by_hand(context: Context) -> tuple[GuideStep, ...]:
    return (
        *_mac_added(context, Message(N_("Mail often takes IMAP now. Then delete the account and take the file."))),
        shared.receiving(
            context,
            N_("Does Mail ask for the server? Choose POP and type this in."),
            picture=Drawing("mac-pop"),
        ),
        shared.sending(context, picture=Drawing("mac-pop")),
    )


def _mac_end(context: Context) -> tuple[GuideStep, ...]:
    name = context.provider.name
    way = ("Mail", N_("Settings…"), NC_("apple", "Accounts"), name, NC_("apple", "Account Information"))
    tick = N_("Remove copy from server after retrieving a message")
    days = context.retention.days_to_leave_messages_on_server
    choice, drawing = "", Drawing("mac-keep", tick)
    if not context.retention.leave_messages_on_server:
        choice = N_("Right away")
        drawing = Drawing("mac-delete", choice)
    elif days:
        choice = N_("After one week") if days <= 7 else N_("After one month")
        drawing = Drawing("mac-week" if days <= 7 else "mac-month", choice)
    keep = GuideStep(
        "keep",
        shared.by_retention(
            context,
            N_("Remove this tick. Otherwise the Mac deletes your mail at %(provider)s after about 7 days."),
            N_("Choose this time. The Mac offers no time in between."),
            N_("Choose this time. Then the Mac deletes at %(provider)s what it has fetched."),
        ),
        (*way, tick, choice) if choice else (*way, tick),
        drawing,
        note=shared.deletion_note(context),
        otherwise=(Otherwise(Message(N_("In older versions it stands here:")), (NC_("apple", "Advanced"),)),),
    )
    again = Otherwise(
        Message(N_("Is the server for sending “offline”? Type the password there once more:")),
        ("Mail", N_("Settings…"), NC_("apple", "Accounts"), name, N_("Server Settings")),
    )
    fetch = shared.fetch_and_send(
        context,
        N_("Fetch your mail."),
        _MAC_FETCH,
        picture=Drawing("mac-fetch", _MAC_FETCH[-1]),
        note=_removing(context),
        otherwise=(again,),
    )
    return (keep, *fetch)


SOURCE = Source(
    _steps, (Way.FILE, Way.HAND), N_("Not tried on a device. Words of Apple’s help; schema of the file: Apple’s.")
)
