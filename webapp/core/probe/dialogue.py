"""Sans-I/O parsers of POP3 and SMTP: bytes in, events out; commands as bytes.

The events do not depend on how the bytes are split. Only expected replies are parsed: unsolicited bytes stay in
`unread`, where STARTTLS looks for injected plain text.
"""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from webapp.core.probe.bounds import BOUNDS, Bounds
from webapp.core.probe.report import FailureKind

EXCERPT = 200  # octets kept of a malformed line

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OTHER_PROTOCOL = re.compile(rb"\* (?:OK|PREAUTH|BYE)\b|SSH-|HTTP/\d|<!doctype|<html|RFB \d", re.IGNORECASE)
# A response code may follow -ERR without a blank: “-ERR[AUTH] Invalid login”.
_POP3_STATUS = re.compile(rb"(\+OK|-ERR|\+)(?:[ \t]+(.*)|(?=\[)(\[.*))?$", re.DOTALL | re.IGNORECASE)
_POP3_CODE = re.compile(rb"\[([A-Za-z0-9./-]{1,40})\]")
_SMTP_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?$", re.DOTALL)
_SMTP_CODE = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")


def command(verb: str, *arguments: str) -> bytes:
    """Return a command line; raises ValueError (without the arguments in it) for an invalid verb or argument."""
    line = " ".join((verb, *arguments))
    if _CONTROL.search(line):
        raise ValueError("a control character in a command")
    return line.encode("utf-8") + b"\r\n"


def plain_response(user: str, password: str) -> str:
    """Return the message of SASL PLAIN (RFC 4616) in base64: no authorization identity, UTF-8."""
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Broken:
    """A protocol violation; parsing stops. excerpt: the start of the line."""

    kind: FailureKind
    excerpt: bytes


@dataclass(frozen=True, slots=True)
class Pop3Reply:
    """RFC 1939 section 3. `status` is "+OK", "-ERR" or "+" (RFC 5034: continue); `text` is the rest.

    code: response code of RFC 2449 section 8, such as "IN-USE", or None. lines: of a multi-line reply, unstuffed;
    `count` instead where only their number is needed. cut_short: the cap was reached.
    """

    status: str
    text: bytes
    code: str | None = None
    lines: tuple[bytes, ...] = ()
    count: int = 0
    cut_short: bool = False

    @property
    def ok(self) -> bool:
        return self.status == "+OK"


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """RFC 5321 section 4.2. lines: texts without the code. enhanced: the enhanced status code (RFC 2034) or None."""

    code: int
    lines: tuple[bytes, ...]
    enhanced: str | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def response_code(self) -> str:
        """Return "535" or "535 5.7.8"."""
        return f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)


@dataclass(frozen=True, slots=True)
class Lines:
    """How to read a multi-line reply. Over the cap it is a violation or, where lines are only counted, cut short."""

    most: int
    octets: int
    only_counted: bool = False


Reply = TypeVar("Reply", Pop3Reply, SmtpReply)


