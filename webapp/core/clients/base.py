"""The interface of a mail program and its export."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from webapp.core.account import MailAccount, Retention
from webapp.core.text import DEFAULT_LOCALE, N_, InputError, Message


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What else the bytes of an export depend on.

    format: one of the client's `formats`, None for the first.
    device: "iphone", "mac" or None; only Apple Mail uses it.
    profile: "existing" adds to the Outlook profile in use, "new" makes one of its own.
    host, organization: of the operator; Apple Mail derives its identifiers from the host.
    file_token: letters and digits for a unique file name; Outlook's import is started by file name.
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
    """A file for a mail program. Deterministic: the same account and options give the same bytes.

    file_name: ASCII, without user text.
    notes: what the format cannot express and what was written instead.
    """

    file_name: str
    media_type: str
    content: bytes = field(repr=False)
    notes: tuple[Message, ...] = ()


class SetBy(StrEnum):
    """How a retention setting gets into the program."""

    FILE = "file"  # by our file
    PROGRAM = "program"  # the program's default
    PERSON = "person"  # by hand, in the program's settings
    PERHAPS = "perhaps"  # by hand, if there is such a setting: unknown
    NOTHING = "nothing"  # impossible: not offered


@dataclass(frozen=True, slots=True)
class Keeping:
    """A program's retention options: leave mail on the server forever, for some days, or not.

    numbers: the numbers of days the program offers; empty for any.
    way: menu path of the setting, separated by " › "; "" for unknown.
    warning: what the program deletes by default; "" for nothing. Both are `N_` texts.
    """

    forever: SetBy
    days: SetBy = SetBy.NOTHING
    delete: SetBy = SetBy.NOTHING
    numbers: tuple[int, ...] = ()
    way: str = ""
    warning: str = ""

    def set_by(self, retention: Retention) -> SetBy:
        if not retention.leave_messages_on_server:
            return self.delete
        days = retention.days_to_leave_messages_on_server
        if days is None:
            return self.forever
        return self.days if not self.numbers or days in self.numbers else SetBy.NOTHING


Writer = Callable[[MailAccount, ExportOptions], Export]


@dataclass(frozen=True, eq=False, kw_only=True)
class Client:
    """A mail program: id, name, systems, and what writes its files. Without a writer it has a guide only.

    name: an `N_` text. systems: of "windows", "macos", "linux", "ios", "android".
    writers: by format; the first is the default.
    hint: how to tell it from similar programs, or a consequence of choosing it; one line, `N_` text, "" for none.
    keeps: its retention options; keeps_on: where they differ, by device: "iphone", "mac". Of several devices only one
    whose file can set a number of days may delete mail.
    speaks_pop: False for IMAP-only and discontinued programs.
    ended: discontinued: the wizard suggests another program.
    receives: False for what only sends; sends: False for one that only fetches.
    also: names of other programs for which its file and its guide are right too.
    notes_in_guide: the guide already contains the export's notes, so a page shows only one of the two.
    """

    id: str
    name: str
    systems: tuple[str, ...]
    writers: Mapping[str, Writer] = field(default_factory=dict)
    hint: str = ""
    keeps: Keeping
    keeps_on: Mapping[str, Keeping] = field(default_factory=dict)
    speaks_pop: bool = True
    ended: bool = False
    receives: bool = True
    sends: bool = True
    also: tuple[str, ...] = ()
    notes_in_guide: bool = False

    @property
    def formats(self) -> tuple[str, ...]:
        return tuple(self.writers)

    @property
    def by_hand(self) -> bool:
        """Whether its guide gives the values to type in. A file for Linux alone is one for the command line."""
        return self.systems != ("linux",) or not self.writers

    def keeping(self, device: str | None = None) -> Keeping:
        """Return the retention options on `device`: "iphone", "mac" or None."""
        return self.keeps_on.get(device or "", self.keeps)

    def export(self, account: MailAccount, options: ExportOptions | None = None) -> Export:
        """Return the file for `account`; raises InputError for an unknown format or a value the format cannot hold."""
        options = options or ExportOptions()
        name = options.format or next(iter(self.writers), None)
        if name is None:
            raise InputError(N_("There is no file for %(client)s, only a guide."), client=Message(self.name))
        if name not in self.writers:
            raise InputError(
                N_("%(client)s has no format “%(format)s”. There is: %(formats)s."),
                client=Message(self.name),
                format=name,
                formats=", ".join(self.writers),
            )
        return self.writers[name](account, options)
