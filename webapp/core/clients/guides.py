"""Programs without an export: a guide through their menus, with the values to copy.

Sources and certainty: docs/clients.md, and a comment in each guide.
"""

from collections.abc import Callable
from dataclasses import replace

from webapp.core.account import MailAccount
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
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
_ONLY_IMAP = N_("Knows IMAP only; we give you the values")


class Guide(Client):
    """A program without an export."""

    def __init__(
        self,
        id_: str,
        name: str,
        *systems: str,
        hint: str = "",
        speaks_pop: bool = True,
        ended: bool = False,
        receives: bool = True,
        keeps: Keeping = BY_HAND,
    ) -> None:
        self.id, self.name, self.systems, self.hint = id_, name, systems, hint
        self.speaks_pop, self.ended, self.receives = speaks_pop, ended, receives
        self.keeps = keeps if speaks_pop and receives else STAYS

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {}


GUIDES: tuple[Guide, ...] = (
    Guide(
        "outlook-new",
        N_("Outlook for Windows (new)"),
        "windows",
        hint=N_("At the top left there is no menu “File”"),
        keeps=Keeping(SetBy.PERHAPS, SetBy.PERHAPS, SetBy.PERHAPS),
    ),
    Guide(
        "windows-mail",
        N_("Windows Mail (envelope in the start menu)"),
        "windows",
        hint=N_("Microsoft has ended this program; we show what to use instead"),
        speaks_pop=False,
        ended=True,
    ),
    Guide(
        "em-client",
        "eM Client",
        "windows",
        "macos",
        keeps=replace(BY_HAND, way=N_("Menu › Accounts › your account › POP3")),
    ),
    Guide(
        "outlook-mac",
        N_("Outlook for Mac"),
        "macos",
        keeps=replace(BY_HAND, way=N_("Outlook › Settings… › Accounts › your account › More Options › Server")),
    ),
    Guide(
        "outlook-mobile",
        N_("Outlook on phone or tablet"),
        "android",
        "ios",
        hint=N_("Works with %(provider)s by IMAP: everything stays there"),
        speaks_pop=False,
    ),
    Guide(
        "samsung-email",
        N_("Samsung Email"),
        "android",
        hint=N_("The app “Email” that comes with Samsung phones"),
        keeps=Keeping(SetBy.PERSON),
    ),
    Guide(
        "gmail-app",
        N_("Gmail app"),
        "android",
        "ios",
        hint=_ONLY_IMAP,
        speaks_pop=False,
    ),
    Guide(
        "bluemail",
        "BlueMail",
        "windows",
        "macos",
        "linux",
        "android",
        "ios",
        keeps=Keeping(
            SetBy.PROGRAM, way=N_("Settings › Account Settings › your account › Delete Messages on Server › Never")
        ),
    ),
    Guide(
        "spark",
        "Spark",
        "windows",
        "macos",
        "android",
        "ios",
        hint=_ONLY_IMAP,
        speaks_pop=False,
    ),
    Guide("claws-mail", "Claws Mail", "linux", "windows", keeps=CLAWS_MAIL),
    Guide(
        "evolution",
        "Evolution",
        "linux",
        keeps=replace(ALL_BY_HAND, way=N_("Edit › Accounts › your account › Receiving Options")),
    ),
    Guide(
        "kmail",
        "KMail",
        "linux",
        keeps=replace(
            ALL_BY_HAND, way=N_("Settings › Configure KMail › Accounts › Receiving › your account › Advanced")
        ),
    ),
    Guide("mailspring", "Mailspring", "windows", "macos", "linux", hint=_ONLY_IMAP, speaks_pop=False),
    Guide("nextcloud-mail", "Nextcloud Mail", "windows", "macos", "linux", hint=_ONLY_IMAP, speaks_pop=False),
    Guide("wino-mail", "Wino Mail", "windows", hint=_ONLY_IMAP, speaks_pop=False),
    Guide(
        "device",
        N_("Printer, scanner, NAS or web service"),
        "windows",
        "macos",
        "linux",
        hint=N_("For what only sends mail, Home Assistant too"),
        receives=False,
    ),
)
