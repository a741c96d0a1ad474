from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.probe.dialogue import Lines, Pop3Dialogue, SmtpDialogue, command

POP3 = b"+OK ready\r\n+OK list\r\nSASL PLAIN\r\n..dot\r\n.\r\n-ERR [IN-USE] busy\r\n"
SMTP = b"220 ready\r\n250-host\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n550-no\r\n550 5.7.1 sender\r\n"


def pop3_events(chunks: list[bytes]) -> list[object]:
    dialogue = Pop3Dialogue()
    dialogue.expect()
    dialogue.expect(Lines(10, 1000))
    dialogue.expect()
    return [event for chunk in chunks for event in dialogue.receive(chunk)]


def smtp_events(chunks: list[bytes]) -> list[object]:
    dialogue = SmtpDialogue()
    for _ in range(3):
        dialogue.expect()
    return [event for chunk in chunks for event in dialogue.receive(chunk)]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.lists(st.integers(0, 200), max_size=12))
def test_every_split_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    assert pop3_events(split(POP3, cuts)) == pop3_events([POP3])
    assert smtp_events(split(SMTP, cuts)) == smtp_events([SMTP])


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert pop3_events([bytes([byte]) for byte in POP3]) == pop3_events([POP3])
    assert len(pop3_events([POP3])) == 3
    assert len(smtp_events([SMTP])) == 3


@given(st.binary(max_size=400))
def test_no_bytes_of_a_server_raise(data: bytes) -> None:
    pop3_events([data])
    smtp_events([data])


@pytest.mark.parametrize("verb", ["DELE", "RETR", "TOP", "DATA", "LIST"])
def test_knows_no_verb_that_touches_a_mail(verb: str) -> None:
    with pytest.raises(ValueError, match="verb"):
        command(verb, "1")


@given(st.text())
def test_a_command_is_one_line_whatever_is_in_it(argument: str) -> None:
    try:
        line = command("USER", argument)
    except ValueError:
        return
    except UnicodeEncodeError:
        return
    assert line.count(b"\r") == line.count(b"\n") == 1
    assert line.endswith(b"\r\n")
