"""Serving: one process of many threads, the jobs inside it, one command. By gunicorn, or by granian where it is faster.

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
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from webapp import ROOMS, create_app, db, lock, logs, periodic, signing
from webapp.config import Config, unknown_variables
from webapp.text import N_, InputError, Message

if TYPE_CHECKING:
    from flask import Flask

SERVERS = ("gunicorn", "granian")  # each has a module here: with_gunicorn, with_granian
GRANIAN = "granian>=2.8.7,<2.9"  # as in pyproject.toml

BACKLOG = 2048  # connections that wait to be accepted
CONNECTIONS_MAX = 4096  # kept open at once; each agent who watches a case keeps one
REQUEST_SECONDS = 20  # for a request to arrive, be answered and its answer be taken
STOP_SECONDS = 110  # a full circle takes 90 at most; what runs longer is killed and reads as interrupted

logger = logging.getLogger("webapp.server")


def serve(host: str, port: int, config: Config, server: str = SERVERS[0]) -> None:
    """Upgrade the database and serve until TERM or INT; port 0 takes a free one. Prints the URL once it answers.

    Raises InputError where the settings, the port, the database or the data folder cannot be used, or the server is
    not installed. Ends the process otherwise (SystemExit).
    """
    run = _runner(server)
    os.umask(0o077)  # database and key are nobody else's
    lock.forbid_core_dumps()
    logs.configure()
    lock.claim(config)
    config = _with_host(config.completed(), host)
    for warning in (*unknown_variables(), *warnings(config, host, server), *signing.check(config)):
        logger.warning("%s", warning)
    listener = _listener(host, port)
    db.upgrade(config)
    run(config, listener, _greeting(config, listener))


def _runner(server: str) -> Callable[[Config, socket.socket, str], None]:
    """Return what serves an application on a listening socket, and says the greeting when it answers."""
    if find_spec(server) is None:
        text = N_("The server %(server)s is not installed. This installs it: %(command)s")
        command = f'{sys.executable} -m pip install "{GRANIAN}"'
        raise InputError(Message(text, {"server": server, "command": command}))
    run: Callable[[Config, socket.socket, str], None] = import_module(f"webapp.server.with_{server}").run
    return run


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


def warnings(config: Config, host: str, server: str = SERVERS[0]) -> list[Message]:
    """Return what an operator should know of serving `config` on `host` with `server`."""
    found = []
    if server == "granian" and (config.trusted_proxies or not _is_loopback(host)):
        found.append(
            Message(
                N_(
                    "granian waits without limit for a request that comes slowly, and believes header names with an "
                    "underscore. Put a proxy in front that takes in whole requests and drops such headers, as nginx "
                    "does."
                )
            )
        )
    if _is_loopback(host) or config.https:
        return found
    found.append(
        Message(
            N_(
                "The site is reachable from other computers without https. Passwords and addresses would travel in "
                "clear text. Put a proxy with https in front and set WEBAPP_PUBLIC_URL."
            )
        )
    )
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
    """Bind before anything else is done: gunicorn would try for five seconds, and neither server prints a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        known = isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno
        reason = os.strerror(known) if known else str(error)
        text = N_("The server cannot use port %(port)s of %(host)s. Choose another with --port or --host. (%(reason)s)")
        raise InputError(Message(text, {"host": host, "port": port, "reason": reason})) from error


def _greeting(config: Config, listener: socket.socket) -> str:
    name, port = listener.getsockname()[:2]
    url = config.public_url or f"http://{'localhost' if _is_wildcard(name) else _written(name)}:{port}"
    return f"GMX POP setup wizard: {url}/  (Ctrl+C ends it)\n"
