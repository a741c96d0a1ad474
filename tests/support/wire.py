"""A wire to a server on a unix socket, which can fall silent: nothing is handed on, nothing is closed.

So does a host that died, a paused virtual machine, a firewall that forgot a connection.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path


class Wire:
    """Listens on `port` of loopback, 0 for a free one, and hands on to the socket `target`."""

    def __init__(self, target: Path, port: int = 0) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self._speaking = threading.Event()
        self._speaking.set()
        self._ended = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def fall_silent(self) -> None:
        self._speaking.clear()

    def speak(self) -> None:
        self._speaking.set()

    def cut(self) -> None:
        """Close: whoever connects is refused."""
        self._ended = True
        self.speak()
        self._thread.join()

    def _carry(self) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._listener)
            while not self._ended:
                for key, _ in self._selector.select(0.1):
                    self._speaking.wait()
                    if key.fileobj is self._listener:
                        self._accept(stack)
                    else:
                        self._hand_on(*key.data)

    def _accept(self, stack: contextlib.ExitStack) -> None:
        near, _ = self._listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self._target))
        for ends in ((near, far), (far, near)):
            self._selector.register(stack.enter_context(ends[0]), selectors.EVENT_READ, ends)

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if data := source.recv(65536):
                target.sendall(data)
                return
        for end in (source, target):
            with contextlib.suppress(KeyError, ValueError):  # closed with the other end already
                self._selector.unregister(end)
            end.close()


@contextlib.contextmanager
def wire(target: Path, port: int = 0) -> Iterator[Wire]:
    made = Wire(target, port)
    try:
        yield made
    finally:
        made.cut()
