"""Mail on iPhone, iPad and Mac."""

from webapp.core.guides.drawings.types import Button, Choice, Entry, Field, Kind, Tabs, Tick, Window, Words
from webapp.core.text import N_, NC_

_PROFILE = "support.apple.com HT209435, German: “Profil geladen”, “Installieren”"
_ALLOW = "paulmillr/encrypted-dns, README: Allow in Safari"
_MANAGEMENT = "kb.mailbox.org, iOS-Profile: Allgemein, VPN & Geräteverwaltung"
_PATH = "infomaniak.com/en/support/faq/2556: the path since iOS 18"
_OVH = "github.com/ovh/docs, mx_plan/how_to_configure_ios, English and German; support.apple.com 102619"
_OPTIONS = "support.appriver.com a986: Advanced; the German words of the choices as in older versions"
_MAC_PROFILE = "support.apple.com mh35561 and mh35474: Device Management"
_OVH_MAC = "github.com/ovh/docs, mx_plan/how_to_configure_mail_macos, English and German; support.apple.com HT203995"
_MAC_FETCH = "support.apple.com, Mail user guide: Mailbox, Get All New Mail"
_MAC_KEEPS = "mi4p.helpjuice.com/en_US/e-mail/323: Account Information; the German words after the meaning"

SETTINGS, GENERAL, INSTALL = N_("Settings"), NC_("apple", "General"), N_("Install")
ADD_ACCOUNT, OTHER, NEW_ACCOUNT = NC_("apple", "Add Account"), NC_("apple", "Other"), NC_("apple", "New Account")
MAIL = NC_("apple", "Mail")
NEXT, CONTINUE, PASSWORD, SAVE = N_("Next"), NC_("apple", "Continue"), N_("Password"), NC_("apple", "Save")
ADDRESS, MAIL_ACCOUNTS, DELETE = N_("Email Address"), N_("Mail Accounts"), N_("Delete from server")
_HOST, _USER = N_("Host Name"), N_("User Name")
_INCOMING, _OUTGOING = NC_("apple", "Incoming Mail Server"), NC_("apple", "Outgoing Mail Server")
_PROFILE_NAME = NC_("apple", "{provider} e-mail (POP)")
_REMOVE = N_("Remove copy from server after retrieving a message")
_MAC_TABS = (NC_("apple", "Account Information"), N_("Server Settings"))


def _mac_keeps(suffix: str, time: str = "") -> Window:
    rows = (Tabs(_MAC_TABS, _MAC_TABS[0]), Tick(_REMOVE, on=bool(time)))
    chosen = (Entry(time, icon="tick"),) if time else ()
    return Window(f"mac-{suffix}", Kind.MAC, NC_("apple", "Accounts"), (*rows, *chosen), (_MAC_KEEPS,))


