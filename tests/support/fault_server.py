"""A scripted server that replays the faults in tests/dialogues.

A file begins with its facts and the expected result, one `name: value` a line:

    title          one sentence
    protocol       pop3 or smtp: whose server this plays
    transport      tls (at once; default), starttls (at `! tls`), plain (although TLS is expected), refused, or silent
                   (no SYN is ever answered)
    certificate    a name of `Certificates`; default ok
    login          yes or no
    stage          the stage that shows the fault
    status         its status: failed (default), warning, passed
    failure        its kind
    code           its response code
    reply          a part of the reply that is kept
    diagnosis      id of the diagnosis from the person's computer; none for a good dialogue
    diagnosis from the server   the same from our server, where it differs
    state          of the whole run: failed (default), passed, unknown
    password sent  yes or no (default), to either server
    attempts       logins that this server saw; default 0

After a blank line follows the dialogue:

    S: text        a line to the client; {user}, {password} and {plain} (base64) stand for themselves
    C: text        a line from the client; **** stands for anything
    R: text        octets to the client without a line end, in Python's escapes
    ! tls          shake hands
    ! hello        read and ignore what comes, such as a ClientHello
    ! pause        wait for a packet's round trip
    ! hang         send nothing until the client closes
    ! drip text    a line, one octet at a time
    ! flood text   a line, repeated until the client closes
    ! close        close
    ! reset        close with RST

An unexpected QUIT is answered.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.support.certificates import HOSTNAME
from webapp.core.account import Server, ServerType, SocketType

DIALOGUES = Path(__file__).parents[1] / "dialogues"
WAIT = 10.0  # seconds after which a forgotten connection ends
FLOOD_OCTETS = 4 * 1024 * 1024
DRIP_SECONDS = 0.1
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Dialogue:
    """A file of tests/dialogues: facts by name, and steps, each a kind (S, C, R, !) and a text."""

    name: str
    facts: dict[str, str]
    steps: tuple[tuple[str, str], ...] = field(repr=False)

    def fact(self, name: str, default: str = "") -> str:
        return self.facts.get(name, default)

    @property
    def login(self) -> bool:
        return self.fact("login") == "yes"


def read(name: str) -> Dialogue:
    """Parse the dialogue `name`; raises ValueError."""
    head, _, body = (DIALOGUES / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")
    facts = {key: value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
    steps = []
    for line in body.splitlines():
        match = re.fullmatch(r"([SCR]:|!)(?: (.*))?", line)
        if match is None:
            raise ValueError(f"{name}: {line}")
        steps.append((match[1][0], match[2] or ""))
    return Dialogue(name, facts, tuple(steps))


def read_all() -> list[Dialogue]:
    return [read(path.stem) for path in sorted(DIALOGUES.glob("*.txt"))]


class FaultServer:
    """Replays a dialogue to every client, as a context manager.

    seen: received lines of all connections. surprises: the unexpected ones among them.
    """

    session: type[Session]

    def __init__(self, dialogue: Dialogue, context: ssl.SSLContext, user: str = "", password: str = "") -> None:
        self.dialogue = dialogue
        self.context = context
        self.transport = dialogue.fact("transport", "tls")
        plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
        self.values = {"{user}": user, "{password}": password, "{plain}": plain}
        self.seen: list[str] = []
        self.surprises: list[str] = []
        self.connections = 0
        self._stack = contextlib.ExitStack()
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()

    @property
    def server(self) -> Server:
        """The server for an account."""
        socket_type = SocketType.STARTTLS if self.transport == "starttls" else SocketType.SSL
        return Server(ServerType(self.dialogue.fact("protocol")), HOSTNAME, self.port, socket_type)

    @property
    def attempts(self) -> int:
        """Number of logins."""
        return sum(bool(re.match(r"PASS |AUTH \S+ \S|[A-Za-z0-9+/]{16,}=*$", line)) for line in self.seen)

    def __enter__(self) -> FaultServer:
        backlog = 0 if self.transport == "silent" else 50
        self._listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=backlog))
        self.port: int = self._listener.getsockname()[1]
        if self.transport == "refused":
            self._listener.close()
        elif self.transport == "silent":
            self._fill_the_backlog()
        else:
            self._listener.settimeout(0.05)
            self._threads.append(threading.Thread(target=self._accept, daemon=True))
            self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:  # only the first one adds threads
            thread.join(2 * WAIT)
        self._stack.close()

    def _fill_the_backlog(self) -> None:
        """Fill the backlog: Linux then drops every further SYN."""
        for _ in range(4):
            sock = self._stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self.port))

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                sock, _ = self._listener.accept()
                sock.settimeout(WAIT)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                session = self.session(self, sock)
                self._threads.append(threading.Thread(target=session.run, daemon=True))
                self._threads[-1].start()


class Session:
    """The dialogue with one connection."""

    def __init__(self, server: FaultServer, sock: socket.socket) -> None:
        self._server = server
        self._socket = sock

    def run(self) -> None:
        # A client may disconnect in the middle; often that is the expected result.
        with contextlib.suppress(OSError, EOFError):
            if self._server.transport == "tls":
                self._tls("")
            self.play()
            self._hang("")
        self._socket.close()

    def play(self) -> None:
        for kind, text in self._server.dialogue.steps:
            self._step(kind, self.filled(text))

    def filled(self, text: str) -> str:
        for placeholder, value in self._server.values.items():
            text = text.replace(placeholder, value)
        return text

    def _step(self, kind: str, text: str) -> None:
        if kind == "S":
            self._socket.sendall(text.encode() + b"\r\n")
        elif kind == "R":
            self._socket.sendall(text.encode("ascii").decode("unicode_escape").encode("latin-1"))
        elif kind == "C":
            self._expect(text)
        else:
            verb, _, argument = text.partition(" ")
            getattr(self, f"_{verb}")(argument)

    def _expect(self, pattern: str) -> None:
        line = self._line()
        if re.fullmatch(".+".join(map(re.escape, pattern.split("****"))), line):
            return
        if line != "QUIT":
            self._server.surprises.append(line)
        self._step("S", "+OK bye" if self._server.dialogue.fact("protocol") == "pop3" else "221 bye")
        raise EOFError

    def _line(self) -> str:
        """Read a line octet by octet, so that no byte of a handshake is consumed."""
        line = bytearray()
        while not line.endswith(b"\n"):
            octet = self._socket.recv(1)
            if not octet:
                raise EOFError
            line += octet
        text = line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        self._server.seen.append(text)
        return text

    def _tls(self, _: str) -> None:
        self._socket = self._server.context.wrap_socket(self._socket, server_side=True)

    def _hello(self, _: str) -> None:
        if not self._socket.recv(4096):
            raise EOFError

    def _pause(self, _: str) -> None:
        time.sleep(PAUSE_SECONDS)  # what comes later than the answer before it

    def _hang(self, _: str) -> None:
        while data := self._socket.recv(4096):
            self._server.seen += data.decode("utf-8", "replace").splitlines()

    def _drip(self, text: str) -> None:
        for octet in text.encode() + b"\r\n":
            self._socket.sendall(bytes([octet]))
            time.sleep(DRIP_SECONDS)

    def _flood(self, text: str) -> None:
        line = text.encode() + b"\r\n"
        block = line * (16384 // len(line) + 1)
        for _ in range(FLOOD_OCTETS // len(block)):
            self._socket.sendall(block)

    def _close(self, _: str) -> None:
        raise EOFError

    def _reset(self, _: str) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise EOFError


FaultServer.session = Session
