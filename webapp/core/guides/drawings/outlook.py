"""Classic Outlook for Windows. It has two interfaces for one thing; which one appears, the person cannot choose."""

from webapp.core.guides.drawings.types import (
    Button,
    Choice,
    Control,
    Entry,
    Field,
    Kind,
    Switch,
    Tabs,
    Tick,
    Window,
    Words,
)
from webapp.core.text import N_, NC_

_OVH = "github.com/ovh/docs, mx_plan/how_to_configure_outlook_2016 (9 January 2026): both interfaces"
_OVH_GERMAN = "github.com/ovh/docs, how_to_configure_outlook_2016/guide.de-de.md and email_pro: the German words"
_FORUM = "answers.microsoft.com f78f75ac (POP is set up by hand only)"
_DELIVERY = "valice.com/docs, Storing/Deleting Messages from Mail Server: More Settings, Advanced, Delivery"
_CLASSIC = "christianwebhosting.com/2016/09/microsoft-outlook-2016: the classic windows one after the other"
_PROFILES = (
    "contactgenie.info, Understanding the Outlook Profile; support.microsoft.com 9073a8ac: Mail in Control Panel"
)

FILE, HOME, SEND_RECEIVE = NC_("outlook", "File"), NC_("outlook", "Home"), N_("Send / Receive")
ADD_ACCOUNT, ACCOUNT_SETTINGS = N_("Add Account"), N_("Account Settings")
NEXT, CONNECT, PASSWORD = N_("Next"), N_("Connect"), NC_("outlook", "Password")
ADDRESS, USER_NAME = N_("Email Address"), N_("User name")
INCOMING, OUTGOING = N_("Incoming mail server"), N_("Outgoing mail server (SMTP)")
MORE_SETTINGS, OUTGOING_TAB, ADVANCED = N_("More Settings"), N_("Outgoing Server"), NC_("outlook", "Advanced")
LEAVE, REMOVE = N_("Leave a copy of messages on the server"), N_("Remove from server after … days")
_TABS = (NC_("outlook", "General"), OUTGOING_TAB, ADVANCED)
_POP_SETTINGS, _INTERNET = N_("POP account settings"), N_("Internet E-mail Settings")
_SECURITY = N_("Encryption method")
_SERVER, _PORT = NC_("outlook", "Server"), NC_("field", "Port")


def _retention(keep: bool, days: bool) -> tuple[Tick, ...]:
    return (Tick(LEAVE, on=keep), *((Tick(REMOVE, on=days, number="days"),) if keep else ()))


def _keeping(suffix: str, *, keep: bool, days: bool = False) -> tuple[Window, Window]:
    """Return where what stays on the server is set: in the classic interface, and in the other one."""
    ticks = _retention(keep, days)
    classic: tuple[Control, ...] = (Tabs(_TABS[1:], ADVANCED), Words(N_("Delivery"), heading=True), *ticks)
    return (
        Window(f"outlook-{suffix}", Kind.DIALOG, _INTERNET, classic, (_OVH, _DELIVERY)),
        Window(f"outlook-server-{suffix}", Kind.DIALOG, _POP_SETTINGS, ticks, (_OVH, _DELIVERY)),
    )


_PROGRAM = (
    Window("outlook-file", Kind.DIALOG, "Outlook", (Tabs((FILE, HOME), HOME),), (_OVH, _OVH_GERMAN)),
    Window(
        "outlook-fetch",
        Kind.DIALOG,
        "Outlook",
        (
            Tabs((HOME, SEND_RECEIVE), SEND_RECEIVE),
            Entry(N_("Send/Receive All Folders"), icon="mail"),
        ),
        ("support.microsoft.com: the tab Send / Receive",),
    ),
    Window(
        "outlook-info",
        Kind.DIALOG,
        "Outlook",
        (
            Words(NC_("outlook", "Account Information"), heading=True),
            Field("", "{address}", choice=True),
            Entry(ADD_ACCOUNT, icon="plus"),
            Entry(ACCOUNT_SETTINGS, icon="person"),
        ),
        (_OVH, _OVH_GERMAN),
    ),
    Window(
        "outlook-accounts",
        Kind.DIALOG,
        ACCOUNT_SETTINGS,
        (
            Tabs((N_("Email"), N_("Data Files")), N_("Email")),
            (Button(NC_("outlook", "New")), Button(N_("Change"))),
            Entry("{address}", detail="POP/SMTP", chosen=True),
        ),
        (_OVH, _OVH_GERMAN, _PROFILES),
    ),
    Window(
        "outlook-new-switch",
        Kind.DIALOG,
        "Outlook",
        (Switch(N_("New Outlook"), on=False),),
        ("learn.microsoft.com, the switch “New Outlook” at the top right",),
    ),
    Window(
        "outlook-ask-password",
        Kind.DIALOG,
        N_("Internet E-mail"),
        (
            Field(USER_NAME, "{address}"),
            Field(PASSWORD, secret=True),
            Tick(N_("Remember password")),
            (Button("OK", primary=True),),
        ),
        ("SixFive7/OutlookAI, Docs/research/pop3-account-routes.md: the question for the password",),
    ),
    Window(
        "windows-run",
        Kind.DIALOG,
        N_("Run"),
        (Field(NC_("windows", "Open"), "outlook.exe /importprf …"), (Button("OK", primary=True),)),
        ("learn.microsoft.com, Command-line switches for Microsoft Office products",),
    ),
)


