"""Programs for which no file exists: a guide leads through their menus and gives the values to copy.

What each can do, how we know it and how sure we are stands in docs/clients.md, and in a comment of its guide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from webapp.account import MailAccount
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.text import N_

STAYS = Keeping(SetBy.PROGRAM)  # by IMAP, or because nothing is set up at all
BY_HAND = Keeping(SetBy.PERSON, SetBy.PERHAPS, SetBy.PERSON)


class Guide(Client):
    """A program without a file: its page has the values and the way through its menus."""

    def __init__(
        self,
        id_: str,
        name: str,
        *systems: str,
        hint: str = "",
        speaks_pop: bool = True,
        ended: bool = False,
        keeps: Keeping = BY_HAND,
    ) -> None:
        self.id, self.name, self.systems, self.hint = id_, name, systems, hint
        self.speaks_pop, self.ended = speaks_pop, ended
        self.keeps = keeps if speaks_pop else STAYS

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
        hint=N_("IMAP fits this app better; we give you the values"),
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
        hint=N_("Works with GMX by IMAP only; we give you the values"),
        speaks_pop=False,
    ),
    Guide(
        "fairemail",
        "FairEmail",
        "android",
        keeps=replace(BY_HAND, way=N_("☰ › Settings › Manual setup and account options › Accounts › + › POP3")),
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
        hint=N_("Works with GMX by IMAP only; we give you the values"),
        speaks_pop=False,
    ),
)
