"""The guide for Thunderbird says the words that Thunderbird shows, in both languages.

Compared with the texts of the installed program and its German: every word in quotation marks and every step of a path
"A › B" in the guide must be one of them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from tests.support.thunderbird import GERMAN, PROGRAM

pytestmark = pytest.mark.peers

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "templates" / "clients" / "thunderbird.html"
TEXTS = {"en": (PROGRAM.parent / "omni.ja", "en-US"), "de": (GERMAN, "de")}
# What is quoted and not this Thunderbird's: its menu button, the browser's folder, a menu of Thunderbird 140.
NOT_ITS_OWN = {"≡", "Downloads", "New Account", "Neues Konto"}

_VALUES = {
    ".ftl": re.compile(r"^(?:\s+\.)?[\w-]+ *= *(.+)$", re.MULTILINE),
    ".dtd": re.compile(r'<!ENTITY\s+\S+\s+"([^"]*)"'),
    ".properties": re.compile(r"^[^#=\s]+\s*=\s*(.+)$", re.MULTILINE),
}
_VARIABLES = {
    "{ app-name-thunderbird }": "Thunderbird",
    "{ -brand-short-name }": "Thunderbird",
    "&brandShortName;": "Thunderbird",
}


def shown(language: str) -> set[str]:
    """Return every text of Thunderbird's own windows in `language`."""
    archive, name = TEXTS[language]
    found = set()
    with zipfile.ZipFile(archive) as texts:
        for entry in texts.namelist():
            if f"/{name}/messenger" in f"/{entry}" and (pattern := _VALUES.get(Path(entry).suffix)):
                found |= {plain(value) for value in pattern.findall(texts.read(entry).decode())}
    return found


def plain(words: str) -> str:
    """Return `words` without what a guide leaves out: markup, the mark at the end."""
    for variable, value in _VARIABLES.items():
        words = words.replace(variable, value)
    return re.sub(r"<[^>]+>", "", words).strip().rstrip(".:…").strip()


def guide(language: str) -> list[str]:
    """Return the texts of the guide in `language`."""
    environment = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701  nothing is rendered
    source = TEMPLATE.read_text(encoding="utf-8")
    msgids = [words for _, _, found in environment.extract_translations(source) for words in flat(found)]
    if language == "en":
        return msgids
    translated = {}
    for file in (ROOT / "webapp" / "translations" / language / "LC_MESSAGES").glob("*.po"):
        with file.open("rb") as opened:
            for message in read_po(opened):
                for msgid, msgstr in zip(flat(message.id), flat(message.string), strict=False):
                    translated[msgid] = msgstr
    return [translated[msgid] for msgid in msgids]


def flat(found: str | tuple[str | None, ...] | None) -> Iterator[str]:
    yield from (words for words in ((found,) if isinstance(found, str) else found or ()) if words)


def its_words(text: str) -> Iterator[str]:
    """Yield what a text of the guide says the program shows."""
    quoted = re.findall("[“„]([^“”„]+)[”“]", text)
    for words in (text.split(" › ") if " › " in text else []) + quoted:
        yield from filter(None, map(plain, words.split(" … ")))


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_guide_says_the_words_that_thunderbird_shows(thunderbird_is_here: None, language: str) -> None:
    known = shown(language) | NOT_ITS_OWN
    said = {words for text in guide(language) for words in its_words(text)}
    assert said, "the guide quotes nothing"
    assert said <= known
