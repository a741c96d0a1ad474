"""Which passwords of agents are refused for being among the first that a guesser tries."""

from __future__ import annotations

import time

import pytest

from webapp.helpdesk.guessable import is_guessable

PLACES = ("Wasserverband Nordheide", "pop.example.org", "vera@example.org")

TRIED_FIRST = [
    "password1234",
    "passwort1234",
    "123456789012",
    "qwertyuiop12",
    "qwertz123456",
    "Passwort123!",
    "Sommer2026!!",
    "gmxgmxgmx123",
    "Stadtwerke123",
    "iloveyou1234",
    "helpdesk1234",
    "administrator1",
    "P@ssw0rd2026",
    "Pa$$w0rt12345",
    "Willkommen1!",
    "Frühling2025!",
    "Fruehling2025",
    "Winter2026/27",
    "987654321098",
    "abcdefghijkl",
    "abcabcabcabc",
    "aaaaaaaaaaaa",
    "1q2w3e4r5t6z",
    "1qaz2wsx3edc",
    "asdfghjklöä",
    "yxcvbnm12345",
    "qwertz.qwertz",
    "passwortpasswort",
    "passwort-passwort",
    "hallohallo12",
    "Schalke04!!!",
    "Michael1980!",
    "Sabine-1975!",
    "geheim123456",
    "Wasserverband1",
    "nordheide2026",
    "vera12345678",
    "Example2026!",
    "111122223333",
    "121212121212",
    "Test1234Test",
    "letmein12345",
    "welcome2024!",
    "Deutschland1",
    "adminadmin12",
    "P4ssw0rt2026",
    "1L0veY0u2026",
    "19801980aaaa",
    "202620262026",
]

SENTENCES = (
    "a sentence only for tests", "correct horse battery staple", "Der Kaffee im dritten Stock schmeckt nach Pappe",
    "Zwölf Möwen frühstücken heimlich", "kein Fahrrad ohne Klingel", "tr0mbone+wagon7", "xK9#mQ2$vL7p", "hausschwein und igel",
    "Vera likes green tea on Sunday", "mondschein-trompete-42", "kMgbZtrWqpLs",
)  # fmt: skip


@pytest.mark.parametrize("password", TRIED_FIRST)
def test_refuses_what_is_tried_first(password: str) -> None:
    assert is_guessable(password, PLACES)


@pytest.mark.parametrize("password", SENTENCES)
def test_takes_sentences_and_what_a_manager_makes(password: str) -> None:
    assert not is_guessable(password, PLACES)


def test_words_of_the_place_count_here_alone() -> None:
    assert not is_guessable("Nordheide2026Nordheide")
    assert is_guessable("Nordheide2026Nordheide", PLACES)


def test_a_short_name_refuses_nothing() -> None:
    assert not is_guessable("the eleven elephants", ("e@example.org",))


def test_is_done_at_once_whatever_is_typed() -> None:
    began = time.process_time()
    for text in ("a" * 128, "ab" * 64, "password" * 16, "1234567890" * 12, "qwertz!" * 18, "ä" * 128, "\x00" * 128):
        is_guessable(text, PLACES)
    assert time.process_time() - began < 0.5
