"""gunicorn, the server without an option: threads that nobody holds for long, and a killed worker is replaced."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from webapp import create_app, db, server
from webapp.config import WEB_THREADS, Config

if TYPE_CHECKING:
    from flask import Flask
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker
    from gunicorn.workers.gthread import TConn

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  for gunicorn's heartbeat file, which must not wait for a disk


def run(config: Config, listener: socket.socket, greeting: str) -> None:
    """Serve `config` on `listener` until TERM or INT; write `greeting` once it answers."""
    _Server(config, listener, greeting).run()


class _Server(BaseApplication):
    """gunicorn with our settings instead of its command line, environment and files."""

    def __init__(self, config: Config, listener: socket.socket, greeting: str) -> None:
        self._config = config
        self._greeting = greeting
        self._descriptor = listener.detach()  # gunicorn closes it
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"fd://{self._descriptor}",
            "worker_class": _Threads,
            "workers": 1,
            "threads": WEB_THREADS,
            "worker_connections": server.CONNECTIONS_MAX,
            "preload_app": False,
            "max_requests": 0,
            "graceful_timeout": server.STOP_SECONDS,
            "control_socket_disable": True,  # else a socket appears in the home folder
            "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
            "logger_class": _Log,
            "accesslog": None,  # webapp.logs writes one without addresses
            "forwarded_allow_ips": "",  # webapp.security decides which proxy is believed
            "on_starting": self._on_starting,
            "post_fork": self._post_fork,
            "post_worker_init": self._post_worker_init,
            "worker_exit": self._worker_exit,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(self._config)

    def _on_starting(self, arbiter: Arbiter) -> None:
        arbiter.handle_int = arbiter.handle_term  # Ctrl-C lets running tests end, as TERM does
        # A closed terminal does the same, but not under nohup. gunicorn would start a second worker beside the first.
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        arbiter.handle_hup = (lambda: None) if ignored else arbiter.handle_term

    def _post_fork(self, arbiter: Arbiter, _worker: Worker) -> None:
        """Obey a TERM that came between fork and here: the arbiter's handler, still ours, took it for its own."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        while not arbiter.SIG_QUEUE.empty():
            if arbiter.SIG_QUEUE.get() in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                sys.exit(0)

    def _post_worker_init(self, worker: Worker) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the arbiter tells the worker
        server.start_jobs(worker.wsgi)
        if worker.age == 1:  # not again for one that replaces a killed worker
            sys.stdout.write(self._greeting)
            sys.stdout.flush()

    def _worker_exit(self, _arbiter: Arbiter, worker: Worker) -> None:
        if getattr(worker, "wsgi", None) is not None:  # it may have ended before it was loaded
            server.stop_jobs(worker.wsgi)
        db.dispose()


class _Threads(ThreadWorker):
    """gunicorn's threads, of which nobody holds one for longer than REQUEST_SECONDS.

    By itself a thread waits for ever for a request that comes drop by drop, and thirty-two such lines stop the site.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began: dict[TConn, float] = {}  # what threads work on

    def init_signals(self) -> None:
        super().init_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it reaches the whole group; the arbiter tells the worker

    def handle(self, conn: TConn) -> object:
        self._began[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._began[conn]

    def notify(self) -> None:
        """Called every second or more often by the thread that accepts connections."""
        super().notify()
        late = time.monotonic() - server.REQUEST_SECONDS
        for conn, began in list(self._began.items()):
            if began < late:
                with suppress(OSError):  # wakes the thread, which closes it
                    conn.sock.shutdown(socket.SHUT_RDWR)


class _Log(Logger):
    """gunicorn's log, written by the redacting handler of `webapp.logs`.

    What it says of a request is the kind of mistake, and no word of it: a line that is no request may be anything, a
    name or a cookie too.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if msg.startswith("Invalid request"):
            kind = sys.exc_info()[0]
            msg, args = "Invalid request (%s)", (kind.__name__ if kind else "unknown",)
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Error handling request"):
            msg, args = "Error handling request", ()
        super().exception(msg, *args, **kwargs)
