"""Every text is spelt right, in every language that hunspell has a dictionary for; words of our own stand in a list."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.test_translations import msgids_in_the_source, translated

DICTIONARIES = {"de": "de_DE", "en": "en_US"}
OWN_WORDS = Path(__file__).parent / "words"
# What is no text: placeholders, addresses, file names, codes, what a command line takes.
NOT_TEXT = re.compile(
    r"%\(\w+\)[sd]|%%|https?://\S+|[\w.+%-]*@[\w.-]+|\b\w+(?:[./_-]\w+)*\.(?:\w{2,12})\b|(?<!\w)-{1,2}[a-z][\w-]*|"
    r"\b[A-Z]*\d[\w]*\b|\b[A-Z_]{2,}\b|\b\w*_\w+\b"
)
WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")


def texts(language: str) -> set[str]:
    if language == "en":
        return msgids_in_the_source()
    return {text for found in translated(language).values() for _, text in found}


def unknown_words(language: str) -> set[str]:
    """Return the words that neither hunspell nor our list knows."""
    words = {word for text in texts(language) for word in WORD.findall(NOT_TEXT.sub(" ", text))}
    own = set((OWN_WORDS / f"{language}.txt").read_text(encoding="utf-8").split())
    command = ["hunspell", "-i", "utf-8", "-d", DICTIONARIES[language], "-l"]
    asked = "\n".join(sorted(words - own)).replace("’", "'")
    found = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout.split("\n")
    return {word for word in found if word} - own


@pytest.mark.parametrize("language", DICTIONARIES)
def test_every_word_is_spelt_right(language: str) -> None:
    if shutil.which("hunspell") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("hunspell is not installed")
        pytest.skip("hunspell is not installed")
    wrong = unknown_words(language)
    assert not wrong, f"misspelt, or to be added to tests/project/words/{language}.txt: {sorted(wrong)}"


@pytest.mark.parametrize("language", DICTIONARIES)
def test_the_list_of_our_own_words_is_sorted_and_holds_each_once(language: str) -> None:
    words = (OWN_WORDS / f"{language}.txt").read_text(encoding="utf-8").split()
    assert words == sorted(set(words))
