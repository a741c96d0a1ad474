"""A scripted server for what a real one will not do. Each connection plays one script and notes what it received."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

HANG_SECONDS = 5.0


@dataclass
class FaultServer:
    """Plays `script` to every client, on a free loopback port.

    A step is bytes to send, or a word: "expect" (read a line), "hang", "close", "reset", "tls" (shake hands now),
    "drip" (one byte now and then, for ever), "flood" (lines for ever).
    """

    script: Sequence[bytes | str]
    context: ssl.SSLContext | None = None
    implicit_tls: bool = False
    seen: list[bytes] = field(default_factory=list)

    def __enter__(self) -> FaultServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(HANG_SECONDS)
            with contextlib.suppress(OSError):
                if self.implicit_tls:
                    client = self._inside_tls(client)
                for step in self.script:
                    if step == "tls":
                        client = self._inside_tls(client)
                    elif not self._play(step, client):
                        break
            client.close()

    def _inside_tls(self, client: socket.socket) -> socket.socket:
        assert self.context is not None
        return self.context.wrap_socket(client, server_side=True)

    def _play(self, step: bytes | str, client: socket.socket) -> bool:
        """Play one step; return False where it ends the connection."""
        if isinstance(step, bytes):
            client.sendall(step)
        elif step == "expect":
            self.seen.append(_line(client))
        elif step == "hang":
            self._stopped.wait(HANG_SECONDS)
        elif step in ("drip", "flood"):
            while not self._stopped.is_set():
                client.sendall(b"+" if step == "drip" else b"X-FLOOD\r\n" * 50)
                self._stopped.wait(0.05 if step == "drip" else 0)
        elif step == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return step not in ("reset", "close")


def _line(client: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := client.recv(1)):
        line += byte
    return line
