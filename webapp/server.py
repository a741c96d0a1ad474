"""Serving: gunicorn with one process of many threads, the jobs inside it, one command.

One process, because the state of running tests is its memory; with Redis several servers may run side by side, and
worker processes (`webapp.connection_tests.redis_engine`) have the jobs.
Nothing is preloaded and no worker is recycled: the job consumer, the database engine and the TLS context begin after
fork, and a worker ends only when it is told to, after its running tests.
"""

from __future__ import annotations

import atexit
import ipaddress
import logging
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from webapp import ROOMS, create_app, db, lock, logs, periodic, signing
from webapp.config import WEB_THREADS, Config, unknown_variables
from webapp.text import N_, InputError, Message

if TYPE_CHECKING:
    from flask import Flask
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker
    from gunicorn.workers.gthread import TConn

STOP_SECONDS = 110  # a full circle takes 90 at most; what runs longer is killed and reads as interrupted
CONNECTIONS_MAX = 4096  # kept open at once; each agent who watches a case keeps one
REQUEST_SECONDS = 20  # for a request to arrive, be answered and its answer be taken
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  for gunicorn's heartbeat file, which must not wait for a disk

logger = logging.getLogger("webapp.server")


def serve(host: str, port: int, config: Config) -> None:
    """Upgrade the database and serve until TERM or INT; port 0 takes a free one. Prints the URL once it answers.

    Raises InputError where the settings, the port, the database or the data folder cannot be used. Ends the process
    otherwise (SystemExit), as gunicorn does.
    """
    os.umask(0o077)  # database and key are nobody else's
    lock.forbid_core_dumps()
    logs.configure()
    lock.claim(config)
    config = _with_host(config.completed(), host)
    for warning in (*unknown_variables(), *warnings(config, host), *signing.check(config)):
        logger.warning("%s", warning)
    listener = _listener(host, port)
    db.upgrade(config)
    _Server(config, listener).run()


def wsgi() -> Flask:
    """Return the application for another WSGI server, settings from the environment: "webapp.server:wsgi()".

    Does in the server's process what `serve` does. Without Redis a second process is refused with InputError.
    """
    config = Config.from_environment().completed()
    lock.forbid_core_dumps()
    lock.claim(config)
    for warning in signing.check(config):
        logger.warning("%s", warning)
    db.upgrade(config)
    app = create_app(config)
    start_jobs(app)
    atexit.register(stop_jobs, app)
    return app


def start_jobs(app: Flask) -> None:
    """Start what carries connection tests to their threads: in this process, or with Redis in worker processes."""
    if "webapp.connection_tests" in ROOMS:
        from webapp.connection_tests import jobs

        jobs.start(app)
    timer = app.extensions["timer"] = periodic.Timer(app)
    timer.start()


def stop_jobs(app: Flask) -> None:
    """Stop it; waits for the tests that are running in this process."""
    if "timer" in app.extensions:
        app.extensions["timer"].stop()
    if "webapp.connection_tests" in ROOMS:
        from webapp.connection_tests import jobs

        jobs.shutdown(app)


def warnings(config: Config, host: str) -> list[Message]:
    """Return what an operator should know of serving `config` on `host`."""
    if _is_loopback(host) or config.https:
        return []
    found = [
        Message(
            N_(
                "The site is reachable from other computers without https. Passwords and addresses would travel in "
                "clear text. Put a proxy with https in front and set WEBAPP_PUBLIC_URL."
            )
        )
    ]
    if _is_wildcard(host) and config.hosts == Config().hosts:
        found.append(
            Message(
                N_(
                    "Only requests for localhost are answered. Set WEBAPP_PUBLIC_URL or WEBAPP_TRUSTED_HOSTS to the "
                    "name of this site."
                )
            )
        )
    return found


def _with_host(config: Config, host: str) -> Config:
    """Return `config` with the address that the site is bound to as a name it answers under."""
    if _is_wildcard(host) or _is_loopback(host):
        return config
    return replace(config, trusted_hosts=(*config.trusted_hosts, host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_wildcard(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")  # noqa: S104  compared, not bound


def _written(host: str) -> str:
    """Return `host` as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _listener(host: str, port: int) -> socket.socket:
    """Bind before anything else is done: gunicorn would try for five seconds, and print no sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        known = isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno
        reason = os.strerror(known) if known else str(error)
        text = N_("The server cannot use port %(port)s of %(host)s. Choose another with --port or --host. (%(reason)s)")
        raise InputError(Message(text, {"host": host, "port": port, "reason": reason})) from error


class _Server(BaseApplication):
    """gunicorn with our settings instead of its command line, environment and files."""

    def __init__(self, config: Config, listener: socket.socket) -> None:
        self._config = config
        name, port = listener.getsockname()[:2]
        self._url = config.public_url or f"http://{'localhost' if _is_wildcard(name) else _written(name)}:{port}"
        self._descriptor = listener.detach()  # gunicorn closes it
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"fd://{self._descriptor}",
            "worker_class": _Threads,
            "workers": 1,
            "threads": WEB_THREADS,
            "worker_connections": CONNECTIONS_MAX,
            "preload_app": False,
            "max_requests": 0,
            "graceful_timeout": STOP_SECONDS,
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

    def _post_fork(self, arbiter: Arbiter, _worker: Worker) -> None:
        """Obey a TERM that came between fork and here: the arbiter's handler, still ours, took it for its own."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        while not arbiter.SIG_QUEUE.empty():
            if arbiter.SIG_QUEUE.get() in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                sys.exit(0)

    def _post_worker_init(self, worker: Worker) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the arbiter tells the worker
        start_jobs(worker.wsgi)
        if worker.age == 1:  # not again for one that replaces a killed worker
            sys.stdout.write(f"GMX POP setup wizard: {self._url}/  (Ctrl+C ends it)\n")
            sys.stdout.flush()

    def _worker_exit(self, _arbiter: Arbiter, worker: Worker) -> None:
        if getattr(worker, "wsgi", None) is not None:  # it may have ended before it was loaded
            stop_jobs(worker.wsgi)
        db.dispose()


class _Threads(ThreadWorker):
    """gunicorn's threads, of which nobody holds one for longer than REQUEST_SECONDS.

    By itself a thread waits for ever for a request that comes drop by drop, and thirty-two such lines stop the site.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began: dict[TConn, float] = {}  # what threads work on

    def handle(self, conn: TConn) -> object:
        self._began[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._began[conn]

    def notify(self) -> None:
        """Called every second or more often by the thread that accepts connections."""
        super().notify()
        late = time.monotonic() - REQUEST_SECONDS
        for conn, began in list(self._began.items()):
            if began < late:
                with suppress(OSError):  # wakes the thread, which closes it
                    conn.sock.shutdown(socket.SHUT_RDWR)


class _Log(Logger):
    """gunicorn's log, written by the redacting handler of `webapp.logs`."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
