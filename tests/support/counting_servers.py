"""In-process POP3 and SMTP servers that check passwords and count every login.

Unlike the fault server, which replays one dialogue, they accept or refuse. They can fall silent, to keep a login pending,
and close all connections, like a killed process.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import IO

from tests.support.certificates import HOSTNAME
from webapp.core.account import Server, ServerType, SocketType

WAIT = 30.0  # seconds after which a forgotten connection ends
Session = Callable[["_Lines"], None]
GREETING, LOGIN = "greeting", "login"  # where the servers can fall silent


class CountingServers:
    """Both servers, as a context manager. passwords: by address.

    answer_seconds: delay before each reply.
    attempts: number of logins by (protocol, address, password).
    """

    def __init__(self, context: ssl.SSLContext, passwords: Mapping[str, str], answer_seconds: float = 0) -> None:
        self.passwords = passwords
        self.answer_seconds = answer_seconds
        self.attempts: Counter[tuple[str, str, str]] = Counter()
        self._context = context
        self._changed = threading.Condition()
        self._silent_at: str | None = None
        self._sockets: set[socket.socket] = set()
        self._sessions = 0
        self._stack = contextlib.ExitStack()
        self._ended = False

    @property
    def servers(self) -> list[Server]:
        """The servers for an account."""
        return [
            Server(kind, HOSTNAME, self._ports[kind], SocketType.SSL) for kind in (ServerType.POP3, ServerType.SMTP)
        ]

    def __enter__(self) -> CountingServers:
        self._ports: dict[ServerType, int] = {}
        for kind, session in ((ServerType.POP3, self._pop3), (ServerType.SMTP, self._smtp)):
            listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
            self._ports[kind] = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener, session), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        for port in self._ports.values():  # `accept` does not notice a closed socket
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                pass
        self.fall_silent(None)
        self.hang_up()
        self._stack.close()

    def fall_silent(self, where: str | None) -> None:
        """Stop replying at GREETING or LOGIN; None resumes."""
        with self._changed:
            self._silent_at = where
            self._changed.notify_all()

    def hang_up(self) -> None:
        """Close every open connection."""
        with self._changed:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._sockets.clear()
            self._changed.notify_all()

    def settle(self) -> None:
        """Wait until nobody is connected; then every login is counted."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._sessions, WAIT)

    def _accept(self, listener: socket.socket, session: Session) -> None:
        while not self._ended:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(WAIT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._sessions += 1
            threading.Thread(target=self._serve, args=(sock, session), daemon=True).start()

    def _serve(self, plain: socket.socket, session: Session) -> None:
        try:
            with contextlib.suppress(OSError, ValueError, EOFError):  # a client that disconnects ends the session
                with self._open(plain):
                    sock = self._context.wrap_socket(plain, server_side=True)
                with self._open(sock), sock.makefile("rb") as stream:
                    session(_Lines(self, sock, stream))
        finally:
            with self._changed:
                self._sessions -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def _open(self, sock: socket.socket) -> Iterator[None]:
        with sock:
            with self._changed:
                self._sockets.add(sock)
            try:
                yield
            finally:
                with self._changed:
                    self._sockets.discard(sock)

    def keep_silent(self, where: str, sock: socket.socket) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._silent_at != where or sock not in self._sockets, WAIT):
                raise EOFError

    def _takes(self, protocol: str, address: str, password: str) -> bool:
        self.attempts[protocol, address, password] += 1
        return bool(password) and self.passwords.get(address) == password

    def _pop3(self, lines: _Lines) -> None:
        lines.keep_silent(GREETING)
        lines.say("+OK ready")
        while True:
            verb, rest = lines.command()
            if verb == "CAPA":
                lines.say("+OK", "UIDL", "USER", "PIPELINING", "SASL PLAIN", ".")
            elif verb == "AUTH":
                taken = self._takes("pop3", *_plain(rest))
                lines.keep_silent(LOGIN)
                lines.say("+OK in" if taken else "-ERR [AUTH] user or password is wrong")
            elif verb == "STAT":
                lines.say("+OK 2 2048")
            elif verb == "UIDL":
                lines.say("+OK", "1 a", "2 b", ".")
            else:
                lines.say("+OK bye" if verb == "QUIT" else "-ERR what?")

    def _smtp(self, lines: _Lines) -> None:
        lines.keep_silent(GREETING)
        lines.say("220 ready")
        while True:
            verb, rest = lines.command()
            if verb == "EHLO":
                lines.say("250-localhost", "250-SIZE 69920427", "250 AUTH PLAIN")
            elif verb == "AUTH":
                taken = self._takes("smtp", *_plain(rest))
                lines.keep_silent(LOGIN)
                lines.say("235 in" if taken else "535 user or password is wrong")
            else:
                lines.say("221 bye" if verb == "QUIT" else "250 OK")


class _Lines:
    """One connection, line by line."""

    def __init__(self, servers: CountingServers, sock: socket.socket, stream: IO[bytes]) -> None:
        self._servers = servers
        self._socket = sock
        self._stream = stream

    def say(self, *lines: str) -> None:
        time.sleep(self._servers.answer_seconds)
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def command(self) -> tuple[str, str]:
        line = self._stream.readline(4096)
        if not line:
            raise EOFError
        verb, _, rest = line.decode().rstrip("\r\n").partition(" ")
        return verb.upper(), rest

    def keep_silent(self, where: str) -> None:
        self._servers.keep_silent(where, self._socket)


def _plain(text: str) -> tuple[str, str]:
    """Return address and password of `PLAIN <base64>` (RFC 4616)."""
    _, address, password = base64.b64decode(text.partition(" ")[2]).decode().split("\0")
    return address, password
