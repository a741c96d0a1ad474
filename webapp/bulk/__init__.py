"""Many exports at once: a table of people in, a ZIP of their files out, one row in memory at a time.

A row that cannot be used is reported with its number, and the rest goes on. Only the ZIP's own table of contents grows
with the rows, by some 500 octets each.

Standard library and core only: the command line and the site both use it.
"""

from __future__ import annotations

import codecs
import difflib
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from webapp.account import MailAccount, Retention, parse_address
from webapp.bulk.archive import Index, add_file, entry, read_me
from webapp.bulk.table import CHUNK, COLUMNS, Row, Table, TableError, read_table, shown
from webapp.clients import CLIENTS, Client, Export, ExportOptions
from webapp.providers import DEFAULT_SMTP_PORT, Certainty, Provider, find
from webapp.text import N_, InputError, Message, translations_for

__all__ = ["COLUMNS", "Result", "Row", "Summary", "Table", "TableError", "read_table", "write_exports"]

SPOOL_MAX = 1 << 25  # octets of the index that stay in memory: addresses are in it, and a disk is no place for them

KEEP_WORDS: Mapping[str, str] = {
    "": "forever", "immer": "forever", "für immer": "forever", "always": "forever", "löschen": "delete",
    "loeschen": "delete",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a row: a file in the ZIP, or the reason why there is none."""

    row: Row
    file_name: str | None = None
    error: Message | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """How many rows there were, and how many of them could not be used."""

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
    """Write a ZIP with the file of every row, an index and a note to read first; the same table gives the same bytes.

    options: locale, host and organization for all rows. on_result: called after each row. finish: what is done with
    each file before it goes into the ZIP, such as signing, which makes other bytes each time.
    Raises TableError where the file stops being a table: what stands in `target` then is of no use.
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
        for row in table.rows():
            result, made = _exported(row, providers, options)
            if made is not None and result.file_name is not None:
                add_file(archive, result.file_name, (finish(made) if finish else made).content)
            index.add(result)
            summary = Summary(summary.rows + 1, summary.bad + (result.error is not None))
            if on_result:
                on_result(result)
        index_file.seek(0)
        with archive.open(entry("index.csv"), "w") as stream:
            stream.write(codecs.BOM_UTF8)  # without it Excel takes UTF-8 for Windows-1252
            while text := index_file.read(CHUNK):
                stream.write(text.encode("utf-8"))
    return summary


def _exported(row: Row, providers: Mapping[str, Provider], options: ExportOptions) -> tuple[Result, Export | None]:
    try:
        client = _client(row["client"])
        account = _account(row, providers)
        made = client.export(
            account,
            replace(
                options,
                format=row["format"].lower() or None,
                device=row["device"].lower() or None,
                profile=row["profile"].lower() or "existing",
            ),
        )
    except InputError as error:
        return Result(row, error=error.message), None
    suffix = made.file_name.rpartition(".")[2]
    return Result(row, f"{row.number:05}-{client.id}.{suffix}", notes=made.notes), made


def _client(text: str) -> Client:
    wanted = text.casefold()
    for client in CLIENTS.values():
        if wanted in (client.id, client.name.casefold()):
            return client
    if not wanted:
        raise InputError(N_("The program is missing."))
    near = difflib.get_close_matches(wanted, CLIENTS, n=3, cutoff=0.4) or list(CLIENTS)
    raise InputError(
        Message(
            N_("There is no client “%(client)s”. Did you mean: %(clients)s?"),
            {"client": shown(text), "clients": ", ".join(near)},
        )
    )


def _account(row: Row, providers: Mapping[str, Provider]) -> MailAccount:
    keep = row["keep"].casefold()
    port = row["smtp_port"] or str(DEFAULT_SMTP_PORT)
    if not (port.isascii() and port.isdecimal() and len(port) <= 5):
        raise InputError(N_("The port for sending is 465 or 587."))
    return _provider(row, providers).account(
        row["address"],
        name=row["name"],
        retention=Retention.parse(KEEP_WORDS.get(keep, keep)),
        smtp_port=int(port),
    )


def _provider(row: Row, providers: Mapping[str, Provider]) -> Provider:
    if named := row["provider"].lower():
        if named not in providers:
            raise InputError(
                Message(
                    N_("There is no provider “%(provider)s”. There is: %(providers)s."),
                    {"provider": shown(named), "providers": ", ".join(providers)},
                )
            )
        return providers[named]
    finding = find(parse_address(row["address"]), providers)
    if finding.certainty is Certainty.AMBIGUOUS:
        raise InputError(
            Message(
                N_("The domain does not tell the provider. Write one into the column “provider”: %(providers)s."),
                {"providers": ", ".join(provider.id for provider in finding.providers)},
            )
        )
    if not finding.providers:
        raise InputError(N_("This is not an address of GMX. If it is, write its provider into the column “provider”."))
    return finding.providers[0]
