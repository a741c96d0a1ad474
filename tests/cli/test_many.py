"""`export --from`, as a process and on a terminal, and `explain`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.reports import A_REPORT, SHAPE, TEXT, as_json
from tests.support.terminal import in_terminal

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
TABLE = "Adresse;Programm;Name\nanna@gmx.de;thunderbird;Änne\nanna@freenet.de;outlook;\njohn@gmx.net;outlok;\n"


def environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "LC_", "LANG"))}
    return {**clean, "LC_ALL": "de_DE.UTF-8", "PYTHONUTF8": "1", "TERM": "xterm"}


def call(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([COMMAND, *arguments], cwd=folder, env=environment(), input=stdin, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_bytes(TABLE.encode("cp1252"))
    return tmp_path


def test_bad_rows_are_named_and_the_rest_is_written(folder: Path) -> None:
    result = call(folder, "export", "--from", "people.csv", "--output", "out.zip")
    said = result.stderr.decode()
    assert result.returncode == 1
    assert "Zeile 3: Diese Adresse gehört zu keinem bekannten Anbieter." in said
    assert "Zeile 4: Es gibt kein E-Mail-Programm „outlok“. Meinten Sie: outlook" in said
    assert "Aus 1 von 3 Zeilen wurde eine Datei in out.zip." in said
    assert result.stdout == b""
    names = zipfile.ZipFile(folder / "out.zip").namelist()
    assert names == ["LIESMICH.txt", "00002-thunderbird.zip", "index.csv"]


def test_the_same_as_json(folder: Path) -> None:
    result = call(folder, "export", "--from", "people.csv", "--output", "out.zip", "--json")
    said = json.loads(result.stdout)
    assert result.returncode == 1
    assert (said["rows"], said["written"], said["encoding"], said["delimiter"]) == (3, 1, "cp1252", ";")
    assert [row["row"] for row in said["bad_rows"]] == [3, 4]
    assert result.stderr == b""


def test_an_address_in_two_rows_is_named(folder: Path) -> None:
    (folder / "twice.csv").write_text("address,client\nanna@gmx.de,other\nAnna@gmx.de,outlook\n")
    result = call(folder, "export", "--from", "twice.csv", "--output", "out.zip")
    assert result.returncode == 0
    assert "Zeile 3: Zeile 2 hat dieselbe Adresse." in result.stderr.decode()
    told = call(folder, "export", "--from", "twice.csv", "--output", "out.zip", "--json")
    assert [row["row"] for row in json.loads(told.stdout)["same_address"]] == [3]


def test_all_rows_of_use_end_with_0_and_the_same_bytes(folder: Path) -> None:
    (folder / "good.csv").write_text("address,client\nanna@gmx.de,other\n")
    assert call(folder, "export", "--from", "good.csv", "--output", "a.zip").returncode == 0
    assert call(folder, "export", "--from", "good.csv", "-o", "b.zip").returncode == 0
    assert (folder / "a.zip").read_bytes() == (folder / "b.zip").read_bytes()


def test_a_table_of_no_use_leaves_what_was_there(folder: Path) -> None:
    (folder / "out.zip").write_bytes(b"from yesterday")
    (folder / "broken.csv").write_text('address,client\nanna@gmx.de,other\nanna@gmx.de,"oth\n')
    result = call(folder, "export", "--from", "broken.csv", "--output", "out.zip")
    assert result.returncode == 2
    assert "Zeile 3" in result.stderr.decode()
    assert (folder / "out.zip").read_bytes() == b"from yesterday"
    assert {path.name for path in folder.iterdir()} == {"people.csv", "broken.csv", "out.zip"}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("export", "--from", "people.csv"), "--output"),
        (("export", "outlook", "a@gmx.de", "--from", "people.csv", "-o", "x"), "--from"),
        (("export", "--from", "people.csv", "-o", "no/such/folder/x.zip"), "no/such/folder"),
    ],
)
def test_a_wrong_call_ends_with_2(folder: Path, arguments: tuple[str, ...], word: str) -> None:
    result = call(folder, *arguments)
    assert result.returncode == 2
    assert word in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_a_terminal_shows_a_bar(folder: Path) -> None:
    rows = "".join(f"person{number}@gmx.de,other\n" for number in range(3000))
    (folder / "many.csv").write_text("address,client\n" + rows)
    code, shown = in_terminal(
        [str(COMMAND), "export", "--from", str(folder / "many.csv"), "-o", str(folder / "many.zip")], [], environment()
    )
    assert code == 0, shown
    assert "Dateien schreiben" in shown
    assert "100%" in shown


@pytest.mark.parametrize("text", [json.dumps(SHAPE), TEXT], ids=["json", "text"])
def test_a_report_is_explained_from_file_and_pipe(folder: Path, text: str) -> None:
    (folder / "report").write_text(text)
    from_file, from_pipe = call(folder, "explain", "report"), call(folder, "explain", "-", stdin=text.encode())
    assert from_file.returncode == 0
    assert from_file.stdout == from_pipe.stdout
    assert "Alles in Ordnung. Kennung: 7KQ2M9XA" in from_file.stdout.decode()
    assert "--login" not in from_file.stdout.decode()


def test_a_report_is_explained_anew_in_the_other_language(folder: Path) -> None:
    result = call(folder, "explain", "-", "--json", "--locale", "en", stdin=as_json(A_REPORT).encode())
    assert json.loads(result.stdout) == json.loads(as_json(A_REPORT))


def test_a_damaged_report_ends_with_2(folder: Path) -> None:
    (folder / "damaged").write_text('{"version": 9, "stages": []}')
    result = call(folder, "explain", "damaged")
    assert result.returncode == 2
    assert "gmx-pop-wizard: " in result.stderr.decode()


def test_a_message_is_explained_from_the_call_a_file_and_a_pipe(folder: Path) -> None:
    message = "fetchmail: Query status=3 (AUTHFAIL)"
    log = b"nothing of interest\n" * 100_000 + message.encode() + b"\n"  # 2 MB
    (folder / "fetch.log").write_bytes(log)
    told = call(folder, "explain", message)
    assert told.returncode == 0
    assert "GMX hat die Anmeldung abgelehnt" in told.stdout.decode()
    for read in (call(folder, "explain", "fetch.log"), call(folder, "explain", "-", stdin=log)):
        assert "GMX hat die Anmeldung abgelehnt" in read.stdout.decode()


def test_a_program_that_keeps_the_servers_words_to_itself_is_asked_for_them(folder: Path) -> None:
    told = call(folder, "explain", "curl: (67) Login denied", "--locale", "en").stdout.decode()
    assert told.startswith("curl says more when you start it with “-v”")
    assert "\n\nThat could be it:\n\nGMX" in told


@pytest.mark.parametrize("text", ["ü" * 200, "x" * 255 + "/x", "535 5.7.8\nü"])
def test_a_message_that_no_file_can_be_called_is_a_message(folder: Path, text: str) -> None:
    result = call(folder, "explain", text)
    assert (result.returncode, result.stderr) == (0 if "535" in text else 1, b"")


def test_a_log_that_is_not_there_is_not_taken_for_a_message(folder: Path) -> None:
    result = call(folder, "explain", "missing.log", "--program", "fetchmail", "--locale", "en")
    assert result.returncode == 2
    assert result.stderr.decode() == "gmx-pop-wizard: There is no file “missing.log”.\n"


def test_a_message_is_explained_as_json_in_the_shape_of_the_api(folder: Path) -> None:
    result = call(folder, "explain", "0x800CCC0E", "--program", "outlook", "--json", "--locale", "en")
    first = json.loads(result.stdout)["results"][0]
    assert set(first) == {"message", "program", "diagnoses"}
    assert first["program"] == "outlook"
    assert first["diagnoses"][0] == "port-blocked"


def test_a_text_without_a_known_message_ends_with_1(folder: Path) -> None:
    result = call(folder, "explain", "xyzzy")
    assert (result.returncode, result.stderr) == (1, b"")
    assert "keine bekannte Meldung" in result.stdout.decode()
