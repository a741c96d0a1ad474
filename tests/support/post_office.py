"""A configurable mailbox with POP3 and SMTP inside TLS that counts and records everything.

Unlike `fault_server` it accepts mail and delivers it when the test says so.
"""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.support.certificates import HOSTNAME
from webapp.core.account import KEEP_FOREVER, MailAccount, Server, ServerType, SocketType

STRANGER = b"From: friend@example.org\r\nSubject: private\r\nMessage-ID: <private@example.org>\r\n\r\nprivate words\r\n"


@dataclass
class PostOffice:
    """Accepts any password. A context manager; said: received lines with their protocol, in order.

    delivers_at: number of the POP3 login (from 1) that first sees the mail; None for never.
    refuses, hangs: numbers of POP3 logins that are refused or not answered.
    answers: SMTP replies by verb; "." for the mail itself.
    """

    context: ssl.SSLContext
    delivers_at: int | None = 2
    refuses: tuple[int, ...] = ()
    hangs: tuple[int, ...] = ()
    drops: tuple[int, ...] = ()  # numbers of POP3 connections closed without a greeting
    knows_top: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    mailbox: list[bytes] = field(default_factory=lambda: [STRANGER, STRANGER])
    later: list[bytes] = field(default_factory=list)  # other mail that arrives together with ours
    now: Callable[[], float] = time.monotonic
    on_look: Callable[[int], None] = lambda _: None  # called with the number of each POP3 login
    on_mail: Callable[[], object] = lambda: None  # called when the mail was received, before the reply
    said: list[tuple[str, str]] = field(default_factory=list)
    logins: list[float] = field(default_factory=list)  # of POP3, by `now`
    submissions: int = 0
    sent: bytes = b""

    def __enter__(self) -> PostOffice:
        self._stack = contextlib.ExitStack()
        self._ended = threading.Event()
        self._ports = {}
        self._connections = 0
        for kind, session in ((ServerType.POP3, _Pop3), (ServerType.SMTP, _Smtp)):
            server = _TcpServer(("127.0.0.1", 0), session)
            server.office = self
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self._stack.callback(server.server_close)
            self._stack.callback(server.shutdown)
            self._ports[kind] = server.server_address[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._stack.close()

    @property
    def servers(self) -> list[Server]:
        return [Server(kind, HOSTNAME, port, SocketType.SSL) for kind, port in self._ports.items()]

    def account(self, address: str) -> MailAccount:
        return MailAccount(address, "", *self.servers, KEEP_FOREVER, "gmx.net")

    @property
    def attempts(self) -> tuple[int, int]:
        return len(self.logins), self.submissions

    @property
    def verbs(self) -> list[str]:
        return [line.split()[0] for _, line in self.said]

    def seen_by(self, login: int) -> list[bytes]:
        """Return the mailbox at a POP3 login."""
        there = self.sent and self.delivers_at is not None and login >= self.delivers_at
        return [*self.mailbox, *self.later, self.sent] if there else list(self.mailbox)


class _TcpServer(socketserver.ThreadingTCPServer):
    office: PostOffice  # waits for its sessions when closing


class _Session(socketserver.BaseRequestHandler):
    server: _TcpServer
    protocol = ""

    def handle(self) -> None:
        self.office = self.server.office
        with (
            contextlib.suppress(OSError, EOFError),
            self.office.context.wrap_socket(self.request, server_side=True) as inside,
            inside.makefile("rb") as self.rfile,
            inside.makefile("wb", 0) as self.wfile,
        ):
            self.talk()

    def talk(self) -> None:
        raise NotImplementedError

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def line(self) -> str:
        data = self.rfile.readline()
        if not data:
            raise EOFError
        text = data.decode().rstrip("\r\n")
        self.office.said.append((self.protocol, text))
        return text


class _Pop3(_Session):
    protocol = "pop3"

    def talk(self) -> None:
        self.office._connections += 1
        if self.office._connections in self.office.drops:
            return
        self.say("+OK ready")
        self.mails: list[bytes] = []
        while True:
            verb, *arguments = self.line().split()
            self.say(getattr(self, f"_{verb.lower()}", self._unknown)(arguments))
            if verb == "QUIT":
                return

    def _unknown(self, _: list[str]) -> str:
        return "-ERR what?"

    def _capa(self, _: list[str]) -> str:
        return "+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN\r\n."

    def _auth(self, _: list[str]) -> str:
        self.office.logins.append(self.office.now())
        number = len(self.office.logins)
        self.office.on_look(number)
        if number in self.office.hangs:
            self.office._ended.wait(60)
            raise EOFError
        if number in self.office.refuses:
            return "-ERR [AUTH] no"
        self.mails = self.office.seen_by(number)
        return "+OK logged in"

    def _stat(self, _: list[str]) -> str:
        return f"+OK {len(self.mails)} {sum(map(len, self.mails))}"

    def _uidl(self, _: list[str]) -> str:
        return "\r\n".join(["+OK", *(f"{number} uid{number}" for number in range(1, len(self.mails) + 1)), "."])

    def _top(self, arguments: list[str]) -> str:
        if not self.office.knows_top:
            return "-ERR what?"
        header = self.mails[int(arguments[0]) - 1].partition(b"\r\n\r\n")[0].decode("latin-1")
        return f"+OK\r\n{header}\r\n\r\n."

    def _quit(self, _: list[str]) -> str:
        return "+OK bye"


class _Smtp(_Session):
    protocol = "smtp"

    def talk(self) -> None:
        office = self.office
        self.say("220 ready")
        usual: dict[str, Any] = {
            "EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 in", "MAIL": "250 ok", "RCPT": "250 ok", "RSET": "250 ok",
            "DATA": "354 go on", "QUIT": "221 bye", ".": "250 queued",
        }  # fmt: skip
        answers = usual | office.answers
        while True:
            verb = self.line().split()[0]
            if verb == "AUTH":
                office.submissions += 1
            self.say(answers.get(verb, "502 what?"))
            if verb == "DATA" and answers["DATA"].startswith("354"):
                lines = []
                while (data := self.rfile.readline()) != b".\r\n":
                    if not data:
                        raise EOFError
                    lines.append(data.removeprefix(b"."))
                if answers["."] == "":  # accepted, without a reply
                    return
                if answers["."].startswith("2"):
                    office.sent = b"Received: by here\r\n" + b"".join(lines)
                office.on_mail()
                self.say(answers["."])
            if verb == "QUIT":
                return
