"""What is kept of a reply."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.probe.redaction import LENGTH_MAX, MASK, Redaction
from webapp.core.probe.secret import Secret

USER = "anna.beispiel@gmx.de"
PASSWORD = "Prüf-Größe-äöü-4711"


@pytest.fixture
def redact() -> Redaction:
    return Redaction(USER, Secret(PASSWORD))


@pytest.mark.parametrize(
    "echo",
    [
        PASSWORD.encode(),
        PASSWORD.lower().encode(),
        PASSWORD.encode("latin-1"),
        PASSWORD.encode("ascii", "replace"),
        base64.b64encode(PASSWORD.encode()),
        base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()),
        base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).rstrip(b"="),
        USER.encode(),
        USER.upper().encode(),
        b"anna.beispiel",
        base64.b64encode(USER.encode()),
        b"Pr%C3%BCf-Gr%C3%B6%C3%9Fe-%C3%A4%C3%B6%C3%BC-4711",
        "".join(f"%{octet:02X}" for octet in PASSWORD.encode()).encode(),
        PASSWORD.encode().hex().encode(),
        PASSWORD.encode("latin-1").hex().upper().encode(),
    ],
    ids=range(15),
)
def test_masks_name_and_password_in_every_form_a_server_may_repeat(redact: Redaction, echo: bytes) -> None:
    assert redact(b'-ERR no "' + echo + b'" here') == f'-ERR no "{MASK}" here'


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("behind", ["", "a", "ab"])
def test_masks_the_password_in_the_base64_of_more_than_it(redact: Redaction, before: str, behind: str) -> None:
    kept = redact(b"-ERR " + base64.b64encode(f"{before}{PASSWORD}{behind}".encode()))
    assert MASK in kept
    assert len(kept) < 30


def test_masks_a_blank_in_the_way_of_a_form() -> None:
    assert Redaction(USER, Secret("two words 1"))(b"-ERR two+words+1") == f"-ERR {MASK}"


def test_keeps_printable_ascii_only(redact: Redaction) -> None:
    assert redact(b"a\x00b\x1b[31mc\r\nd\xc3\xa4e\xff") == "a b [31mc d e"


def test_keeps_beginning_and_end_of_a_long_reply(redact: Redaction) -> None:
    kept = redact(b"550-first" + b" x" * 500 + b" the reason")
    assert len(kept) <= LENGTH_MAX
    assert kept.startswith("550-first")
    assert kept.endswith("the reason")


def test_a_reply_with_a_short_password_is_not_kept_at_all() -> None:
    """Masked letter by letter it would show which letter it is."""
    assert Redaction(USER, Secret("a"))(b"authentication failed") == MASK
    assert Redaction(USER, Secret("zz"))(b"authentication failed") == "authentication failed"


@given(
    password=st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=6, max_size=30),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
def test_no_password_survives_whatever_stands_around_it(password: str, before: str, after: str) -> None:
    redact = Redaction(USER, Secret(password))
    assert password not in redact(f"{before}{password}{after}").replace(MASK, "\n")