def _servers(id_: str, title: str) -> Window:
    rows = (
        Words(N_("Incoming mail"), heading=True),
        (Field(_SERVER, "{incoming}"), Field(_PORT, "{incoming_port}")),
        Field(_SECURITY, "{incoming_security}", choice=True),
        Words(N_("Outgoing mail"), heading=True),
        (Field(_SERVER, "{outgoing}"), Field(_PORT, "{outgoing_port}")),
        Field(_SECURITY, "{outgoing_security}", choice=True),
        (Button(NEXT, primary=True),),
    )
    return Window(id_, Kind.DIALOG, title, rows, (_OVH, _OVH_GERMAN))


_SIMPLE = (
    Window(
        "outlook-address",
        Kind.DIALOG,
        "Outlook",
        (
            Field(ADDRESS, "{address}"),
            Entry(N_("Advanced options"), icon="down"),
            Tick(N_("Let me set up my account manually")),
            (Button(CONNECT, primary=True),),
        ),
        (_OVH, _OVH_GERMAN, _FORUM),
    ),
    Window(
        "outlook-type",
        Kind.DIALOG,
        "Outlook",
        (Entry("POP", icon="mail"), Entry("IMAP", icon="mail")),
        (_OVH, _FORUM),
    ),
    Window(
        "outlook-password",
        Kind.DIALOG,
        "Outlook",
        (Field(PASSWORD, secret=True), (Button(CONNECT, primary=True),)),
        (_OVH, _OVH_GERMAN),
    ),
    _servers("outlook-servers", _POP_SETTINGS),
    _servers("outlook-imap-servers", N_("IMAP account settings")),
)

_WIZARD = (
    Window(
        "outlook-start",
        Kind.DIALOG,
        ADD_ACCOUNT,
        (Choice(N_("Manual setup or additional server types"), on=True), (Button(NEXT),)),
        (_OVH, _OVH_GERMAN, _CLASSIC),
    ),
    Window(
        "outlook-pop",
        Kind.DIALOG,
        ADD_ACCOUNT,
        (Choice(N_("POP or IMAP"), on=True), (Button(NEXT),)),
        (_OVH, _OVH_GERMAN, _CLASSIC),
    ),
    Window(
        "outlook-account",
        Kind.DIALOG,
        ADD_ACCOUNT,
        (
            Field(N_("Account type"), "POP3", choice=True),
            Field(INCOMING, "{incoming}"),
            Field(OUTGOING, "{outgoing}"),
        ),
        (_OVH, _OVH_GERMAN, _CLASSIC),
    ),
    Window(
        "outlook-account-end",
        Kind.DIALOG,
        ADD_ACCOUNT,
        ((Button(MORE_SETTINGS),), (Button(NEXT),)),
        (_OVH, _OVH_GERMAN, _CLASSIC),
    ),
    Window("outlook-more", Kind.DIALOG, _INTERNET, (Tabs(_TABS, _TABS[0]),), (_OVH, _CLASSIC)),
    Window(
        "outlook-outgoing",
        Kind.DIALOG,
        _INTERNET,
        (
            Tabs(_TABS[:2], OUTGOING_TAB),
            Tick(N_("My outgoing server (SMTP) requires authentication")),
        ),
        (_OVH, _OVH_GERMAN, _CLASSIC),
    ),
    Window(
        "outlook-ports",
        Kind.DIALOG,
        _INTERNET,
        (
            Tabs(_TABS[1:], ADVANCED),
            Field(NC_("field", "Incoming server (POP3)"), "{incoming_port}", short=True),
            Tick(N_("This server requires an encrypted connection")),
            Field(NC_("field", "Outgoing server (SMTP)"), "{outgoing_port}", short=True),
            Field(N_("Type of encrypted connection"), "{outgoing_security}", choice=True),
        ),
        (_OVH, _OVH_GERMAN, "wintotal.de/tipp/e-mail-anbieter-starten-zwangs-ssl-verschluesselung"),
    ),
    *_keeping("keep", keep=True),
    *_keeping("keep-days", keep=True, days=True),
    *_keeping("delete", keep=False),
)

_CONTROL_PANEL = (
    Window(
        "windows-search",
        Kind.DIALOG,
        N_("Windows search"),
        (Field("", N_("Control Panel")), Entry(N_("Control Panel"), icon="gear")),
        ("support.microsoft.com: open Control Panel by searching for it",),
    ),
    Window(
        "windows-control-panel",
        Kind.DIALOG,
        N_("Control Panel"),
        (
            Field("", NC_("outlook", "Mail")),
            Entry("Mail (Microsoft Outlook)", icon="mail"),
        ),
        (_PROFILES,),
    ),
    Window(
        "outlook-mail-setup",
        Kind.DIALOG,
        N_("Mail Setup – Outlook"),
        ((Button(N_("Email Accounts")),), (Button(N_("Data Files")),), (Button(N_("Show Profiles")),)),
        (_PROFILES, "acs-css.com/Technology/outlookaddremoveaccts.aspx"),
    ),
    Window(
        "outlook-profiles",
        Kind.DIALOG,
        NC_("outlook", "Mail"),
        (
            (Button(N_("Add")),),
            Choice(N_("Prompt for a profile to be used"), on=True),
        ),
        (_PROFILES, "support.microsoft.com de-de 9073a8ac"),
    ),
)

WINDOWS = (*_PROGRAM, *_SIMPLE, *_WIZARD, *_CONTROL_PANEL)
