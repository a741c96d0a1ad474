"""What an agent says and asks at each diagnosis, as it is read aloud in German."""

from __future__ import annotations

import re

import pytest

from webapp.core.diagnosis import CATALOGUE
from webapp.core.providers import load
from webapp.core.text import Message, filled, translations_for

GMX = load()["gmx.net"]
WORDS_MAX = 34
ONLY_AT_COMPUTERS = {"no-authorities", "data-file-trouble"}  # our own check in Python, Outlook for Windows
NEVER = re.compile(r"(?<!„)Anschl[uü]ss|versiegelt|\bWert\b|\bKreis\b|\bwww\b.*\bwww\b|[()/;]|§|→")


def said(message: Message) -> str:
    names = {"provider": GMX.name, "website": GMX.website}
    return filled(message.translated(translations_for("de")), {**names, **message.values})


@pytest.mark.parametrize("diagnosis_id", CATALOGUE)
def test_each_diagnosis_has_a_sentence_to_say_and_one_to_ask(diagnosis_id: str) -> None:
    found = CATALOGUE[diagnosis_id].for_provider(GMX)
    say, ask = said(found.say), said(found.ask)
    assert say.endswith(".")
    assert "?" in ask
    for sentence in (say, ask):
        assert not NEVER.search(sentence), sentence
        assert len(sentence.split()) <= WORDS_MAX, sentence
        assert max(len(part.split()) for part in re.split(r"[.?!:] ", sentence)) <= 20, sentence


@pytest.mark.parametrize("diagnosis_id", CATALOGUE)
def test_the_certificate_is_called_as_on_the_screen(diagnosis_id: str) -> None:
    """“Ausweis” explains the word, and never stands in its place."""
    found = CATALOGUE[diagnosis_id].for_provider(GMX)
    for sentence in (said(found.title), said(found.say), said(found.ask)):
        assert "Ausweis" not in sentence or "Zertifikat" in sentence, sentence


def test_the_sentence_does_not_say_the_title_again() -> None:
    """They stand one above the other on the desk."""
    again = [name for name, found in CATALOGUE.items() if said(found.say).startswith(said(found.title).rstrip("."))]
    assert not again


@pytest.mark.parametrize("diagnosis_id", sorted(CATALOGUE.keys() - ONLY_AT_COMPUTERS))
def test_no_cause_takes_the_person_s_device_for_a_computer(diagnosis_id: str) -> None:
    found = CATALOGUE[diagnosis_id].for_provider(GMX)
    for sentence in map(said, (found.title, found.why, *found.advice, found.say, found.ask)):
        assert not re.search(r"\b(?:Ihr(?:e[mns])?|diese[rmns]) (?:eigenen )?Computer", sentence), sentence
