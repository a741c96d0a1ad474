"""granian, where much is asked at once: HTTP is read and written in Rust, and our threads do nothing but answer.

One worker, forked by the process that watches it. Where the worker is killed, the server ends (exit code 1) and whoever
started it starts it anew: what the worker held in memory is lost in any case, no login is repeated either way, and a
fresh process is safer than the fork of one that has threads. Where the watching process is killed, the worker lets its
tests end and follows. Until then it holds the data folder, so that nobody else serves on it.

Two things gunicorn does and this cannot, so that a proxy must (docs/operation.md, "granian"): limit the time in which a
request's body arrives, and drop header names with an underscore, which WSGI cannot tell from those with a hyphen.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.server.mp import MPServer

from webapp import create_app, db, server
from webapp.config import PREFIX, WEB_THREADS, Config

if TYPE_CHECKING:
    import socket

    from flask import Flask

_STOP = (signal.SIGTERM, signal.SIGINT)
_ASK_AGAIN_SECONDS = 1.0


def run(config: Config, listener: socket.socket, greeting: str) -> None:
    """Serve `config` on `listener` until TERM or INT; write `greeting` once it answers."""
    multiprocessing.set_start_method("fork", force=True)  # the worker inherits lock, listener and log
    worker = _Worker(config, greeting)
    _Server(listener).serve(target_loader=worker.load, wrap_loader=False)


class _Server(MPServer):
    """granian with our settings, on a socket that is ours.

    Its own would be one that other processes may bind as well: two servers on one port, and nobody is told.
    """

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(
            "webapp",
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=WEB_THREADS,
            backpressure=server.CONNECTIONS_MAX,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=server.REQUEST_SECONDS * 1000),
            websockets=False,
            log_level=LogLevels.error,
            log_dictconfig=_redacted_log(),
            log_access=False,  # webapp.logs writes one without addresses
        )
        self._listener = listener
        self._ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # as nohup has it
        self.on_startup(self._set_hangup)

    def _set_hangup(self) -> None:
        """End where the terminal is closed: granian would start a second worker beside the first."""
        ended = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if self._ignores_hangup else ended)

    def _init_shared_socket(self) -> None:
        self._ssp, self._sso = None, None
        self._shd = SocketHolder(self._listener.fileno(), False, server.BACKLOG)

    def _drop_shared_socket(self) -> None:
        self._listener.close()

    def _spawn_workers(self, *args: Any) -> None:
        """Hold TERM and INT back while the worker begins: it shall meet them with a handler of its own."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
        super()._spawn_workers(*args)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)

    def _stop_workers(self) -> None:
        """Ask again and again: a TERM that comes while the worker begins to serve is lost at times (granian 2.8.7)."""
        end = time.monotonic() + server.STOP_SECONDS
        for worker in self.wrks:
            while worker.is_alive() and time.monotonic() < end:
                worker.terminate()
                worker.join(_ASK_AGAIN_SECONDS)
            if worker.is_alive():
                worker.kill()
                worker.join()


class _Worker:
    """What happens in the worker before and after it answers."""

    def __init__(self, config: Config, greeting: str) -> None:
        self._config = config
        self._greeting = greeting

    def load(self) -> Flask:
        """Return the application, its jobs started. Called after fork."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until granian sets a handler, and answers begin
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        # INT stays held back: Ctrl-C reaches the whole group, and the other process tells this one.
        threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            del os.environ[name]  # granian copies the environment into every request: no place for keys
        app = create_app(self._config)
        server.start_jobs(app)
        Finalize(None, _end, (app,), exitpriority=1)  # what granian's workers run at their end; atexit they do not
        sys.stdout.write(self._greeting)
        sys.stdout.flush()
        return app


def _end(app: Flask) -> None:
    server.stop_jobs(app)
    db.dispose()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        while True:  # as in _stop_workers
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(_ASK_AGAIN_SECONDS)


def _redacted_log() -> dict[str, Any]:
    """Return settings by which the redacting handler of `webapp.logs` writes granian's log."""
    return {"loggers": {"_granian": {"handlers": [], "propagate": True}}}
