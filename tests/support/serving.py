"""`serve` as people start it: a process of its own, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

START = "import sys; from webapp.server import serve; from webapp.infrastructure.config import Config; "
CALL = "serve(sys.argv[1], int(sys.argv[2]), Config.from_environment())"
SERVE = START + CALL
PAGE = START + (  # with a page of its own
    "import os, webapp.server; make = webapp.server.create_app\n"
    "def create_app(config):\n"
    "    app = make(config)\n"
    "    @app.get('/page')\n"
    "    def page():\n"
    "        return {content}\n"
    "    return app\n"
    "webapp.server.create_app = create_app\n"
) + CALL  # fmt: skip
HANDED_OVER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='{count}', LISTEN_PID=str(os.getpid())); "
    + START
    + "serve('127.0.0.1', 1, Config.from_environment())"  # port 1 is not ours to take
)


class Served:
    """A running server: its process, its URL, and what it wrote to standard error so far."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self._errors = errors
        self.greeting = process.stdout.readline()  # comes when it answers, or not at all
        self.url = next((word for word in self.greeting.split() if word.startswith("http")), "").rstrip("/")

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def answer(self, request: str | bytes) -> bytes:
        """Send `request` as it is; return all that comes until the server ends the connection."""
        with self.connect() as connection:
            connection.sendall(request.encode() if isinstance(request, str) else request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def serving(
    data_dir: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    program: str = SERVE,
    inherited: tuple[int, ...] = (),
    **settings: str,
) -> Iterator[Served]:
    """Run `program` until the end of the block; `inherited`: descriptors that it gets too."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    errors = data_dir.parent / f"{data_dir.name}-{time.monotonic_ns()}.log"
    with errors.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, host, str(port)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environ | {"WEBAPP_DATA_DIR": str(data_dir), **settings},
            start_new_session=True,
            pass_fds=inherited,
        )
    try:
        yield Served(process, errors)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def handed_over(data_dir: Path, listener: socket.socket, **settings: str) -> AbstractContextManager[Served]:
    """Run it on a socket that listens already, as a service manager does."""
    number = listener.fileno()
    return serving(data_dir, str(number), program=HANDED_OVER.format(count="1"), inherited=(number,), **settings)
