"""A server on loopback that keeps what it receives: ticket systems and webhooks of the tests."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Received:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, Any]


@dataclass
class Receiver:
    """`answers` decides what a request gets: (status, JSON or bytes); 200 and {} where it is not set."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    answers: Callable[[Received], Answer] = lambda _: (200, {})
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Received(self.command, parts.path, parse_qs(parts.query), headers, self.rfile.read(length))
            found.requests.append(got)
            status, body = found.answers(got)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", found.url + "/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            found.arrived.set()

        do_GET = do_POST = do_PATCH = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(content: bytes, seconds: float = 0.2) -> Iterator[tuple[str, threading.Event]]:
    """Give the URL of a server that answers every request with `content`, an octet every `seconds`; with nothing never.

    The event is set when the first request has come.
    """
    asked, stopped = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            asked.set()
            for octet in content:
                if stopped.wait(seconds):
                    return
                connection.sendall(bytes([octet]))
            if not content:
                stopped.wait(60)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError), ThreadPoolExecutor(16) as pool:
            while True:
                pool.submit(answer, listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/drip", asked
        finally:
            stopped.set()
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            thread.join()
