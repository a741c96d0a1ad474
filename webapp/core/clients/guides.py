"""Programs without an export: a guide through their menus, with the values to copy.

Sources and certainty: docs/clients.md, and a comment in each guide.
"""

from dataclasses import replace
from functools import partial

from webapp.core.clients.base import Client, Keeping, SetBy
from webapp.core.text import N_

STAYS = Keeping(SetBy.PROGRAM)  # IMAP, or nothing is set up
BY_HAND = Keeping(SetBy.PERSON, SetBy.PERHAPS, SetBy.PERSON)
ALL_BY_HAND = Keeping(SetBy.PERSON, SetBy.PERSON, SetBy.PERSON)
CLAWS_MAIL = Keeping(
    SetBy.PERSON,
    SetBy.PERSON,
    SetBy.PERSON,
    way=N_("Configuration › Edit accounts › Receive › Remove messages on server when received"),
    warning=N_("Claws Mail deletes after some days unless you change it."),
)
_without_pop = partial(Client, speaks_pop=False, keeps=STAYS)
_imap = partial(_without_pop, hint=N_("Knows IMAP only: what you delete there is gone at %(provider)s too"))


GUIDES: tuple[Client, ...] = (
    Client(
        id="outlook-new",
        name=N_("Outlook for Windows (new)"),
        systems=("windows",),
        hint=N_("At the top left there is no menu “File”"),
        keeps=Keeping(SetBy.PERHAPS, SetBy.PERHAPS, SetBy.PERHAPS),
    ),
    _without_pop(
        id="windows-mail",
        name=N_("Windows Mail (envelope in the start menu)"),
        systems=("windows",),
        hint=N_("Microsoft has ended this program; we show what to use instead"),
        ended=True,
    ),
    Client(
        id="em-client",
        name="eM Client",
        systems=("windows", "macos"),
        keeps=replace(BY_HAND, way=N_("Menu › Accounts › your account › POP3")),
    ),
    Client(
        id="outlook-mac",
        name=N_("Outlook for Mac"),
        systems=("macos",),
        keeps=replace(BY_HAND, way=N_("Outlook › Settings… › Accounts › your account › More Options › Server")),
    ),
    _imap(id="outlook-mobile", name=N_("Outlook on phone or tablet"), systems=("android", "ios")),
    Client(
        id="samsung-email",
        name=N_("Samsung Email"),
        systems=("android",),
        hint=N_("The app “Email” that comes with Samsung phones"),
        keeps=Keeping(SetBy.PERSON),
    ),
    _imap(id="gmail-app", name=N_("Gmail app"), systems=("android", "ios")),
    Client(
        id="bluemail",
        name="BlueMail",
        systems=("windows", "macos", "linux", "android", "ios"),
        keeps=Keeping(
            SetBy.PROGRAM, way=N_("Settings › Account Settings › your account › Delete Messages on Server › Never")
        ),
    ),
    _imap(id="spark", name="Spark", systems=("windows", "macos", "android", "ios")),
    Client(id="claws-mail", name="Claws Mail", systems=("linux", "windows"), keeps=CLAWS_MAIL),
    Client(
        id="evolution",
        name="Evolution",
        systems=("linux",),
        keeps=replace(ALL_BY_HAND, way=N_("Edit › Accounts › your account › Receiving Options")),
    ),
    Client(
        id="kmail",
        name="KMail",
        systems=("linux",),
        keeps=replace(
            ALL_BY_HAND, way=N_("Settings › Configure KMail › Accounts › Receiving › your account › Advanced")
        ),
    ),
    _imap(id="mailspring", name="Mailspring", systems=("windows", "macos", "linux")),
    _imap(id="nextcloud-mail", name="Nextcloud Mail", systems=("windows", "macos", "linux")),
    _imap(id="wino-mail", name="Wino Mail", systems=("windows",)),
    Client(
        id="device",
        name=N_("Printer, scanner, NAS or web service"),
        systems=("windows", "macos", "linux"),
        hint=N_("For what only sends mail, Home Assistant too"),
        receives=False,
        keeps=STAYS,
    ),
)