class Dialogue(ABC, Generic[Reply]):
    """A parser and the bytes it has not consumed."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        self._buffer = bytearray()
        self._greeted = False
        self.broken = False
        self.bare_line_feed = False  # tolerated; RFC 1939 and RFC 5321 require CR LF

    @property
    def unread(self) -> bool:
        """Whether there are unsolicited bytes."""
        return bool(self._buffer)

    def receive(self, data: bytes) -> list[Reply | Broken]:
        """Feed bytes; return the completed events."""
        self._buffer += data
        events: list[Reply | Broken] = []
        while not self.broken and self._expects and (line := self._next_line()) is not None:
            event = line if isinstance(line, Broken) else self._read(line)
            if event is None:
                continue
            self._greeted = True
            self.broken = isinstance(event, Broken) or self._cut_short(event)
            events.append(event)
        return events

    @property
    @abstractmethod
    def _expects(self) -> bool:
        """Whether a reply is outstanding."""

    @abstractmethod
    def _read(self, line: bytes) -> Reply | Broken | None:
        """Parse a line without its end; return the completed event, if any."""

    def _cut_short(self, reply: Reply) -> bool:
        return isinstance(reply, Pop3Reply) and reply.cut_short

    def _next_line(self) -> bytes | Broken | None:
        end = self._buffer.find(b"\n", 0, self._bounds.line_octets)
        if end < 0:
            if len(self._buffer) < self._bounds.line_octets:
                return None
            return Broken(FailureKind.REPLY_TOO_LONG, bytes(self._buffer[:EXCERPT]))
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r"):
            self.bare_line_feed = True
        return line.removesuffix(b"\r")

    def _misunderstood(self, line: bytes, other: re.Pattern[bytes]) -> Broken:
        """Classify an invalid line: a greeting may be that of another protocol."""
        foreign = not self._greeted and (_OTHER_PROTOCOL.match(line) or other.match(line))
        return Broken(FailureKind.WRONG_PROTOCOL if foreign else FailureKind.PROTOCOL_ERROR, line[:EXCERPT])


class Pop3Dialogue(Dialogue[Pop3Reply]):
    """POP3 (RFC 1939), client side. Only the sender of a command knows whether its reply has several lines."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        super().__init__(bounds)
        self._expected: deque[Lines | None] = deque()
        self._head: Pop3Reply | None = None  # of the multi-line reply being read
        self._list: list[bytes] = []
        self._count = self._octets = 0

    def expect(self, lines: Lines | None = None) -> None:
        """Expect one more reply; `lines` for a multi-line one after +OK."""
        self._expected.append(lines)

    @property
    def _expects(self) -> bool:
        return bool(self._expected)

    def _read(self, line: bytes) -> Pop3Reply | Broken | None:
        if self._head is not None:
            return self._read_list(self._head, line)
        match = _POP3_STATUS.match(line)
        if match is None:
            return self._misunderstood(line, re.compile(rb"[2-5][0-9]{2}[ -]"))
        text = match[2] or match[3] or b""
        code = _POP3_CODE.match(text)
        reply = Pop3Reply(match[1].decode("ascii").upper(), text, code[1].decode("ascii").upper() if code else None)
        if self._expected[0] is not None and reply.ok:
            self._head = reply
            return None
        self._expected.popleft()
        return reply

    def _read_list(self, head: Pop3Reply, line: bytes) -> Pop3Reply | Broken | None:
        """RFC 1939 section 3: dot-stuffed lines up to a single dot."""
        wanted = self._expected[0]
        assert wanted is not None  # noqa: S101  set together with `_head`
        if line == b".":
            return self._list_ended(head)
        self._count += 1
        self._octets += len(line)
        if self._count > wanted.most or self._octets > wanted.octets:
            if wanted.only_counted:
                return self._list_ended(head, cut_short=True)
            return Broken(FailureKind.REPLY_TOO_LONG, line[:EXCERPT])
        if not wanted.only_counted:
            self._list.append(line.removeprefix(b"."))
        return None

    def _list_ended(self, head: Pop3Reply, *, cut_short: bool = False) -> Pop3Reply:
        count = self._count - cut_short
        reply = replace(head, lines=tuple(self._list), count=count, cut_short=cut_short)
        self._expected.popleft()
        self._head, self._list, self._count, self._octets = None, [], 0, 0
        return reply


class SmtpDialogue(Dialogue[SmtpReply]):
    """SMTP (RFC 5321), client side: any reply may have several lines."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        super().__init__(bounds)
        self._expected = 0
        self._code = 0
        self._lines: list[bytes] = []

    def expect(self) -> None:
        self._expected += 1

    @property
    def _expects(self) -> bool:
        return self._expected > 0

    def _read(self, line: bytes) -> SmtpReply | Broken | None:
        match = _SMTP_LINE.match(line)
        if match is None or (self._lines and int(match[1]) != self._code):
            return self._misunderstood(line, re.compile(rb"\+OK|-ERR"))
        self._code = int(match[1])
        self._lines.append(match[3] or b"")
        if len(self._lines) > self._bounds.reply_lines:
            return Broken(FailureKind.REPLY_TOO_LONG, line[:EXCERPT])
        if match[2] == b"-":
            return None
        lines, self._lines = tuple(self._lines), []
        self._expected -= 1
        enhanced = _SMTP_CODE.match(lines[-1]) or _SMTP_CODE.match(lines[0])
        return SmtpReply(self._code, lines, enhanced[0].decode("ascii") if enhanced else None)
