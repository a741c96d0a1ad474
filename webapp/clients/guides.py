"""Programs for which no file exists: a guide leads through their menus and gives the values to copy.

What each can do, how we know it and how sure we are stands in docs/clients.md, and in a comment of its guide.
"""

from __future__ import annotations

from collections.abc import Callable

from webapp.account import MailAccount
from webapp.clients.base import Client, Export, ExportOptions
from webapp.text import N_


class Guide(Client):
    """A program without a file: its page has the values and the way through its menus."""

    def __init__(self, id_: str, name: str, *systems: str, hint: str = "", speaks_pop: bool = True) -> None:
        self.id, self.name, self.systems, self.hint, self.speaks_pop = id_, name, systems, hint, speaks_pop

    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        return {}


GUIDES: tuple[Guide, ...] = (
    Guide(
        "outlook-new",
        N_("Outlook for Windows (new)"),
        "windows",
        hint=N_("At the top left there is no menu “File”"),
    ),
    Guide(
        "windows-mail",
        N_("Windows Mail (envelope in the start menu)"),
        "windows",
        hint=N_("Microsoft has ended this program; we show what to use instead"),
        speaks_pop=False,
    ),
    Guide("em-client", "eM Client", "windows", "macos"),
    Guide("outlook-mac", N_("Outlook for Mac"), "macos"),
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
    ),
    Guide(
        "gmail-app",
        N_("Gmail app"),
        "android",
        "ios",
        hint=N_("Works with GMX by IMAP only; we give you the values"),
        speaks_pop=False,
    ),
    Guide("fairemail", "FairEmail", "android"),
    Guide("bluemail", "BlueMail", "windows", "macos", "linux", "android", "ios"),
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
