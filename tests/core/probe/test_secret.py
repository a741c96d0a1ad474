"""What a Secret gives away: nothing, unless it is asked to reveal itself."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.probe import Secret
from webapp.core.text import InputError

PASSWORD = "canary-Test-Passwort-4711"


def test_shows_a_mask_wherever_text_is_made_of_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(PASSWORD)
    logging.getLogger("test").warning("%s %r", secret, secret)
    assert PASSWORD not in f"{secret} {secret!r} {secret:>40} {[secret]} {secret!s} {caplog.text}"


def test_a_traceback_does_not_hold_it() -> None:
    try:
        raise RuntimeError(Secret(PASSWORD))
    except RuntimeError:
        assert PASSWORD not in traceback.format_exc()


@pytest.mark.parametrize("store", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps], ids=lambda f: f.__qualname__)
def test_is_neither_copied_nor_stored(store: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        store(Secret(PASSWORD))
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("password", ["", "x" * 1025, "ä" * 513, "\ud800"])
def test_refuses_what_no_password_can_be(password: str) -> None:
    with pytest.raises(InputError):
        Secret(password)


@pytest.mark.parametrize(
    "character",
    [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"],
    ids=lambda c: f"{ord(c):04x}",
)
def test_refuses_a_character_that_could_end_a_command(character: str) -> None:
    with pytest.raises(InputError) as caught:
        Secret(f"before{character}DELE 1")
    assert "DELE" not in str(caught.value)


@pytest.mark.parametrize("password", ["x", "x" * 1024, "ä" * 512, "Prüf-Größe-äöü", "a b", '"\\', "😀"])
def test_takes_every_other_password_as_it_is(password: str) -> None:
    assert Secret(password).reveal() == password


@given(st.text(alphabet=st.sampled_from(" ab\u00a0"), min_size=1, max_size=8))
def test_tells_of_blanks_at_its_ends_and_keeps_them(password: str) -> None:
    secret = Secret(password)
    assert secret.reveal() == password
    assert secret.has_outer_blank is (password != password.strip())
