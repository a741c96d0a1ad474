"""The new Outlook for Windows, and Outlook for the Mac."""

from webapp.core.guides.drawings.outlook import ADDRESS, LEAVE
from webapp.core.guides.drawings.types import Button, Entry, Field, Icon, Kind, Tick, Window, Words
from webapp.core.text import N_, NC_

_NEW = "help.infocert.digital, guide for Microsoft 365: Settings, Accounts, Choose provider, POP; the note on the cloud"
_MAC = "support.microsoft.com, Basic POP account settings for Outlook for Mac; 6aeec61b, Add an email account"
_OVH_MAC = "github.com/ovh/docs, mx_plan/how_to_configure_outlook_2016_mac, English and German"

SETTINGS, ACCOUNTS, CHOOSE_PROVIDER = N_("Settings"), N_("Accounts"), N_("Choose provider")
_LEAVE_MAC = N_("Leave a copy of each message on the server")

WINDOWS = (
    Window(
        "outlook-new-settings",
        Kind.DIALOG,
        SETTINGS,
        (
            Entry(ACCOUNTS, icon="person"),
            Entry(N_("Your accounts"), opens=True),
            (Button(N_("Add account"), primary=True),),
        ),
        (_NEW,),
    ),
    Window(
        "outlook-new-address",
        Kind.DIALOG,
        N_("Add account"),
        (Field(ADDRESS, "{address}"), (Button(CHOOSE_PROVIDER, quiet=True),), (Button(N_("Continue"), primary=True),)),
        (_NEW,),
    ),
    Window("outlook-new-keep", Kind.DIALOG, "POP", (Tick(LEAVE),), (_NEW,)),
    Window("outlook-new-delete", Kind.DIALOG, "POP", (Tick(LEAVE, on=False),), (_NEW,)),
    Window(
        "outlook-new-cloud",
        Kind.DIALOG,
        "Outlook",
        (Words(N_("Outlook copies your mail to Microsoft’s cloud.")), (Button(N_("Continue"), primary=True),)),
        (_NEW,),
    ),
    Window(
        "outlook-mac-accounts",
        Kind.MAC,
        ACCOUNTS,
        ((Icon("+", "plus", bare=True),), Entry(N_("New Account"))),
        (_MAC, _OVH_MAC),
    ),
    Window(
        "outlook-mac-address",
        Kind.MAC,
        N_("New Account"),
        (Field(ADDRESS, "{address}"), (Button(N_("Continue"), primary=True),)),
        (_MAC, _OVH_MAC),
    ),
    Window(
        "outlook-mac-pop",
        Kind.MAC,
        N_("New Account"),
        ((Button(N_("Not IMAP?"), quiet=True),), (Button(CHOOSE_PROVIDER),)),
        (_MAC,),
    ),
    Window(
        "outlook-mac-receiving",
        Kind.MAC,
        N_("New Account"),
        (
            Field(N_("User name"), "{address}"),
            Field(NC_("outlook", "Password"), secret=True),
            Field(N_("Incoming server"), "{incoming}"),
            Field(N_("Incoming port"), "{incoming_port}"),
            Tick(N_("Use SSL to connect")),
        ),
        (_OVH_MAC,),
    ),
    Window(
        "outlook-mac-sending",
        Kind.MAC,
        N_("New Account"),
        (
            Field(N_("Outgoing server"), "{outgoing}"),
            Field(N_("Outgoing port"), "{outgoing_port}"),
            Tick(N_("Use SSL to connect")),
        ),
        (_OVH_MAC,),
    ),
    Window("outlook-mac-keep", Kind.MAC, NC_("outlook-mac", "Server"), (Tick(_LEAVE_MAC),), (_MAC,)),
    Window("outlook-mac-delete", Kind.MAC, NC_("outlook-mac", "Server"), (Tick(_LEAVE_MAC, on=False),), (_MAC,)),
)
