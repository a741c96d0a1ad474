"""The index and the read-me of the ZIP."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from typing import TYPE_CHECKING, Any

from webapp.core.bulk.table import shown
from webapp.core.clients.files import entry
from webapp.core.text import N_, Translations

if TYPE_CHECKING:
    from webapp.core.bulk import Result

# OWASP, "CSV Injection": spreadsheets evaluate cells with these prefixes.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# A program that takes another separator for ours sees a cell begin here.
_BEHIND_SEPARATOR = re.compile(r"""([;,\t|]["'\s]*)(?=[=+\-@])""")


class Index:
    """index.csv: one line per row with its result."""

    def __init__(self, stream: Any, delimiter: str, translations: Translations) -> None:
        self._writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        self._translations = translations
        titles = (N_("row"), N_("result"), N_("file"), N_("address"), N_("client"), N_("keep"), N_("remark"))
        self._write(*map(translations.gettext, titles))

    def add(self, result: Result) -> None:
        _ = self._translations.gettext
        self._write(
            str(result.row.number),
            _(N_("no file")) if result.mistakes else _(N_("OK")),
            result.file_name or "",
            *(shown(result.row[column]) for column in ("address", "client", "keep")),
            " ".join(shown(remark.translated(self._translations)) for remark in result.remarks),
        )

    def _write(self, *cells: str) -> None:
        self._writer.writerow([harmless(cell) for cell in cells])


def harmless(text: str) -> str:
    """Return what is shown, escaped against CSV injection, also behind leading invisible characters."""
    text = _BEHIND_SEPARATOR.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def read_me(translations: Translations) -> bytes:
    text = translations.gettext(
        N_(
            """Mail settings by POP3

Each person has a file of their own here. Its name begins with the number of the row in your table.
index.csv says which file belongs to whom, and why a row has no file.

1. Give each person only their own file.
2. They open it as the guide for their mail program says.
3. The mail program asks for the password. No file here holds one.

The files hold addresses and names. Delete them when you no longer need them.
"""
        )
    )
    return codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode("utf-8")


def add_file(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(entry(name, compressed=not name.endswith(".zip")), content)
