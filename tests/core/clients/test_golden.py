"""Every export byte for byte, for two providers and every combination of answers."""

from __future__ import annotations

import pytest

from tests.support import golden
from tests.support.expected_settings import expected_settings
from tests.support.readers import READERS, Settings
from webapp.core.clients import CLIENTS

FILES: dict[str, list[tuple[golden.Format, golden.Answers]]] = {}
for case in golden.cases():
    FILES.setdefault(golden.file_of(*case), []).append(case)


def test_every_format_is_in_the_table() -> None:
    assert {*golden.TEXTS, *golden.BINARIES} == {
        (client.id, name) for client in CLIENTS.values() for name in client.formats
    }


@pytest.mark.parametrize("file", FILES)
def test_every_export_is_as_its_golden_file_shows_it(file: str, update_golden: bool) -> None:
    """Every case of the file: so the answers that the table leaves out change nothing."""
    if update_golden:
        (golden.FOLDER / file).parent.mkdir(exist_ok=True)
        (golden.FOLDER / file).write_bytes(golden.shown(*FILES[file][0]))
    for format_, answers in FILES[file]:
        assert golden.shown(format_, answers) == golden.expected(format_, answers), (format_, answers)


@pytest.mark.parametrize("file", FILES)
def test_a_reader_of_its_own_finds_the_account_in_it(file: str) -> None:
    read: dict[tuple[golden.Format, bytes], Settings] = {}
    for format_, answers in FILES[file]:
        content = golden.expected(format_, answers) if format_ in golden.TEXTS else answers.export(*format_)
        if (format_, content) not in read:
            read[format_, content] = READERS[format_](content)
        assert read[format_, content] == expected_settings(answers.account(), *format_), answers


def test_every_binary_export_has_its_digest(update_golden: bool) -> None:
    """The texts inside are compared above; where only this fails, the bytes around them changed (another zlib?)."""
    made: dict[str, set[str]] = {}
    for format_, answers in golden.cases():
        if format_ in golden.BINARIES:
            made.setdefault(golden.binary_of(format_, answers), set()).add(golden.digest(answers.export(*format_)))
    assert {name: len(digests) for name, digests in made.items()} == dict.fromkeys(made, 1)
    table = "".join(f"{sha256}  {name}\n" for name, (sha256,) in sorted(made.items()))
    if update_golden:
        golden.DIGESTS.write_text(table, encoding="utf-8")
    assert table.splitlines() == golden.DIGESTS.read_text(encoding="utf-8").splitlines()


def test_no_golden_file_is_unused_and_no_two_are_the_same(update_golden: bool) -> None:
    wanted = {*(golden.FOLDER / file for file in FILES), golden.DIGESTS, golden.WORDS}
    found = {path for path in golden.FOLDER.rglob("*") if path.is_file()}
    if update_golden:
        for path in found - wanted:
            path.unlink()
        found &= wanted
    assert found == wanted
    digests = golden.DIGESTS.read_text(encoding="utf-8").split()[::2]
    contents = [path.read_bytes() for path in found] + digests
    assert len(set(contents)) == len(contents)
