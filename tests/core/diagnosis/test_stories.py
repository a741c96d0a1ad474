"""What people tell in sentences of their own, and what of it leads to a cause."""

from __future__ import annotations

import json

import pytest

from tests.core.diagnosis.test_asked import ASKED, cause, right, surely_wrong
from webapp.core.diagnosis.messages.pasted import story

TOLD = json.loads((ASKED / "told-messages.json").read_text("utf-8"))


def test_what_people_tell_in_public_threads_finds_its_cause() -> None:
    """29 of these 45 did when they were first asked; wordings of every symptom and of the large providers were added."""
    assert len(right(TOLD)) <= len(TOLD) - 40
    assert len(surely_wrong(TOLD)) <= 2


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (
            "I got a new telephone last week. Ever since, the program started downloading many old emails.",
            "mails-twice",
        ),
        ("Gestern habe ich mein Passwort geändert. Empfangen geht, aber Senden nicht mehr.", "old-password-saved"),
        (
            "Unser Anbieter hat TLS 1.0 abgeschaltet, und mein altes Handy bekommt keine sichere Verbindung.",
            "tls-too-old",
        ),
        ("In meinem Kennwort steht ein € und die Anmeldung schlägt fehl.", "password-not-ascii"),
        ("Der Anbieter hielt das für einen Angriff und hat mir das Senden gesperrt.", "security-check"),
    ],
)
def test_a_story_of_several_sentences_finds_what_it_is_about(told: str, meant: str) -> None:
    assert cause(told) == meant


def test_a_story_is_taken_apart_to_its_sentences_and_what_they_are_made_of() -> None:
    assert story("They changed the settings, but nothing works. The server refused.") == (
        ["They changed the settings, but nothing works.", "The server refused."],
        ["They changed the settings,", "but nothing works.", "The server refused."],
    )
    assert story("one sentence only, without another")[0] == []
    assert max(map(len, story("".join(f"Nothing went well on day {day}. " for day in range(9000))))) <= 8


def test_a_program_prints_more_behind_what_the_server_answered() -> None:
    told = "Error: all recipients were rejected\n code: 'EENVELOPE',\n response: '550 5.7.1 Unable to relay for anna@example.org',\n responseCode: 550"
    assert cause(told) == "sending-login-off"


@pytest.mark.parametrize("sign", ["€", "£", "§", "ß"])
def test_a_sign_of_a_password_is_a_word(sign: str) -> None:
    assert cause(f"Passwort mit {sign}") == "password-not-ascii"
