"""Serving: one process of many threads, the jobs inside it, one command.

One process, because the state of running tests is its memory; with Redis several servers may run side by side, and
worker processes (`webapp.server.worker`) have the jobs. Whoever started it (systemd, a container) starts it anew where
it is killed: no login is repeated, and a fresh process is safer than one that goes on.
"""

import atexit
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from flask import Flask

from webapp import ROOMS, create_app
from webapp.core import providers
from webapp.core.text import N_, Message, locales, translations_for
from webapp.infrastructure import assets, background, backup, config_values, db, lock, logs, signing
from webapp.infrastructure.config import Config, current_providers, unknown_variables
from webapp.server import sockets

SHOW_SECONDS = 4.0  # that a page has to fetch how its test ended

logger = logging.getLogger("webapp.server")


def serve(host: str, port: int, config: Config) -> None:
    """Upgrade the database and serve until TERM, INT or HUP; port 0 takes a free one. Prints the URL once it answers.

    A database that is not there yet is waited for.
    A socket that the service manager hands over comes before `host` and `port`. Raises InputError where the settings,
    the port, the database or the data folder cannot be used.
    """
    from webapp.server.running import Running  # here: another WSGI server needs no waitress

    os.umask(0o077)  # database and key are nobody else's
    lock.forbid_core_dumps()
    logs.configure(config.log_format)
    lock.claim(config)
    handed_over = sockets.handed_over()
    if handed_over is not None:
        host = handed_over.getsockname()[0]
    config = _with_host(config.completed(), host)
    connections = sockets.connection_limit(config)
    for warning in (*unknown_variables(), *warnings(config, host, connections), *signing.check(config)):
        logger.warning("%s", warning)
    db.wait(config)
    listener = handed_over or sockets.listener(host, port)
    providers.load(config.providers_dir, config.providers)  # a broken file stops here, before anything is changed
    backup.upgrade(config)
    app = create_app(config)
    _read_all(app)
    start_jobs(app)
    running = Running(app, listener, connections, lambda: _end_jobs(app), ours=handed_over is None)
    sys.stdout.write(_greeting(config, listener))
    sys.stdout.flush()
    running.run()
    db.dispose()


def wsgi() -> Flask:
    """Return the application for another WSGI server, settings from the environment: "webapp.server:wsgi()".

    Does in the server's process what `serve` does. Without Redis a second process is refused with InputError.
    """
    os.umask(0o077)
    config = Config.from_environment().completed()
    lock.forbid_core_dumps()
    lock.claim(config)
    providers.load(config.providers_dir, config.providers)
    for warning in signing.check(config):
        logger.warning("%s", warning)
    backup.upgrade(config)
    app = create_app(config)
    _read_all(app)
    start_jobs(app)
    atexit.register(stop_jobs, app)
    return app


def _read_all(app: Flask) -> None:
    """Read now what belongs to this version: its files may be replaced while the process runs."""
    assets.read()
    for locale in locales():
        translations_for(locale)
    with app.app_context():
        current_providers()


def start_jobs(app: Flask) -> None:
    """Start what carries connection tests to their threads: in this process, or with Redis in worker processes."""
    if "webapp.web.connection_tests" in ROOMS:
        from webapp.connection_tests import jobs

        jobs.start(app)
    background.start(app)


def stop_jobs(app: Flask) -> float | None:
    """Stop it; waits for the tests that are running in this process.

    Returns when the last one ended (time.monotonic()), None where there was none.
    """
    ended = None
    if "webapp.web.connection_tests" in ROOMS:
        from webapp.connection_tests import jobs

        ended = jobs.shutdown(app)
    background.stop(app)
    return ended


def _end_jobs(app: Flask) -> None:
    """Stop it, and leave the pages that wait for a test the time to fetch how it ended."""
    ended = stop_jobs(app)
    if ended is not None:
        time.sleep(max(0.0, ended + SHOW_SECONDS - time.monotonic()))


def warnings(config: Config, host: str, connections: int = sockets.CONNECTIONS_MAX) -> Iterator[Message]:
    """Yield what an operator should know of serving `config` on `host` with so many `connections` at most."""
    if connections < sockets.CONNECTIONS_MAX:
        yield Message(
            N_(
                "This process may open few files at once: %(connections)s connections instead of %(wanted)s. Raise "
                "the limit (systemd: LimitNOFILE)."
            ),
            {"connections": connections, "wanted": sockets.CONNECTIONS_MAX},
        )
    if config.https and not config.trusted_proxies:
        yield Message(
            N_(
                "The site is reached by https, so a proxy is in front of it, but WEBAPP_TRUSTED_PROXIES is 0: "
                "everybody counts as one network address, and few may test their login. Set it to the number of "
                "your proxies."
            )
        )
    yield from config.unsafe()
    if config_values.is_loopback(host) or config.https:
        return
    yield Message(
        N_(
            "The site is reachable from other computers without https. Passwords and addresses would travel in "
            "clear text. Put a proxy with https in front and set WEBAPP_PUBLIC_URL."
        )
    )
    if _is_wildcard(host) and config.hosts == Config().hosts:
        yield Message(
            N_(
                "Only requests for localhost are answered. Set WEBAPP_PUBLIC_URL or WEBAPP_TRUSTED_HOSTS to the "
                "name of this site."
            )
        )


def _with_host(config: Config, host: str) -> Config:
    """Return `config` with the address that the site is bound to as a name it answers under."""
    if _is_wildcard(host) or config_values.is_loopback(host):
        return config
    return replace(config, trusted_hosts=(*config.trusted_hosts, host))


def _is_wildcard(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")  # noqa: S104  compared, not bound


def _written(host: str) -> str:
    """Return `host` as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _greeting(config: Config, listener: socket.socket) -> str:
    name, port = listener.getsockname()[:2]
    url = config.public_url or f"http://{'localhost' if _is_wildcard(name) else _written(name)}:{port}"
    return f"GMX POP setup wizard: {url}/  (Ctrl+C ends it)\n"
