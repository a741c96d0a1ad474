"""A network of its own for a program under test: no way out, and GMX's host names lead to servers of the tests.

A process inside a network and mount namespace keeps both alive. `ports` of the real world are served there: what a program
connects to at `pop.gmx.net:995` is relayed to a port of this computer. Needs root and Linux (unshare, nsenter, ip).
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_START = """
set -e
ip link set lo up
for name in hosts nsswitch.conf passwd; do mount --bind "$1/$name" /etc/$name; done
mount -t tmpfs home /home
mkdir -p "$2/Downloads"
echo ready
exec sleep infinity
"""
# Whose computer it is, as programs show it: nothing of the machine that runs the tests.
PERSON, HOME = "Anna Beispiel", Path("/", "home", "anna")


class OwnNetwork:
    """A running namespace, made by `start`."""

    def __init__(self, holder: int) -> None:
        self._holder = holder
        self._listeners: list[socket.socket] = []
        self._open = threading.Event()
        self._open.set()
        self.enter = ("nsenter", f"--net=/proc/{holder}/ns/net", f"--mount=/proc/{holder}/ns/mnt")

    @property
    def downloads(self) -> Path:
        """The person's folder of downloads, as a path that is valid outside."""
        return Path(f"/proc/{self._holder}/root") / (HOME / "Downloads").relative_to("/")

    def inside(self, action: Callable[[], T]) -> T:
        """Run `action` in a thread inside the network; sockets it makes belong there for good."""

        def run() -> T:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self._holder}/ns/net") as namespace:  # noqa: PTH123
                if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return action()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(run).result()

    def connect(self, port: int, seconds: float) -> socket.socket:
        """Return a connection to a local `port` inside."""
        return self.inside(lambda: socket.create_connection(("127.0.0.1", port), seconds))

    def listen(self, port: int) -> socket.socket:
        """Return a listening socket inside; `close` ends it."""
        listener = self.inside(lambda: socket.create_server(("127.0.0.1", port)))
        self._listeners.append(listener)
        return listener

    def relay(self, ports: Mapping[int, int]) -> None:
        """Serve each port inside (key) by a port of this computer (value)."""
        for inner, outer in ports.items():
            listener = self.listen(inner)
            threading.Thread(target=self._accept, args=(listener, outer), daemon=True).start()

    def close(self) -> None:
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection
            listener.close()

    @contextlib.contextmanager
    def holding_back(self) -> Iterator[None]:
        """Let servers answer nothing meanwhile."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def _accept(self, listener: socket.socket, port: int) -> None:
        with contextlib.suppress(OSError):
            while True:
                inner, _ = listener.accept()
                threading.Thread(target=self._carry, args=(inner, port), daemon=True).start()

    def _carry(self, inner: socket.socket, port: int) -> None:
        self._open.wait()
        with inner, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as outer:
            upwards = threading.Thread(target=_pump, args=(inner, outer), daemon=True)
            upwards.start()
            _pump(outer, inner)
            upwards.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def start(names: Sequence[str]) -> Iterator[OwnNetwork]:
    """Run a network where `names` are this computer, on a computer that belongs to PERSON."""
    with tempfile.TemporaryDirectory(prefix="network-") as folder:
        Path(folder, "hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))
        Path(folder, "nsswitch.conf").write_text("passwd: files\nhosts: files\n")
        Path(folder, "passwd").write_text(f"root:x:0:0:{PERSON}:{HOME}:/bin/sh\n")
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "-m", "sh", "-c", _START, "sh", folder, HOME],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError("no network of its own: unshare and ip are needed, as root")
            network = OwnNetwork(process.pid)
            try:
                yield network
            finally:
                network.close()
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
