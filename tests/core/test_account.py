from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention, parse_address, parse_name, shorten_address
from webapp.core.text import InputError


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("anna@gmx.de", "anna@gmx.de"),
        ("  Anna.Beispiel@GMX.de \n", "anna.beispiel@gmx.de"),
        ("mailto:anna@gmx.de", "anna@gmx.de"),
        ("an\u200bna@gmx.de", "anna@gmx.de"),
        ("1234567@gmx.net", "1234567@gmx.net"),
        ("o'neill+pop@gmx.de", "o'neill+pop@gmx.de"),
    ],
)
def test_takes_an_address_as_people_type_it(typed: str, address: str) -> None:
    assert parse_address(typed) == address


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "anna", "anna@", "@gmx.de", "a b@gmx.de", "a@b@gmx.de", "änna@gmx.de", ".anna@gmx.de", "an..na@gmx.de",
     "anna@gmx", "anna@-gmx.de", "anna@gmx..de", "a" * 65 + "@gmx.de", "anna@" + "a." * 130 + "de",
     "anna@gmx.de\r\nDELE 1", "anna\x00@gmx.de", "<anna@gmx.de>", '"anna"@gmx.de'],
)  # fmt: skip
def test_refuses_what_is_no_address_with_a_message(typed: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_address(typed)
    assert str(refusal.value).endswith(".")


@given(st.text(max_size=300))
def test_an_address_is_parsed_or_refused_whatever_is_typed(typed: str) -> None:
    try:
        address = parse_address(typed)
    except InputError:
        return
    assert parse_address(address) == address
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' <>"\\,;:()[]')


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Anna\u200b Bei\u00adspiel\ufeff", "Anna Beispiel"), ("a\u2060\u0308", "ä"), ("👩\u200d💻", "👩\u200d💻")],
)
def test_a_name_keeps_no_character_that_nobody_sees(typed: str, name: str) -> None:
    assert parse_name(typed) == name


@given(st.text(max_size=300))
def test_a_name_is_one_printable_line_or_refused(typed: str) -> None:
    try:
        name = parse_name(typed)
    except InputError:
        return
    assert parse_name(name) == name
    assert len(name.splitlines()) <= 1
    assert len(name) <= 64


@pytest.mark.parametrize("typed", ["Jörg\nBcc: x", "a\x00b", "a\u202eb", "x" * 65])
def test_refuses_a_name_that_could_deceive_or_break_a_file(typed: str) -> None:
    with pytest.raises(InputError):
        parse_name(typed)


def test_reads_and_writes_what_stays_on_the_server() -> None:
    assert Retention.parse("forever") is KEEP_FOREVER
    assert Retention.parse(" Delete ") is FETCH_AND_DELETE
    for days in range(1, 100):
        assert str(Retention.parse(str(days))) == str(days)


@pytest.mark.parametrize("typed", ["0", "100", "-1", "1.5", "ever", "", "٣"])
def test_refuses_a_retention_that_no_program_knows(typed: str) -> None:
    with pytest.raises(InputError):
        Retention.parse(typed)


@given(st.emails())
def test_a_shortened_address_shows_no_whole_local_part(address: str) -> None:
    local_part = address.rpartition("@")[0]
    if len(local_part) > 2 and "@" not in local_part:
        assert local_part not in shorten_address(address).rpartition("@")[0]
