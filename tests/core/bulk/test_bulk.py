"""Many exports at once: what a table may look like, what becomes of bad rows, and what lies in the ZIP."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.core import providers
from webapp.core.bulk import Result, Summary, TableError, read_table, write_exports
from webapp.core.bulk.archive import harmless
from webapp.core.clients import CLIENTS, ExportOptions

KNOWN = providers.load()
SIMPLE = "address,client,name,keep\nanna@gmx.de,thunderbird,Anna Beispiel,14\njohn@gmx.net,outlook,John,\n"


def made(table: str | bytes, **options: Any) -> tuple[zipfile.ZipFile, Summary, list[Result]]:
    source = io.BytesIO(table.encode() if isinstance(table, str) else table)
    target, results = io.BytesIO(), list[Result]()
    summary = write_exports(read_table(source), target, KNOWN, ExportOptions(**options), results.append)
    return zipfile.ZipFile(target), summary, results


def index_of(archive: zipfile.ZipFile, delimiter: str = ",") -> list[list[str]]:
    text = archive.read("index.csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_every_row_becomes_a_file_named_by_its_number_and_program() -> None:
    archive, summary, _ = made(SIMPLE)
    assert archive.namelist() == ["LIESMICH.txt", "00002-thunderbird.zip", "00003-outlook.prf", "index.csv"]
    assert summary == Summary(rows=2, bad=0)
    assert archive.testzip() is None


def test_a_file_is_the_one_that_a_single_export_gives() -> None:
    archive, _, _ = made(SIMPLE)
    account = KNOWN["gmx.net"].account("john@gmx.net", name="John")
    assert archive.read("00003-outlook.prf") == CLIENTS["outlook"].export(account).content


def test_the_index_says_what_became_of_each_row() -> None:
    archive, _, _ = made(SIMPLE + "nobody@example.org,outlook,,\n")
    assert index_of(archive) == [
        ["Zeile", "Ergebnis", "Datei", "Adresse", "E-Mail-Programm", "aufbewahren", "Bemerkung"],
        ["2", "OK", "00002-thunderbird.zip", "anna@gmx.de", "thunderbird", "14", ""],
        ["3", "OK", "00003-outlook.prf", "john@gmx.net", "outlook", "", ""],
        ["4", "keine Datei", "", "nobody@example.org", "outlook", "",
         "Diese Adresse gehört zu keinem bekannten Anbieter. Wenn doch, schreiben Sie den Anbieter in die Spalte „provider“."],
    ]  # fmt: skip


def test_the_same_table_gives_the_same_bytes() -> None:
    first, second = (io.BytesIO(), io.BytesIO())
    for target in (first, second):
        write_exports(read_table(io.BytesIO(SIMPLE.encode())), target, KNOWN)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_reads_what_spreadsheets_write(encoding: str, delimiter: str, end: str) -> None:
    lines = ["E-Mail-Adresse,Name,Programm,Aufbewahren", "anna@gmx.de,Jörg Größe,thunderbird,immer", ",,,", ""]
    text = end.join(lines).replace(",", delimiter)
    archive, summary, (result,) = made(text.encode(encoding))
    assert summary == Summary(rows=1, bad=0)
    assert result.row["name"] == "Jörg Größe"
    assert index_of(archive, delimiter)[1][1] == "OK"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("anna,outlook,,", "@"),
        ("anna@gmx.de,outlok,,", "outlook"),
        ("anna@gmx.de,,,", "Programm fehlt"),
        ("anna@gmx.de,outlook-new,,", "Anleitung"),
        ("anna@gmx.de,outlook,,0", "99"),
        ("anna@gmx.de,outlook,,bald", "forever"),
        ("anna@gmx.com,outlook,,", "provider"),
        ("anna@freenet.de,outlook,,", "keinem bekannten Anbieter"),
        ("anna@gmx.de,outlook,A\x07B,", "Zeichen"),
        (",outlook,,", "E-Mail-Adresse"),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_goes_on(row: str, word: str) -> None:
    archive, summary, results = made(f"address,client,name,keep\n{row}\nanna@gmx.de,other,,\n")
    assert summary == Summary(rows=2, bad=1)
    assert results[0].error is not None
    assert (results[0].row.number, results[1].file_name) == (2, "00003-other.txt")
    assert word in index_of(archive)[1][6]


def test_a_row_is_told_all_its_mistakes_at_once() -> None:
    table = "address,client,keep,smtp_port,format\nanna@freenet.de,outlook,bald,x,pdf\nanna,outlok,,,\n"
    archive, summary, _ = made(table)
    assert summary == Summary(rows=2, bad=2)
    first, second = (row[6] for row in index_of(archive)[1:])
    for word in ("keinem bekannten Anbieter", "„forever“", "465", "prf"):
        assert word in first
    assert "outlook" in second
    assert "@" in second


def test_no_mistake_hides_another_one_in_its_row() -> None:
    table = "address,client,provider,keep,smtp_port\nanna,outlook,gmy,,0\nanna,outlook,gmx.net,bald,25\n"
    archive, _, _ = made(table)
    for row, words in zip(index_of(archive)[1:], (("@", "gmy", "465"), ("@", "forever", "25")), strict=True):
        for word in words:
            assert word in row[6]


def test_a_long_mistake_hides_neither_the_next_one_nor_the_same_address() -> None:
    long = "x" * 600
    archive, _, _ = made(SIMPLE + f"anna@gmx.de,{long},{long},\n")
    told = index_of(archive)[-1][6]
    assert "64 Zeichen" in told
    assert told.endswith("Zeile 2 hat dieselbe Adresse.")
    assert len(told) < 3000


def test_an_address_that_stands_in_two_rows_is_named() -> None:
    archive, _, results = made(SIMPLE + "Anna@gmx.de,apple-mail,,\nanna@gmx.de,nothing,,\n")
    assert [result.same_as for result in results] == [None, None, 2, 2]
    assert "Zeile 2 hat dieselbe Adresse." in index_of(archive)[3][6]


@pytest.mark.parametrize(
    ("columns", "row", "word"),
    [
        ("provider", "gmx", "gmx.net"),
        ("smtp_port", "25", "25"),
        ("smtp_port", "x", "465"),
        ("smtp_port", "0", "465"),
        ("smtp_port", "00000", "465"),
        ("format", "pdf", "prf"),
        ("profile", "old", "existing"),
    ],
)
def test_a_bad_value_in_a_further_column_is_reported(columns: str, row: str, word: str) -> None:
    archive, summary, _ = made(f"address,client,{columns}\nanna@gmx.de,outlook,{row}\n")
    assert summary.bad == 1
    assert word in index_of(archive)[1][6]


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("Outlook (klassisch)", "outlook"),
        ("Microsoft Outlook", "outlook"),
        ("Outlook for Windows (classic)", "outlook"),
        ("K-9 Mail", "thunderbird-android"),
        ("Thunderbird für Android", "thunderbird-android"),
        ("Mail (von Apple)", "apple-mail"),
    ],
)
def test_a_program_is_known_by_its_everyday_name(name: str, client: str) -> None:
    archive, _, _ = made(f"address,client,device\nanna@gmx.de,{name},{'iphone' if client == 'apple-mail' else ''}\n")
    assert any(client in file for file in archive.namelist())


def test_every_further_column_is_used() -> None:
    archive, summary, _ = made(
        "Adresse;Programm;Anbieter;SMTP-Port;Gerät;Format\n"
        "anna@gmx.com;Apple Mail;gmx.net;587;Mac;\nanna@gmx.de;thunderbird;;;;autoconfig\n"
    )
    assert summary == Summary(2, 0)
    assert b"mail.gmx.net" in archive.read("00002-apple-mail.mobileconfig")
    assert archive.read("00003-thunderbird.xml").startswith(b"<?xml")


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (b"", "address"),
        (b"name,client\nAnna,outlook\n", "address"),
        (b"address,client,client\n", "twice"),
        (b"address,client,keeep\n", "keep"),
        (b"address,adress,client\n", "address"),
        ("address,client\n".encode("utf-16"), "CSV UTF-8"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"address,client\nanna\x81@gmx.de,outlook\n", "CSV UTF-8"),
        (b"address,client\n\0,\n", "CSV UTF-8"),
        (b"address,client\n" + b"a" * 20_000 + b"\n", "longer"),
        (b'address,client\n"anna"x,outlook\n', "Row 2"),
        (b'address,client\nanna@gmx.de,"outlook\n', "Row 2"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(table: bytes, word: str) -> None:
    with pytest.raises(TableError, match=word):
        made(table)


def test_columns_that_mean_nothing_are_named() -> None:
    table = read_table(io.BytesIO(b"address,client,Personalnummer,\nanna@gmx.de,outlook,7,\n"))
    assert table.ignored == ("Personalnummer",)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49", "-x@gmx.de", "@SUM(A1)", "=cmd|' /C calc'!A0", "\u200b=1+1", "\ufeff@x"]
)
def test_no_cell_of_the_index_is_run_as_a_formula(cell: str) -> None:
    archive, _, _ = made(f'address,client\n"{cell}",outlook\nanna@gmx.de,"{cell}"\n')
    for row in index_of(archive)[1:]:
        assert not [text for text in row if text.startswith(("=", "+", "-", "@", "\t", "\r"))]


@settings(deadline=None)
@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert harmless(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("cell", ["a;=cmd|'/c calc'!A0;b", "a\t=1+1", 'a;"=1+1', "a; +1", "a|@SUM(1)"])
def test_no_cell_of_the_index_is_a_formula_for_who_takes_another_separator(cell: str) -> None:
    quoted = cell.replace('"', '""')
    archive, _, _ = made(f'address,client\n"{quoted}",outlook\n')
    text = archive.read("index.csv").decode("utf-8-sig")
    for separator in ",;\t|":
        for line in text.splitlines()[1:]:
            cells = [
                part.strip("\"' ") if "'" not in part.partition("=")[0] else part for part in line.split(separator)
            ]
            assert not [part for part in cells if part.startswith(("=", "+", "-", "@"))]


def test_a_file_name_holds_nothing_that_a_person_typed() -> None:
    archive, _, _ = made("address,client,name\n../../etc@gmx.de,outlook,x\nanna@gmx.de,OUTLOOK,../../x\n")
    assert archive.namelist() == ["LIESMICH.txt", "00003-outlook.prf", "index.csv"]


def test_speaks_english_too() -> None:
    archive, _, _ = made(SIMPLE, locale="en")
    assert archive.namelist()[0] == "README.txt"
    assert index_of(archive)[0][0] == "row"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=5), max_size=5))
def test_whatever_stands_in_the_cells_there_is_one_line_for_each_row(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["address", "client", "name", "keep", "format"])
    writer.writerows([[cell.replace("\0", "") for cell in row] for row in rows])
    data = text.getvalue().encode("utf-8", "replace")
    archive, summary, results = made(data)
    assert summary.rows == len(results) == len(index_of(archive)) - 1
    assert summary.bad == sum(result.error is not None for result in results)


MEASURE = """
import io, resource, sys, tempfile
from webapp.core import providers
from webapp.core.bulk import read_table, write_exports
programs = ("thunderbird", "outlook", "apple-mail", "thunderbird-android", "other")
with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
    source.write(b"address;client;name;keep\\n")
    for number in range(int(sys.argv[1])):
        source.write(f"person{number}@gmx.de;{programs[number % 5]};Person {number};{number % 99 + 1}\\n".encode())
    summary = write_exports(read_table(source), target, providers.load())
assert summary.bad == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_ten_thousand_rows_need_hardly_more_memory_than_a_hundred() -> None:
    """Only the ZIP's own table of contents grows: some 500 octets a row."""
    few, many = (
        int(subprocess.run([sys.executable, "-c", MEASURE, count], capture_output=True, check=True, text=True,
                           env={**os.environ, "PYTHONHASHSEED": "0"}).stdout)
        for count in ("100", "10000")
    )  # fmt: skip
    assert many - few < 10 * 1024, f"KiB: {few} with 100 rows, {many} with 10,000"
