"""Codes that people read out and type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.infrastructure import codes


@settings(deadline=None)
@given(st.integers(0, 999_999_999), st.sampled_from([" ", "-", " - ", "\u2013", ".", ""]))
def test_a_code_is_read_however_it_is_grouped(number: int, between: str) -> None:
    code = f"{number:09}"
    assert codes.parse_code(between.join((code[:3], code[3:6], code[6:]))) == code
    assert codes.parse_code(codes.spoken(code)) == code


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "12345678a", "１２３456789", "123;456;789", "' OR 1=1"])
def test_anything_else_is_no_code(text: str) -> None:
    assert codes.parse_code(text) is None


def test_codes_are_random() -> None:
    assert len({codes.new_code() for _ in range(200)}) == 200
