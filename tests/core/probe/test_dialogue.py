"""The dialogue core: bytes in, events out."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.probe import Bounds, FailureKind
from webapp.core.probe.dialogue import (
    EXCERPT,
    Broken,
    Lines,
    Pop3Dialogue,
    Pop3Reply,
    SmtpDialogue,
    SmtpReply,
    command,
    plain_response,
)
from webapp.core.probe.pop3 import Pop3
from webapp.core.probe.smtp import Smtp

POP3 = b"+OK ready\r\n+OK list\r\nSASL PLAIN\r\n..dot\r\n.\r\n-ERR [IN-USE] busy\r\nleft over"
SMTP = b"220 ready\r\n250-host\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n550-no\r\n550 5.7.1 sender\r\nleft over"
LONG = Bounds().line_octets


def pop3_events(chunks: list[bytes]) -> list[object]:
    dialogue = Pop3Dialogue()
    for lines in (None, Lines(10, 1000), None):
        dialogue.expect(lines)
    return [event for chunk in chunks for event in dialogue.receive(chunk)]


def smtp_events(chunks: list[bytes]) -> list[object]:
    dialogue = SmtpDialogue()
    for _ in range(3):
        dialogue.expect()
    return [event for chunk in chunks for event in dialogue.receive(chunk)]


SIDES = pytest.mark.parametrize(("events", "data"), [(pop3_events, POP3), (smtp_events, SMTP)], ids=["pop3", "smtp"])
Events = Callable[[list[bytes]], list[object]]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def test_reads_pop3_replies() -> None:
    assert pop3_events([POP3]) == [
        Pop3Reply("+OK", b"ready"),
        Pop3Reply("+OK", b"list", lines=(b"SASL PLAIN", b".dot"), count=2),
        Pop3Reply("-ERR", b"[IN-USE] busy", code="IN-USE"),
    ]


def test_reads_smtp_replies() -> None:
    assert smtp_events([SMTP]) == [
        SmtpReply(220, (b"ready",)),
        SmtpReply(250, (b"host", b"SIZE 1000", b"AUTH PLAIN")),
        SmtpReply(550, (b"no", b"5.7.1 sender"), "5.7.1"),
    ]


@SIDES
def test_every_cut_into_two_gives_the_same_events(events: Events, data: bytes) -> None:
    for cut in range(len(data) + 1):
        assert events([data[:cut], data[cut:]]) == events([data])
    assert events([bytes([octet]) for octet in data]) == events([data])


@given(
    st.lists(st.sampled_from([b"+OK", b"-ERR [AUTH] x", b"+", b".", b"..", b"", b"250-a", b"250 b", b"junk", b"\0\xff",
                              b"+OK " + b"x" * LONG, b"x" * (LONG - 2), b"x" * (LONG - 1)]), max_size=20),
    st.sampled_from([b"\r\n", b"\n"]),
    st.lists(st.integers(0, 10_000), max_size=12),
)  # fmt: skip
def test_every_split_of_any_lines_gives_the_same_events(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    data = end.join(lines)
    for events in (pop3_events, smtp_events):
        assert events(split(data, cuts)) == events([data])


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_no_octets_of_a_server_raise(data: bytes, cuts: list[int]) -> None:
    for events in (pop3_events, smtp_events):
        assert events(split(data, cuts)) == events([data])


def test_what_nobody_asked_for_stays_unread() -> None:
    dialogue = Pop3Dialogue()
    dialogue.expect()
    assert dialogue.receive(b"+OK go ahead\r\n+OK injected\r\n") == [Pop3Reply("+OK", b"go ahead")]
    assert dialogue.unread


@pytest.mark.parametrize(("octets", "broken"), [(LONG - 2, False), (LONG - 1, True)])
def test_a_line_has_a_longest_length(octets: int, broken: bool) -> None:
    dialogue = Pop3Dialogue()
    dialogue.expect()
    (event,) = dialogue.receive(b"+OK ".ljust(octets, b"x") + b"\r\n")
    assert isinstance(event, Broken) is broken
    assert not isinstance(event, Broken) or len(event.excerpt) == EXCERPT


@pytest.mark.parametrize(("wanted", "count"), [(Lines(3, 1000), 3), (Lines(3, 9), 3)])
def test_a_list_within_its_cap_is_read(wanted: Lines, count: int) -> None:
    dialogue = Pop3Dialogue()
    dialogue.expect(wanted)
    (event,) = dialogue.receive(b"+OK\r\n" + b"abc\r\n" * count + b".\r\n")
    assert event == Pop3Reply("+OK", b"", lines=(b"abc",) * count, count=count)


@pytest.mark.parametrize("wanted", [Lines(2, 1000), Lines(10, 8)])
def test_a_list_over_its_cap_breaks_the_dialogue_or_is_cut_short(wanted: Lines) -> None:
    data = b"+OK\r\n" + b"abc\r\n" * 3 + b".\r\n"
    dialogue = Pop3Dialogue()
    dialogue.expect(wanted)
    assert dialogue.receive(data) == [Broken(FailureKind.REPLY_TOO_LONG, b"abc")]
    counting = Pop3Dialogue()
    counting.expect(Lines(wanted.most, wanted.octets, only_counted=True))
    assert counting.receive(data) == [Pop3Reply("+OK", b"", count=2, cut_short=True)]
    assert dialogue.receive(b"+OK\r\n") == counting.receive(b"+OK\r\n") == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"* OK IMAP4rev1", FailureKind.WRONG_PROTOCOL),
        (b"SSH-2.0-x", FailureKind.WRONG_PROTOCOL),
        (b"HTTP/1.1 400 Bad Request", FailureKind.WRONG_PROTOCOL),
        (b"<!DOCTYPE html>", FailureKind.WRONG_PROTOCOL),
        (b"hello", FailureKind.PROTOCOL_ERROR),
        (b"", FailureKind.PROTOCOL_ERROR),
    ],
)
def test_names_another_protocol_by_its_greeting_and_only_there(line: bytes, kind: FailureKind) -> None:
    for events, good in ((pop3_events, b"+OK\r\n"), (smtp_events, b"220 x\r\n")):
        assert events([line + b"\r\n"]) == [Broken(kind, line)]
        assert events([good + good + b".\r\n" * (good == b"+OK\r\n") + line + b"\r\n"])[-1] == Broken(
            FailureKind.PROTOCOL_ERROR, line
        )


@pytest.mark.parametrize("verb", ["DELE", "RETR", "TOP", "DATA", "LIST", "capa", "CAPA\r\nDELE"])
def test_knows_no_verb_that_touches_a_mail(verb: str) -> None:
    for conversation in (Pop3, Smtp, *Pop3.__subclasses__(), *Smtp.__subclasses__()):
        with pytest.raises(ValueError, match="verb") as caught:
            conversation._command(verb, "1")
        assert "1" not in str(caught.value)


@given(
    st.sampled_from(sorted(Pop3.verbs | Smtp.verbs)),
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3),
)
def test_a_command_is_one_line_or_refused_without_repeating_it(verb: str, arguments: list[str]) -> None:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in "".join(arguments)):
        with pytest.raises(ValueError, match=r"^a control character in a command$"):
            command(verb, *arguments)
    else:
        assert command(verb, *arguments).decode().splitlines(keepends=True) == [" ".join([verb, *arguments]) + "\r\n"]


def test_the_password_of_auth_plain_is_utf_8() -> None:
    """RFC 4616 section 2; smtplib cannot do it."""
    assert plain_response("a@gmx.de", "ä") == "AGFAZ214LmRlAMOk"
