"""The apps on Android phones."""

from webapp.core.guides.drawings.types import (
    Button,
    Choice,
    Entry,
    Field,
    Icon,
    Kind,
    Switch,
    Tabs,
    Tick,
    Window,
    Words,
)
from webapp.core.text import N_, NC_

_TB = "thunderbird/thunderbird-android a59bd67985 (August 2026)"
_WELCOME = f"{_TB}, WelcomeContent.kt, OnboardingNavHost.kt, feature/onboarding/welcome strings; since 22.0"
_WELCOME_21 = f"{_TB}, feature/onboarding/migration/thunderbird strings: the screen up to 21.1"
_IMPORT = f"{_TB}, feature/settings/import strings"
_SETUP = f"{_TB}, feature/account/setup and server/settings strings"
_KEEPS = f"{_TB}, feature/account/settings/impl strings; German since 22.1"
_SAMSUNG = "antwort.net/a/technologie/samsung-email-pop3-oder-imap.html; app66.de"
_FAIREMAIL = "M66B/FairEmail e23dd9df80 (August 2026), app/src/main/res, values and values-de-rDE"
_GMAIL = "github.com/ovh/docs, mx_plan/how_to_configure_android (Android 13); support.google.com/mail 6078445"

GET_STARTED, IMPORT = NC_("thunderbird-android", "Get started"), NC_("thunderbird-android", "Import settings")
SETTINGS, ADD_ACCOUNT, SIGN_IN, SAVE = N_("Settings"), N_("Add account"), N_("Sign in"), N_("Save")
WHEN_DELETED = NC_("thunderbird-android", "When I delete a message")
_SERVER, _SECURITY = NC_("thunderbird-android", "Server"), NC_("thunderbird-android", "Security")
_PORT, _USER = NC_("field", "Port"), NC_("thunderbird-android", "Username")
_PASSWORD, _ADDRESS, _MANUAL = N_("Password"), N_("Email Address"), N_("Manual setup")
_MENU, _PLUS = Icon("☰", "menu", bare=True), Icon("+", "plus", bare=True)

_THUNDERBIRD = (
    Window(
        "thunderbird-android-start",
        Kind.PHONE,
        "Thunderbird",
        (
            (Button(GET_STARTED, primary=True),),
            (Button(NC_("thunderbird-android", "Import K-9 settings"), quiet=True),),
        ),
        (_WELCOME,),
    ),
    Window(
        "thunderbird-android-choice-21",
        Kind.PHONE,
        "Thunderbird",
        (
            Words(N_("New to Thunderbird?")),
            (Button(N_("Add an email account now")),),
            Words(N_("Moving from another app or device?")),
            (Button(NC_("thunderbird-android", "Import your account settings now")),),
        ),
        (_WELCOME_21,),
    ),
    Window(
        "thunderbird-android-import",
        Kind.PHONE,
        IMPORT,
        (
            (Button(NC_("thunderbird-android", "Select file"), primary=True),),
            (Button(NC_("thunderbird-android", "Scan QR code")),),
            (Button(NC_("thunderbird-android", "Import from app")),),
        ),
        (_IMPORT,),
    ),
    Window(
        "thunderbird-android-password",
        Kind.PHONE,
        IMPORT,
        (
            Field(N_("Incoming server password"), secret=True),
            Tick(N_("Use same password for outgoing server")),
            (Button("OK", quiet=True),),
        ),
        (_IMPORT,),
    ),
    Window(
        "thunderbird-android-settings",
        Kind.PHONE,
        SETTINGS,
        (
            Entry(NC_("thunderbird-android", "Add account"), icon="plus"),
            Words(NC_("thunderbird-android", "Backup")),
            Entry(IMPORT),
        ),
        (f"{_TB}, legacy/ui strings: settings",),
    ),
    Window(
        "thunderbird-android-found",
        Kind.PHONE,
        "Thunderbird",
        (
            Words(NC_("thunderbird-android", "Configuration found"), heading=True),
            (Button(NC_("thunderbird-android", "Edit configuration"), quiet=True),),
        ),
        (_SETUP,),
    ),
    Window(
        "thunderbird-android-receiving",
        Kind.PHONE,
        N_("Incoming server settings"),
        (
            Field(NC_("thunderbird-android", "Protocol"), "POP3", choice=True),
            Field(_SERVER, "{incoming}"),
            Field(_SECURITY, "{incoming_security}", choice=True),
            Field(_PORT, "{incoming_port}"),
            Field(_USER, "{address}"),
            Field(_PASSWORD, secret=True),
        ),
        (_SETUP,),
    ),
    Window(
        "thunderbird-android-sending",
        Kind.PHONE,
        N_("Outgoing server settings"),
        (
            Field(_SERVER, "{outgoing}"),
            Field(_SECURITY, "{outgoing_security}", choice=True),
            Field(_PORT, "{outgoing_port}"),
            Field(_USER, "{address}"),
            Field(_PASSWORD, secret=True),
        ),
        (_SETUP,),
    ),
    Window(
        "thunderbird-android-keep",
        Kind.PHONE,
        WHEN_DELETED,
        (
            Choice(NC_("thunderbird-android", "Do not delete on server"), on=True),
            Choice(NC_("thunderbird-android", "Delete from server")),
            Choice(NC_("thunderbird-android", "Mark as read on server")),
        ),
        (_KEEPS,),
    ),
)

