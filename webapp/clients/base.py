"""What every mail program's export has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from webapp.account import MailAccount, Retention
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


class SetBy(StrEnum):
    """What makes a choice of what stays on the server come true in a program."""

    FILE = "file"  # our file carries it
    PROGRAM = "program"  # the program does so unasked
    PERSON = "person"  # by hand, in the program's settings
    PERHAPS = "perhaps"  # by hand, if the program has such a setting: we do not know
    NOTHING = "nothing"  # we know no way: not to be offered


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a program can do with the mail it has fetched: leave all of it on the server, for some days, or none.

    numbers: the only numbers of days to choose from; empty for any.
    way: through the program's menus to this setting, its words separated by " › "; "" where we know none.
    warning: what the program deletes unasked; "" for nothing. Both are marked with `N_`.
    """

    forever: SetBy
    days: SetBy = SetBy.NOTHING
    delete: SetBy = SetBy.NOTHING
    numbers: tuple[int, ...] = ()
    way: str = ""
    warning: str = ""

    def set_by(self, retention: Retention) -> SetBy:
        """Return what makes `retention` come true."""
        if not retention.leave_messages_on_server:
            return self.delete
        days = retention.days_to_leave_messages_on_server
        if days is None:
            return self.forever
        return self.days if not self.numbers or days in self.numbers else SetBy.NOTHING


class Client(ABC):
    """A mail program: its id, its name, the systems it runs on, and the formats we write for it.

    A client without formats has a guide only.

    name: a text to translate; one that is the same in every language is its own translation.
    hint: how a person recognises it among similar programs, or what follows from choosing it; one line marked with
    `N_`, "" for none.
    keeps: what it can do with mail on the server, and who sets it. Only a program whose file can say a number of days
    may clear the mailbox where several devices fetch from it.
    speaks_pop: False for a program that takes IMAP only, and for one that is no more.
    ended: True for a program that is no more: nothing is set up in it, the wizard leads elsewhere.
    receives: False for a program that only sends; sends: False for one that only fetches.
    notes_in_guide: whether its guide says by itself what the notes of its export say; a page shows one of the two.
    """

    id: str
    name: str
    systems: tuple[str, ...] = ()  # of "windows", "macos", "linux", "ios", "android"
    formats: tuple[str, ...] = ()  # the first is the default
    hint: str = ""
    keeps: Keeping
    speaks_pop: bool = True
    ended: bool = False
    receives: bool = True
    sends: bool = True
    notes_in_guide: bool = False

    def keeping(self, device: str | None = None) -> Keeping:
        """Return what it can do with mail on the server, on the device "iphone", "mac" or another."""
        return self.keeps

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
