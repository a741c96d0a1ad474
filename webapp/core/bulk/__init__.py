"""Bulk export: a table of people in, a ZIP of their files out, streamed row by row.

An invalid row is reported by its number, with all its mistakes, and skipped. Only the ZIP's directory and the addresses
grow in memory, by some 700 octets per row.

Standard library and core only: shared by command line and site.
"""

import codecs
import difflib
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol, TypeVar

from webapp.core.account import MailAccount, Retention, parse_address, parse_name
from webapp.core.bulk.archive import Index, add_file, read_me
from webapp.core.bulk.table import CHUNK, COLUMNS, Row, Table, TableError, bounded_table, read_table, shown, words
from webapp.core.clients import CLIENTS, Client, Export, ExportOptions
from webapp.core.clients.files import entry
from webapp.core.providers import Certainty, Provider, choose, find
from webapp.core.text import N_, InputError, Message, translations_for

T = TypeVar("T")

__all__ = [
    "COLUMNS",
    "Result",
    "Row",
    "Summary",
    "Table",
    "TableError",
    "bounded_table",
    "read_table",
    "write_exports",
]

SPOOL_MAX = 1 << 25  # octets of the index kept in memory: it holds addresses, which must not be spooled to disk

KEEP_WORDS: Mapping[str, str] = {"forever": N_("forever, always"), "delete": N_("delete")}  # in any language


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a row: a file in the ZIP, or all its mistakes.

    same_as: the number of the first row with this address, where it is not this one.
    """

    row: Row
    file_name: str | None = None
    mistakes: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    same_as: int | None = None

    @property
    def error(self) -> Message | None:
        """Return all mistakes as one message, None for a row that became a file."""
        told = {f"text{number}": message for number, message in enumerate(self.mistakes)}
        return Message(" ".join(f"%({name})s" for name in told), told) if told else None

    @property
    def same(self) -> Message | None:
        """Return which row has this address, too; None for none before this one."""
        if self.same_as is None:
            return None
        return Message(N_("Row %(number)s has the same address."), {"number": self.same_as})

    @property
    def remarks(self) -> tuple[Message, ...]:
        """Return what the index says of the row."""
        told = self.mistakes or self.notes
        return told if self.same is None else (*told, self.same)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of all and of invalid rows."""

    rows: int = 0
    bad: int = 0


def write_exports(
    table: Table,
    target: BinaryIO,
    providers: Mapping[str, Provider],
    options: ExportOptions | None = None,
    on_result: Callable[[Result], None] | None = None,
    *,
    finish: Callable[[Export], Export] | None = None,
) -> Summary:
    """Write a ZIP with the file of every row, an index and a read-me; deterministic.

    options: locale, host and organization for all rows. on_result: callback after each row. finish: applied to each
    file, such as signing (which is not deterministic).
    Raises TableError where the table turns invalid; `target` is unusable then.
    """
    options = options or ExportOptions()
    translations = translations_for(options.locale)
    summary = Summary()
    with (
        zipfile.ZipFile(target, "w") as archive,
        tempfile.SpooledTemporaryFile(max_size=SPOOL_MAX, mode="w+", encoding="utf-8", newline="") as index_file,
    ):
        add_file(archive, translations.gettext(N_("README.txt")), read_me(translations))
        index = Index(index_file, table.delimiter, translations)
        first = dict[str, int]()
        for row in table.rows():
            result, made = _exported(row, providers, options)
            number = first.setdefault(row["address"].casefold(), row.number) if row["address"] else row.number
            result = replace(result, same_as=number if number != row.number else None)
            if made is not None and result.file_name is not None:
                add_file(archive, result.file_name, (finish(made) if finish else made).content)
            index.add(result)
            summary = Summary(summary.rows + 1, summary.bad + bool(result.mistakes))
            if on_result:
                on_result(result)
        index_file.seek(0)
        with archive.open(entry("index.csv"), "w") as stream:
            stream.write(codecs.BOM_UTF8)  # otherwise Excel assumes Windows-1252
            while text := index_file.read(CHUNK):
                stream.write(text.encode("utf-8"))
    return summary


class Right(Protocol):
    """Return what is made, or None where it cannot be: the mistake is kept."""

    def __call__(self, make: Callable[[], T], /) -> T | None: ...


