"""From a host name to an encrypted connection: DNS, TCP, TLS, each with its time-out and its exact failure.

Every wait ends with its own time-out, the run's deadline, or cancellation, whichever comes first. A socket's time-out
would not do: it restarts with every byte, so a server that sends one byte a second would hold us forever.
"""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from webapp.core.probe.bounds import Bounds
from webapp.core.probe.report import Detail, FailureKind

SLICE = 0.25  # seconds between two checks for cancellation
ADDRESSES_MAX = 6  # of one host
RECEIVE = 16384  # octets: the largest TLS record

# `getaddrinfo` cannot be interrupted: a hanging look-up keeps its thread until the resolver's time-out.
_LOOKUPS = threading.BoundedSemaphore(64)

# poll(): one system call per wait and, unlike epoll, no descriptor of its own. select() fails above descriptor 1023,
# except on Windows, which has no poll().
_Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)

_TIMED_OUT = (TimeoutError, socket.timeout)  # distinct before Python 3.10

Address = tuple[socket.AddressFamily, str, tuple[Any, ...]]  # family, numeric address, what connect() takes


class Failed(Exception):  # noqa: N818  an outcome, internal to the probe
    """A stage failed. reply: the server's, raw: to be redacted before it is stored."""

    def __init__(
        self,
        kind: FailureKind,
        reply: bytes | None = None,
        response_code: str | None = None,
        detail: Detail | None = None,
    ) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.reply = reply
        self.response_code = response_code
        self.detail: Detail = detail or {}


class Cancelled(Exception):  # noqa: N818
    """The run was cancelled."""