_SAMSUNG_EMAIL = (
    Window(
        "samsung-gear", Kind.PHONE, "Email", ((Icon("☰", "menu", bare=True), Icon(SETTINGS, "gear")),), (_SAMSUNG,)
    ),
    Window("samsung-settings", Kind.PHONE, SETTINGS, (Entry(ADD_ACCOUNT, icon="plus"),), (_SAMSUNG,)),
    Window(
        "samsung-address",
        Kind.PHONE,
        ADD_ACCOUNT,
        (
            Field(_ADDRESS, "{address}"),
            Field(_PASSWORD, secret=True),
            (Button(_MANUAL), Button(SIGN_IN)),
        ),
        (_SAMSUNG,),
    ),
    Window(
        "samsung-keep",
        Kind.PHONE,
        _MANUAL,
        (Field(N_("Delete email from server"), NC_("delete", "Never"), choice=True), (Button(SIGN_IN, primary=True),)),
        (_SAMSUNG,),
    ),
)

_FAIR_EMAIL = (
    Window(
        "fairemail-settings",
        Kind.PHONE,
        SETTINGS,
        (
            Tabs((N_("Main"), NC_("fairemail", "Backup")), N_("Main")),
            Entry(N_("Manual setup and account options"), icon="down"),
        ),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-backup",
        Kind.PHONE,
        SETTINGS,
        (
            Tabs((N_("Main"), NC_("fairemail", "Backup")), NC_("fairemail", "Backup")),
            (Button(NC_("fairemail", "Import settings")),),
        ),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-import",
        Kind.PHONE,
        NC_("fairemail", "Import settings"),
        (
            Field(_PASSWORD, secret=True),
            Tick(NC_("fairemail", "Delete existing accounts first"), on=False),
            (Button(NC_("fairemail", "Select file"), quiet=True),),
        ),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-enable",
        Kind.PHONE,
        "POP3",
        (Field(_PASSWORD, secret=True), Tick(NC_("fairemail", "Enabled")), (Button(SAVE, primary=True),)),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-enable-identity",
        Kind.PHONE,
        N_("Identities"),
        (
            (Button(NC_("fairemail", "Advanced")),),
            Field(_PASSWORD, secret=True),
            Tick(NC_("fairemail", "Enabled")),
            (Button(SAVE, primary=True),),
        ),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-manual",
        Kind.PHONE,
        N_("Manual setup and account options"),
        (Entry(N_("Accounts"), icon="person"), Entry(N_("Identities"), icon="person")),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-account",
        Kind.PHONE,
        "POP3",
        (
            Field(NC_("fairemail", "Host name"), "{incoming}"),
            Field(NC_("fairemail", "Port number"), "{incoming_port}"),
            Field(N_("User name"), "{address}"),
            Field(_PASSWORD, secret=True),
        ),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-sending",
        Kind.PHONE,
        N_("Identities"),
        (
            Field(NC_("fairemail", "Host name"), "{outgoing}"),
            Field(NC_("fairemail", "Port number"), "{outgoing_port}"),
            Field(N_("User name"), "{address}"),
            Field(_PASSWORD, secret=True),
            (Button(SAVE, primary=True),),
        ),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-keep",
        Kind.PHONE,
        "POP3",
        (Switch(NC_("fairemail", "Leave messages on server")), (Button(SAVE, primary=True),)),
        (_FAIREMAIL,),
    ),
    Window(
        "fairemail-delete",
        Kind.PHONE,
        "POP3",
        (Switch(NC_("fairemail", "Leave messages on server"), on=False), (Button(SAVE, primary=True),)),
        (_FAIREMAIL,),
    ),
)

_GMAIL_APP = (
    Window("gmail-picture", Kind.PHONE, "Gmail", (Entry(N_("Add another account"), icon="person"),), (_GMAIL,)),
    Window("gmail-type", Kind.PHONE, "Gmail", (Entry(N_("Personal (IMAP)")),), (_GMAIL,)),
)

WINDOWS = (*_THUNDERBIRD, *_SAMSUNG_EMAIL, *_FAIR_EMAIL, *_GMAIL_APP)