def _exported(row: Row, providers: Mapping[str, Provider], options: ExportOptions) -> tuple[Result, Export | None]:
    mistakes = list[Message]()

    def right(make: Callable[[], T]) -> T | None:
        try:
            return make()
        except InputError as error:
            mistakes.append(error.message)
            return None

    client = right(lambda: _client(row["client"]))
    account = _account(row, providers, right)
    made = None
    if client is not None and (somebody := account or _somebody(providers)) is not None:
        chosen = replace(
            options,
            format=row["format"].lower() or None,
            device=row["device"].lower() or None,
            profile=row["profile"].lower() or "existing",
        )
        made = right(lambda: client.export(somebody, chosen))
    if mistakes or made is None or client is None:
        return Result(row, mistakes=tuple(mistakes)), None
    suffix = made.file_name.rpartition(".")[2]
    return Result(row, f"{row.number:05}-{client.id}.{suffix}", notes=made.notes), made


def _somebody(providers: Mapping[str, Provider]) -> MailAccount | None:
    """Return an account that is right, so that the other columns are looked at in a row whose own is not."""
    provider = next(iter(providers.values()), None)
    return provider.account(provider.example_address) if provider is not None else None


# What people call a program in a table, separated by commas; ids and names of CLIENTS are taken, too.
EVERYDAY_NAMES = {
    "outlook": N_("Outlook (classic), classic Outlook, Microsoft Outlook"),
    "outlook-new": N_("New Outlook, Outlook (new)"),
    "outlook-mobile": N_("Outlook app, Outlook mobile"),
    "thunderbird": N_("Mozilla Thunderbird"),
    "thunderbird-android": N_("Thunderbird for Android, K-9 Mail, K-9"),
    "apple-mail": N_("Mail (by Apple), Apple Mail, iPhone Mail"),
    "gmail-app": N_("Gmail, Gmail app"),
}


def _client(text: str) -> Client:
    wanted = text.casefold()
    wanted = next((known for known, said in EVERYDAY_NAMES.items() if wanted in words(said)), wanted)
    for client in CLIENTS.values():
        if wanted in (client.id, *words(client.name)):
            return client
    if not wanted:
        raise InputError(N_("The program is missing."))
    near = difflib.get_close_matches(wanted, CLIENTS, n=3, cutoff=0.4) or list(CLIENTS)
    raise InputError(
        N_("There is no client “%(client)s”. Did you mean: %(clients)s?"), client=shown(text), clients=", ".join(near)
    )


def _account(row: Row, providers: Mapping[str, Provider], right: Right) -> MailAccount | None:
    """Return the account of a row, None where something in it is not right; `right` takes each mistake."""
    typed = row["keep"].casefold()
    keep = next((keep for keep, said in KEEP_WORDS.items() if typed in words(said)), typed or "forever")
    retention, name = right(lambda: Retention.parse(keep)), right(lambda: parse_name(row["name"]))
    address = right(lambda: parse_address(row["address"]))
    provider = right(lambda: _provider(row, providers)) if address is not None or row["provider"] else None
    port = right(lambda: _port(row["smtp_port"]))
    if provider is None or port is None:
        return None
    # A port that this provider has not is a mistake, too, whatever is wrong beside it.
    account = right(lambda: provider.account(address or provider.example_address, smtp_port=port or None))
    if account is None or address is None or retention is None or name is None:
        return None
    return replace(account, display_name=name, retention=retention)


def _port(text: str) -> int:
    """Return the port for sending, 0 for the preferred one where none is named."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text)):
        raise InputError(N_("The port for sending is a number, such as 465 or 587."))
    return int(text)


def _provider(row: Row, providers: Mapping[str, Provider]) -> Provider:
    if named := row["provider"].lower():
        return choose(shown(named), providers)
    finding = find(parse_address(row["address"]), providers)
    if finding.certainty is Certainty.AMBIGUOUS:
        raise InputError(
            N_("The domain does not tell the provider. Write one into the column “provider”: %(providers)s."),
            providers=", ".join(provider.id for provider in finding.providers),
        )
    if not finding.providers:
        raise InputError(
            N_("This address belongs to no known provider. If it does, write the provider into the column “provider”.")
        )
    return finding.providers[0]