class Clock:
    """The deadline of a run, `seconds` from now, and its cancellation."""

    def __init__(self, seconds: float, cancelled: threading.Event | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled

    def waits(self, seconds: float) -> Iterator[float]:
        """Yield time-outs for successive waits, up to `seconds` or the deadline in total; raises Cancelled."""
        end = min(time.monotonic() + seconds, self._end)
        while True:
            if self._cancelled is not None and self._cancelled.is_set():
                raise Cancelled
            left = end - time.monotonic()
            if left <= 0:
                return
            yield left if self._cancelled is None else min(left, SLICE)

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    @property
    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep for `seconds`, at most until the deadline; raises Cancelled."""
        for wait in self.waits(seconds):
            time.sleep(wait)


@cache
def _default_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the cached TLS context: TLS 1.2 or newer, the system's authorities and those of `ca_file`.

    Cached, because loading the authorities takes as long as 25 checks. Raises OSError (ssl.SSLError included) for an
    unusable file.
    """
    return _default_context(ca_file)


def has_authorities(context: ssl.SSLContext) -> bool:
    """Whether the trust store has any authority.

    The python.org build for macOS has none before `Install Certificates.command` was run. OpenSSL loads the default
    folder lazily, so that is checked too.
    """
    if context.cert_store_stats()["x509_ca"]:
        return True
    folder = ssl.get_default_verify_paths().capath
    return bool(folder) and any(Path(folder).iterdir())


@cache
def unverified_context() -> ssl.SSLContext:
    """Return a context without verification, to fetch a refused certificate. Nothing is ever sent in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def look_up(host: str, port: int, clock: Clock, bounds: Bounds) -> list[Address]:
    """Return the addresses of `host` in the system's order (RFC 6724); raises Failed: unresolved, timed_out."""
    answers: queue.SimpleQueue[list[Address] | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys((entry[0], str(entry[4][0]), entry[4]) for entry in found)))
        except Exception as error:  # raised in the waiting thread
            answers.put(error)
        finally:
            _LOOKUPS.release()

    if not _LOOKUPS.acquire(timeout=min(bounds.resolve, clock.left)):
        raise Failed(FailureKind.TIMED_OUT)
    threading.Thread(target=work, daemon=True, name="look-up").start()
    for wait in clock.waits(bounds.resolve):
        with contextlib.suppress(queue.Empty):
            answer = answers.get(timeout=wait)
            if isinstance(answer, (OSError, UnicodeError)) or answer == []:
                raise Failed(FailureKind.UNRESOLVED)
            if isinstance(answer, Exception):
                raise answer
            return answer[:ADDRESSES_MAX]
    raise Failed(FailureKind.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An address that could not be reached."""

    address: str
    kind: FailureKind

    def __str__(self) -> str:
        return f"{self.address} {self.kind.value}"


def connect(addresses: list[Address], clock: Clock, bounds: Bounds) -> tuple[socket.socket, Address, list[Refusal]]:
    """Try `addresses` in order; return the socket, its address, and the refusals before it.

    Raises Failed with the refusals in its detail. The time-out is divided, so that a silent address leaves time for
    the next.
    """
    end = time.monotonic() + min(bounds.connect, clock.left)
    refusals: list[Refusal] = []
    for number, address in enumerate(addresses):
        share = (end - time.monotonic()) / (len(addresses) - number)
        try:
            return _connect(address, clock, share), address, refusals
        except OSError as error:
            refusals.append(Refusal(address[1], _refusal_kind(error)))
    # An answer of a server or firewall says more than a missing route of one address family.
    telling = [refusal.kind for refusal in refusals if refusal.kind is not FailureKind.UNREACHABLE]
    kind = telling[-1] if telling else FailureKind.UNREACHABLE
    raise Failed(kind, detail={"refusals": [str(refusal) for refusal in refusals]})


def _connect(address: Address, clock: Clock, seconds: float) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        try:
            sock.connect(address[2])
        except BlockingIOError:
            _wait_for_connection(sock, clock, max(seconds, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _wait_for_connection(sock: socket.socket, clock: Clock, seconds: float) -> None:
    """Wait until connected, checking for cancellation; raises OSError, Cancelled."""
    with _Selector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        for wait in clock.waits(seconds):
            if selector.select(wait):
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    raise OSError(code, os.strerror(code))
                return
    raise TimeoutError


def _refusal_kind(error: OSError) -> FailureKind:
    if isinstance(error, ConnectionRefusedError):
        return FailureKind.REFUSED
    if isinstance(error, _TIMED_OUT):
        return FailureKind.TIMED_OUT
    if isinstance(error, ConnectionError):
        return FailureKind.CONNECTION_LOST
    return FailureKind.UNREACHABLE


class Connection:
    """A connection: plain at first, inside TLS after `start_tls`."""

    def __init__(self, sock: socket.socket, clock: Clock, bounds: Bounds) -> None:
        self._socket = sock
        self._clock = clock
        self._bounds = bounds

    @property
    def local_address(self) -> str:
        return str(self._socket.getsockname()[0])

    def start_tls(self, context: ssl.SSLContext, hostname: str) -> None:
        """Do the TLS handshake; raises Failed with the exact reason, and with plain text received instead of TLS."""
        for wait in self._clock.waits(self._bounds.tls):
            try:
                if not isinstance(self._socket, ssl.SSLSocket):
                    self._socket = context.wrap_socket(
                        self._socket, server_hostname=hostname, do_handshake_on_connect=False
                    )
                    self._send_hello(self._socket)
                if not _is_readable(self._socket, wait):
                    continue
                self._refuse_plain_text(self._socket)
                self._socket.settimeout(wait)
                self._socket.do_handshake()
            except _TIMED_OUT:
                continue
            except OSError as error:  # ssl.SSLError is one
                raise Failed(tls_failure(error), detail=_reason(error)) from None
            return
        raise Failed(FailureKind.TIMED_OUT)

    def _send_hello(self, inside: ssl.SSLSocket) -> None:
        """Send the ClientHello without waiting for the answer."""
        inside.setblocking(False)
        with contextlib.suppress(BlockingIOError):  # nothing received yet
            self._refuse_plain_text(inside)
        with contextlib.suppress(ssl.SSLWantReadError):
            inside.do_handshake()

    def _refuse_plain_text(self, inside: ssl.SSLSocket) -> None:
        """Raise Failed with the plain text of a server that speaks no TLS; OpenSSL would drop it."""
        answer = socket.socket.recv(inside, RECEIVE, socket.MSG_PEEK)  # SSLSocket.recv takes no flags
        if answer and answer[0] not in _TLS_RECORDS:
            raise Failed(FailureKind.PLAINTEXT_ON_TLS_PORT, answer.partition(b"\n")[0])

    @property
    def tls(self) -> ssl.SSLSocket:
        """The TLS socket; raises TypeError before `start_tls`."""
        if not isinstance(self._socket, ssl.SSLSocket):
            raise TypeError("not inside TLS")
        return self._socket

    def send(self, data: bytes) -> None:
        """Send all of `data`; raises Failed."""
        try:
            self._socket.settimeout(max(min(self._bounds.reply, self._clock.left), 0.001))
            self._socket.sendall(data)
        except _TIMED_OUT:
            raise Failed(FailureKind.TIMED_OUT) from None
        except OSError:
            raise Failed(FailureKind.CONNECTION_LOST) from None

    def receive(self, waits: Iterator[float]) -> bytes:
        """Return the next bytes; raises Failed on time-out (`waits` exhausted) and when the server closes."""
        for wait in waits:
            try:
                self._socket.settimeout(wait)
                data = self._socket.recv(RECEIVE)
            except _TIMED_OUT:
                continue
            except OSError:
                raise Failed(FailureKind.CONNECTION_LOST) from None
            if not data:
                raise Failed(FailureKind.CONNECTION_LOST)
            return data
        raise Failed(FailureKind.TIMED_OUT)

    def has_more(self) -> bool:
        """Whether plain bytes are waiting; right before a handshake there must be none."""
        self._socket.setblocking(False)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def close(self) -> None:
        self._socket.close()


_CERTIFICATE_FAILURES: Mapping[int, FailureKind] = {  # X509_V_ERR_… of OpenSSL
    9: FailureKind.CERTIFICATE_NOT_YET_VALID,
    10: FailureKind.CERTIFICATE_EXPIRED,
    18: FailureKind.CERTIFICATE_SELF_SIGNED,
    62: FailureKind.CERTIFICATE_WRONG_HOST,
    64: FailureKind.CERTIFICATE_WRONG_HOST,  # IP address mismatch
}
_TLS_RECORDS = range(20, 25)  # RFC 8446 section 5.1, and heartbeat: the first octet of a TLS record
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL",
           "RECORD_LAYER_FAILURE")  # fmt: skip
_OLD_TLS = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION", "VERSION_TOO_LOW",
            "NO_PROTOCOLS_AVAILABLE")  # fmt: skip


def _is_readable(sock: socket.socket, seconds: float) -> bool:
    """Wait until the socket is readable or closed."""
    with _Selector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(max(seconds, 0)))


def tls_failure(error: OSError) -> FailureKind:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE_FAILURES.get(error.verify_code, FailureKind.CERTIFICATE_UNTRUSTED)
    if not isinstance(error, ssl.SSLError) or isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return FailureKind.CONNECTION_LOST
    reason = error.reason or ""
    if reason in _NO_TLS:
        return FailureKind.PLAINTEXT_ON_TLS_PORT
    if reason in _OLD_TLS:
        return FailureKind.TLS_VERSION
    return FailureKind.TLS_FAILED


def _reason(error: OSError) -> Detail:
    """Return OpenSSL's reason: a constant, never text of the server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return {"reason": error.verify_message, "verify_code": error.verify_code}
    reason = getattr(error, "reason", None)
    return {"reason": str(reason)} if reason else {}
