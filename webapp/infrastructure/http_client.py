"""HTTP requests to other servers, with a deadline and a size limit.

`requests` has time-outs between two octets only: a server that drips could hold a thread for days. Here a deadline
shuts the socket down.
"""

import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

CONNECT_SECONDS = 5.0  # for one address of the server, and for TLS
OCTETS_MAX = 256 * 1024  # of an answer
CHUNK = 16 * 1024

HEADERS = {
    "User-Agent": f"gmx-pop-wizard/{version('gmx-pop-wizard')}",
    "Accept-Encoding": "identity",  # no decompression bombs
}


class Problem(StrEnum):
    """Why there is no answer; the values are shown to administrators."""

    LATE = "no answer in time"
    TLS = "TLS"
    CONNECTION = "no connection"
    TOO_LARGE = "answer too large"


class RequestError(Exception):
    """No usable answer; a retry may help."""

    final = False

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: case-insensitive. content: empty if not requested."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """Return the content as JSON; None if it is not."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


def request(
    method: str, url: str, ca_file: Path | None, *, seconds: float, content: bool = True, **values: Any
) -> Answer:
    """Return the answer to one request, whatever its status; raises RequestError.

    Follows no redirect. Trusts the system's authorities and those in `ca_file`. seconds: deadline of the whole request.
    content: whether to read the body. values: data, json, params, headers of `requests`.
    """
    deadline = _Deadline(seconds)
    try:
        with requests.Session() as session, deadline:
            session.headers.update(HEADERS)
            for scheme in ("https://", "http://"):
                session.mount(scheme, _Adapter(ca_file, deadline))
            with session.request(
                method, url, stream=True, allow_redirects=False, timeout=(CONNECT_SECONDS, seconds), **values
            ) as response:
                found = _content(response) if content else b""
                if deadline.has_passed:  # a socket that was shut down looks like the end
                    raise RequestError(Problem.LATE)
                return Answer(response.status_code, response.headers, found)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise RequestError(_problem(error, late=deadline.has_passed)) from None


def _content(response: requests.Response) -> bytes:
    found = b""
    for piece in response.raw.stream(CHUNK, decode_content=False):
        found += piece
        if len(found) > OCTETS_MAX:
            raise RequestError(Problem.TOO_LARGE)
    return found


def _problem(error: Exception, *, late: bool) -> Problem:
    if late or isinstance(error, requests.Timeout):
        return Problem.LATE
    return Problem.TLS if isinstance(error, requests.exceptions.SSLError) else Problem.CONNECTION


class _Deadline:
    """Shuts the socket down after `seconds`, which wakes its reader."""

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._socket = connection.sock
            self._cut()

    def _pass(self) -> None:
        with self._lock:
            self.has_passed = True
            self._cut()

    def _cut(self) -> None:
        if self.has_passed and self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


@cache
def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context; not shared with probes, because urllib3 sets ALPN on it."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class _Adapter(HTTPAdapter):
    """Uses our TLS context and puts connections under the deadline."""

    def __init__(self, ca_file: Path | None, deadline: _Deadline) -> None:
        self._ca_file = ca_file
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=_context(self._ca_file))

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, **kwargs, ssl_context=_context(self._ca_file))

    def cert_verify(self, *_: Any) -> None:
        """Do nothing: `requests` would add its own authorities to the context."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        deadline, plain = self._deadline, pool.ConnectionCls

        class Watched(plain):  # type: ignore[misc,valid-type]
            def connect(self) -> None:
                super().connect()
                deadline.watch(self)

        pool.ConnectionCls = Watched
        return pool
