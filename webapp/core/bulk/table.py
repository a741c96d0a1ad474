"""A table of people as spreadsheets export it: CSV (RFC 4180), comma, semicolon or tab, UTF-8 or Windows-1252.

The first row names the columns, in English or German. Rows are streamed.
"""

import codecs
import csv
import difflib
import io
import itertools
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from webapp.core.text import N_, InputError, in_every_language

LINE_MAX = 16_384  # characters of one line
ROWS_MAX = 100_000
CODE = ("qr-png", "qr-svg")  # formats that draw a code
CHUNK = 1 << 16  # octets per read while detecting the encoding
SHOWN_MAX = 500  # characters of input repeated in a message

# Aliases of the columns in every language; case, blanks, hyphens and underscores are ignored.
COLUMNS: Mapping[str, str] = {
    "address": N_("e-mail, mail, e-mail address, GMX address"),
    "client": N_("program, e-mail program, mail program"),
    "name": N_("display name, sender name"),
    "keep": N_("retention, keep on the server"),
    "provider": N_("provider, mail provider"),
    "smtp_port": N_("port, SMTP port"),
    "device": N_("device, phone"),
    "profile": N_("profile, Outlook profile"),
    "format": N_("format, file format"),
}
REQUIRED = ("address", "client")


class TableError(InputError):
    """The table as a whole is invalid."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, unparsed. number: as spreadsheets show it; the header is 1."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file with known encoding, delimiter and columns. `rows` can be iterated once.

    ignored: unknown columns.
    """

    encoding: str
    delimiter: str
    ignored: tuple[str, ...]
    _source: BinaryIO = field(repr=False)
    _columns: tuple[str | None, ...]

    def rows(self) -> Iterator[Row]:
        """Yield every non-empty row; raises TableError where the file turns invalid."""
        for number, cells in _records(self._source, self.encoding, self.delimiter):
            if number > 1 and any(cell.strip() for cell in cells):
                if number > ROWS_MAX + 1:
                    raise TableError(N_("The table has more than %(limit)s rows. Split it."), limit=ROWS_MAX)
                pairs = zip(self._columns, cells, strict=False)  # spreadsheets omit trailing empty cells
                yield Row(number, {column: cell.strip() for column, cell in pairs if column})


def read_table(source: BinaryIO) -> Table:
    """Return the table in `source`, which must be seekable; raises TableError."""
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
                N_("The first row must name the columns, and “%(column)s” is missing there. There is: %(columns)s."),
                column=needed,
                columns=", ".join(COLUMNS),
            )
    for column in known:
        if known.count(column) > 1:
            raise TableError(N_("The column “%(column)s” appears twice."), column=column)
    ignored = tuple(shown(name) for name, column in zip(names, columns, strict=True) if column is None and name.strip())
    return Table(encoding, delimiter, ignored, source, columns)


def bounded_table(content: bytes, rows_max: int, codes_max: int) -> tuple[Table, int]:
    """Return the table in `content` and the number of its rows.

    Raises TableError where it has more rows than `rows_max`, or more with a QR code, which take some 20 ms each, than
    `codes_max`: what a table costs is known before it is worked on.
    """
    rows = codes = 0
    for row in read_table(io.BytesIO(content)).rows():
        rows += 1
        codes += row["format"].lower().startswith(CODE)
        if rows > rows_max:
            raise TableError(N_("The table has more than %(limit)s rows. Split it."), limit=rows_max)
        if codes > codes_max:
            text = N_("The table has more than %(limit)s rows with a QR code as a picture. Split it.")
            raise TableError(text, limit=codes_max)
    return read_table(io.BytesIO(content)), rows


def _encoding(source: BinaryIO) -> str:
    """Detect utf-8-sig or cp1252 by decoding all of `source`."""
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
    """Yield the lines of `source` from the start, without closing it."""
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    try:
        while line := text.readline(LINE_MAX):
            if len(line) == LINE_MAX and not line.endswith(("\r", "\n")):
                raise TableError(N_("A line of the table is longer than %(limit)s characters."), limit=LINE_MAX)
            yield line
    finally:
        text.detach()


def _records(source: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row, the header first."""
    reader = csv.reader(_lines(source, encoding), delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        try:
            cells = next(reader, None)
        except csv.Error:
            raise TableError(
                N_("Row %(number)s is not a row of a table: look at its quotation marks."), number=number
            ) from None
        if cells is None:
            return
        yield number, cells


def _column(name: str) -> str | None:
    wanted = _squeezed(name)
    called = ((column, map(_squeezed, (column, *words(others)))) for column, others in COLUMNS.items())
    return next((column for column, names in called if wanted in names), None)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a translated comma-separated list, in every language."""
    return tuple(word.casefold() for each in in_every_language(text) for word in each.split(", "))


def _squeezed(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " -_")


def _refuse_typing_mistake(name: str, column: str | None) -> None:
    """Refuse a column that is almost called like one of ours instead of ignoring it: it might be `keep`."""
    near = difflib.get_close_matches(name.strip().casefold(), COLUMNS, n=1, cutoff=0.75)
    if column is None and near:
        raise TableError(
            N_("There is no column “%(name)s”. Did you mean “%(column)s”?"), name=shown(name), column=near[0]
        )


def shown(text: str) -> str:
    """Return input for a message: no control or bidirectional characters, at most SHOWN_MAX characters."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    kept = kept.strip()
    return kept if len(kept) <= SHOWN_MAX else kept[:SHOWN_MAX] + "…"
