"""What every mail program's export has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from webapp.account import MailAccount
from webapp.text import DEFAULT_LOCALE, N_, InputError, Message


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What besides the account decides the bytes of an export.

    format: one of the client's `formats`, None for the first.
    device: "iphone", "mac" or None; only Apple Mail uses it.
    profile: "existing" adds to the Outlook profile in use, "new" makes one of its own.
    host, organization: of the operator; Apple Mail derives its identifiers from the host.
    file_token: letters and digits that make Outlook's file name unique, because its import is started by name.
    """

    format: str | None = None
    device: str | None = None
    profile: str = "existing"
    locale: str = DEFAULT_LOCALE
    host: str = "localhost"
    organization: str = ""
    file_token: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """A file for a mail program. The same account and options give the same bytes.

    file_name: ASCII, made by us alone, holds no user text.
    notes: what the format could not say and what was written instead.
    """

    file_name: str
    media_type: str
    content: bytes = field(repr=False)
    notes: tuple[Message, ...] = ()


class Client(ABC):
    """A mail program: its id, its name, the systems it runs on, and the formats we write for it.

    A client without formats has a guide only.

    name: a text to translate; one that is the same in every language is its own translation.
    hint: how a person recognises it among similar programs, or what follows from choosing it; one line marked with
    `N_`, "" for none.
    clears_after_days: whether its file can make it delete on the server after a number of days. Only such a program
    may clear the mailbox where several devices fetch from it.
    speaks_pop: False for a program that takes IMAP only, and for one that is no more: its guide leads elsewhere.
    receives: False for a program that only sends.
    notes_in_guide: whether its guide says by itself what the notes of its export say; a page shows one of the two.
    """

    id: str
    name: str
    systems: tuple[str, ...] = ()  # of "windows", "macos", "linux", "ios", "android"
    formats: tuple[str, ...] = ()  # the first is the default
    hint: str = ""
    clears_after_days: bool = False
    speaks_pop: bool = True
    receives: bool = True
    notes_in_guide: bool = False

    def export(self, account: MailAccount, options: ExportOptions | None = None) -> Export:
        """Return the file for `account`; raises InputError where a format or value cannot be written."""
        options = options or ExportOptions()
        name = options.format or (self.formats[0] if self.formats else None)
        if name is None:
            raise InputError(
                Message(N_("There is no file for %(client)s, only a guide."), {"client": Message(self.name)})
            )
        if name not in self.formats:
            raise InputError(
                Message(
                    N_("%(client)s has no format “%(format)s”. There is: %(formats)s."),
                    {"client": Message(self.name), "format": name, "formats": ", ".join(self.formats)},
                )
            )
        return self.writers()[name](account, options)

    @abstractmethod
    def writers(self) -> dict[str, Callable[[MailAccount, ExportOptions], Export]]:
        """Return the function that writes each format."""
