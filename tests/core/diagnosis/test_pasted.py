"""Texts that nobody types: what they cost grows with their length, not with its square."""

from __future__ import annotations

import pytest

from webapp.core.diagnosis.messages import search
from webapp.core.diagnosis.messages.searching import CHARACTERS_MAX, RESULTS_MAX


@pytest.mark.timeout(60)  # each took minutes before its expressions gave nothing back
@pytest.mark.parametrize(
    ("before", "repeated"),
    [
        ("> AUTH ", " "),
        ("> AUTH PLAIN\n", " "),
        ("x\n" * 5, " \t"),
        ("> PASS ", "* A "),
        ("", "> AUTH "),
        ("550-", "550-"),
        ("", "("),
        ("", "a: "),
        ("", "a. "),
    ],
)
def test_a_text_of_one_thing_again_and_again_is_read_to_its_end(before: str, repeated: str) -> None:
    text = before + repeated * (CHARACTERS_MAX // len(repeated)) + "x"
    assert len(search(text)) <= RESULTS_MAX
