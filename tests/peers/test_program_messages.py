"""Every text that installed programs and libraries have for a fault leads to its cause, in each language they speak.

A version with a new text fails here and names it: it gets a place in the catalogue, or a note that it is no fault. The
latter are help, progress and questions of programming; they are noted by a digest, for their sentences are their authors'
(`python -m pytest tests/peers/test_program_messages.py --update-golden` notes what is in neither).
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from tests.support.program_strings import GERMAN, SOURCES, known_as, said
from webapp.core import diagnosis
from webapp.core.diagnosis.messages import PROGRAMS, causes, search

pytestmark = pytest.mark.peers

CATALOGUE = Path(diagnosis.__file__).parent / "messages"
NO_FAULT = Path(__file__).parent / "no_fault"
A_LINE = 12  # digests
# How programs pass on what a library says.
PASSED_ON = {
    "openssl": "[SSL: {}] {} (_ssl.c:1123)",
    "network": "OSError: [Errno 111] {}",
}
PASSED_ON_OTHERWISE = {
    "openssl": "error:0A00006F:{}:../ssl/record/ssl3_record.c:354:",
    "network": "{}",
}
LANGUAGES = [
    (program, language) for program in SOURCES for language in ("en", "de") if language == "en" or program in GERMAN
]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def listed(program: str) -> dict[str, list[str]]:
    """Return the causes by the texts of the catalogue, as it has them."""
    entries = tomllib.loads((CATALOGUE / f"{program}.toml").read_text("utf-8"))["message"]
    return {
        known_as(text): entry["causes"].split()
        for entry in entries
        for text in (entry["en"], entry.get("de", ""), *entry.get("also", ()))
    }


def texts(program: str, language: str) -> list[str]:
    return [known_as(text) for text in SOURCES[program](language)]


@pytest.mark.parametrize("program", SOURCES)
def test_every_text_has_a_cause_or_is_no_fault(program: str, pytestconfig: pytest.Config) -> None:
    noted = NO_FAULT / f"{program}.txt"
    new = {text for text in texts(program, "en") if text not in listed(program)}
    if pytestconfig.getoption("--update-golden"):
        digests = sorted(map(digest, new))
        noted.write_text("".join(f"{' '.join(digests[n : n + A_LINE])}\n" for n in range(0, len(digests), A_LINE)))
    unknown = sorted(text for text in new if digest(text) not in noted.read_text().split())
    assert not unknown, f"{program} says something new: {unknown}"


@pytest.mark.parametrize(("program", "language"), LANGUAGES)
def test_every_text_finds_its_cause_first(program: str, language: str) -> None:
    wrong_ones(program, language, PASSED_ON.get(program, "{}"), "pop.gmx.net")


@pytest.mark.proof
@pytest.mark.parametrize("name", ["…"])
@pytest.mark.parametrize(("program", "language"), LANGUAGES)
def test_every_text_finds_it_with_other_names_and_in_other_frames(program: str, language: str, name: str) -> None:
    wrong_ones(program, language, PASSED_ON_OTHERWISE.get(program, "{}"), name)


def wrong_ones(program: str, language: str, frame: str, name: str) -> None:
    """Ask every text of a fault as `program` shows it: in `frame`, `name` in the place of what differs."""
    known = listed(program)
    english, shown = texts(program, "en"), texts(program, language)
    asked = {
        frame.format(*[said(text, name)] * 2): known[key]
        for key, text in zip(english, shown, strict=True)
        if key in known
    }
    context = program if program in PROGRAMS else None
    found = {text: next(iter(causes(search(text, context))), None) for text in asked}
    wrong = {text: (cause, asked[text]) for text, cause in found.items() if cause not in asked[text]}
    assert not wrong, f"{len(asked) - len(wrong)} of {len(asked)}: {wrong}"
