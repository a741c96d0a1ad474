"""A table of people as spreadsheets write it: CSV (RFC 4180), comma, semicolon or tab, UTF-8 or Windows-1252.

The first row names the columns, in English or German. Rows are read one at a time, however many there are.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from webapp.text import N_, InputError, Message

LINE_MAX = 16_384  # characters of one line
ROWS_MAX = 100_000
CHUNK = 1 << 16  # octets read at a time while the encoding is found out
SHOWN_MAX = 500  # characters of what was typed that are repeated

# How a column may be called, besides its own name; written without regard to case, blanks, hyphens and underscores.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "address": ("e-mail", "e-mail address", "mail", "adresse", "e-mail-adresse", "gmx-adresse", "gmx address"),
    "client": ("program", "e-mail program", "programm", "e-mail-programm", "mailprogramm"),
    "name": ("display name", "sender name", "absendername", "anzeigename"),
    "keep": ("retention", "behalten", "aufbewahren", "auf dem server behalten"),
    "provider": ("anbieter",),
    "smtp_port": ("smtp-port", "port", "anschluss", "smtp-anschluss"),
    "device": ("gerät", "geraet"),
    "profile": ("profil",),
    "format": ("dateiformat",),
}
REQUIRED = ("address", "client")


class TableError(InputError):
    """The table as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was typed. `number` is the one a spreadsheet shows: the row of column names is number 1."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file whose encoding, delimiter and columns are known. `rows` may be gone through once.

    ignored: columns of the file that mean nothing to us.
    """

    encoding: str
    delimiter: str
    ignored: tuple[str, ...]
    _source: BinaryIO = field(repr=False)
    _columns: tuple[str | None, ...]

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not empty; raises TableError where the file stops being a table."""
        for number, cells in _records(self._source, self.encoding, self.delimiter):
            if number > 1 and any(cell.strip() for cell in cells):
                if number > ROWS_MAX + 1:
                    raise TableError(
                        Message(N_("The table has more than %(limit)s rows. Split it."), {"limit": ROWS_MAX})
                    )
                pairs = zip(self._columns, cells, strict=False)  # spreadsheets drop empty cells at the end
                yield Row(number, {column: cell.strip() for column, cell in pairs if column})


def read_table(source: BinaryIO) -> Table:
    """Look over `source`, which must be seekable, and return its table; raises TableError."""
    encoding = _encoding(source)
    header = next(_lines(source, encoding), "")
    delimiter = max(";,\t", key=header.count)
    names = next((cells for _, cells in _records(source, encoding, delimiter)), [])
    columns = tuple(map(_column, names))
    for name, column in zip(names, columns, strict=True):
        _refuse_typing_mistake(name, column)
    known = [column for column in columns if column]
    for needed in REQUIRED:
        if needed not in known:
            raise TableError(
                Message(
                    N_(
                        "The first row must name the columns, and “%(column)s” is missing there. There is: %(columns)s."
                    ),
                    {"column": needed, "columns": ", ".join(COLUMNS)},
                )
            )
    for column in known:
        if known.count(column) > 1:
            raise TableError(Message(N_("The column “%(column)s” appears twice."), {"column": column}))
    ignored = tuple(shown(name) for name, column in zip(names, columns, strict=True) if column is None and name.strip())
    return Table(encoding, delimiter, ignored, source, columns)


def _encoding(source: BinaryIO) -> str:
    """Return utf-8-sig or cp1252, whichever the whole of `source` can be read as."""
    source.seek(0)
    start = source.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start:
        raise TableError(N_("The table is saved as “Unicode text”. Save it as “CSV UTF-8” instead."))
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TableError(N_("This is a spreadsheet file. Save it as “CSV UTF-8” and give that file."))
    for encoding in ("utf-8-sig", "cp1252"):
        if _decodes(source, encoding):
            return encoding
    raise TableError(N_("The table holds characters that cannot be read. Save it as “CSV UTF-8”."))


def _decodes(source: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    source.seek(0)
    try:
        while chunk := source.read(CHUNK):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _lines(source: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the lines of `source` from its beginning; leaves it open."""
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    try:
        while line := text.readline(LINE_MAX):
            if len(line) == LINE_MAX and not line.endswith(("\r", "\n")):
                raise TableError(
                    Message(N_("A line of the table is longer than %(limit)s characters."), {"limit": LINE_MAX})
                )
            yield line
    finally:
        text.detach()


def _records(source: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row, the row of column names first."""
    reader = csv.reader(_lines(source, encoding), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise TableError(
                Message(N_("Row %(number)s is not a row of a table: look at its quotation marks."), {"number": number})
            ) from None
        if cells is None:
            return
        yield number, cells


def _column(name: str) -> str | None:
    wanted = _squeezed(name)
    return next((column for column, others in COLUMNS.items() if wanted in map(_squeezed, (column, *others))), None)


def _squeezed(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " -_")


def _refuse_typing_mistake(name: str, column: str | None) -> None:
    """A column that is almost called like one of ours must not be dropped in silence: it might be `keep`."""
    near = difflib.get_close_matches(name.strip().casefold(), COLUMNS, n=1, cutoff=0.75)
    if column is None and near:
        raise TableError(
            Message(
                N_("There is no column “%(name)s”. Did you mean “%(column)s”?"),
                {"name": shown(name), "column": near[0]},
            )
        )


def shown(text: str) -> str:
    """Return what a person typed, without control and direction characters, at most 500 of them."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    kept = kept.strip()
    return kept if len(kept) <= SHOWN_MAX else kept[:SHOWN_MAX] + "…"