_IPHONE = (
    Window("iphone-allow", Kind.PHONE, "Safari", ((Button(N_("Allow")),),), (_ALLOW,)),
    Window(
        "iphone-files",
        Kind.PHONE,
        N_("Files"),
        (Entry(N_("Downloads"), icon="folder", opens=True),),
        ("mullvad/encrypted-dns-profiles, issues 9 and 14",),
    ),
    Window(
        "iphone-settings",
        Kind.PHONE,
        SETTINGS,
        (Entry(N_("Profile Downloaded"), icon="file", opens=True), Entry(GENERAL, icon="gear", opens=True)),
        (_PROFILE,),
    ),
    Window(
        "iphone-general",
        Kind.PHONE,
        GENERAL,
        (Entry(N_("VPN & Device Management"), opens=True),),
        (_MANAGEMENT,),
    ),
    Window(
        "iphone-install",
        Kind.PHONE,
        NC_("apple", "Profile"),
        ((Button(INSTALL, quiet=True),), Entry(_PROFILE_NAME, detail="{address}", icon="file")),
        (_PROFILE,),
    ),
    Window(
        "iphone-password",
        Kind.PHONE,
        PASSWORD,
        ((Button(NEXT, quiet=True),), Field(PASSWORD, secret=True)),
        (_PROFILE,),
    ),
    Window("iphone-accounts", Kind.PHONE, MAIL_ACCOUNTS, (Entry(ADD_ACCOUNT, opens=True),), (_PATH, _OVH)),
    Window("iphone-other", Kind.PHONE, OTHER, (Entry(N_("Add Mail Account"), opens=True),), (_OVH,)),
    Window(
        "iphone-address",
        Kind.PHONE,
        NEW_ACCOUNT,
        (
            (Button(NEXT, quiet=True),),
            Field(NC_("apple", "Name"), "{name}"),
            Field(NC_("apple", "Email"), "{address}"),
            Field(PASSWORD, secret=True),
            Field(N_("Description"), "{provider}"),
        ),
        (_OVH,),
    ),
    Window(
        "iphone-pop",
        Kind.PHONE,
        NEW_ACCOUNT,
        (
            Tabs(("IMAP", "POP"), "POP"),
            Words(_INCOMING, heading=True),
            Field(_HOST, "{incoming}"),
            Field(_USER, "{address}"),
            Field(PASSWORD, secret=True),
        ),
        (_OVH,),
    ),
    Window(
        "iphone-sending",
        Kind.PHONE,
        NEW_ACCOUNT,
        (
            (Button(SAVE, quiet=True),),
            Words(_OUTGOING, heading=True),
            Field(_HOST, "{outgoing}"),
            Field(_USER, "{address}"),
            Field(PASSWORD, secret=True),
        ),
        (_OVH,),
    ),
    Window(
        "iphone-advanced",
        Kind.PHONE,
        N_("Advanced"),
        (Entry(DELETE, opens=True),),
        (_PATH, _OPTIONS),
    ),
    Window(
        "iphone-delete",
        Kind.PHONE,
        DELETE,
        (Choice(NC_("delete", "Never")), Choice(N_("Seven days"), on=True)),
        (_PATH, _OPTIONS),
    ),
)

_MAC = (
    Window("mac-downloads", Kind.MAC, N_("Downloads"), (Entry("{file}", icon="file"),), (_MAC_PROFILE,)),
    Window("mac-password", Kind.MAC, N_("Device Management"), (Field(PASSWORD, secret=True),), (_MAC_PROFILE,)),
    Window("mac-fetch", Kind.MENU, N_("Mailbox"), (Entry(N_("Get All New Mail"), icon="mail"),), (_MAC_FETCH,)),
    Window(
        "mac-settings",
        Kind.MAC,
        N_("System Settings"),
        (Entry(GENERAL, icon="gear"), Entry(N_("Device Management"))),
        (_MAC_PROFILE,),
    ),
    Window(
        "mac-install",
        Kind.MAC,
        N_("Device Management"),
        (Entry(_PROFILE_NAME, detail="{address}", icon="file"), (Button(INSTALL, primary=True),)),
        (_MAC_PROFILE,),
    ),
    Window(
        "mac-provider",
        Kind.MAC,
        MAIL,
        (Choice(N_("Other Mail Account…"), on=True), (Button(CONTINUE, primary=True),)),
        (_OVH_MAC,),
    ),
    Window(
        "mac-address",
        Kind.MAC,
        N_("Add a Mail Account"),
        (
            Field(NC_("apple", "Name"), "{name}"),
            Field(ADDRESS, "{address}"),
            Field(PASSWORD, secret=True),
            (Button(N_("Sign In"), primary=True),),
        ),
        (_OVH_MAC,),
    ),
    Window(
        "mac-pop",
        Kind.MAC,
        N_("Add a Mail Account"),
        (
            Field(ADDRESS, "{address}"),
            Field(_USER, "{address}"),
            Field(N_("Account Type"), "POP", choice=True),
            Field(_INCOMING, "{incoming}"),
            Field(_OUTGOING, "{outgoing}"),
            (Button(N_("Sign In"), primary=True),),
        ),
        (_OVH_MAC,),
    ),
    _mac_keeps("keep"),
    _mac_keeps("week", N_("After one week")),
    _mac_keeps("month", N_("After one month")),
    _mac_keeps("delete", N_("Right away")),
)

WINDOWS = (*_IPHONE, *_MAC)
