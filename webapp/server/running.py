"""A server that runs: it answers until it is told to end, and then ends in order.

1. TERM, INT (Ctrl-C) or HUP (a closed terminal, not under nohup) tell it to. No test begins any more; those that run
   go on to their end, and pages are answered meanwhile, so that everybody sees how theirs ended.
2. Nothing new is accepted. What waits on a socket of ours is taken in before; what waits on one that was handed over is
   left to the process that comes next.
3. What was accepted is answered. The process ends.
"""

import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore

from webapp.infrastructure import security
from webapp.infrastructure.config import TABLE_BYTES_MAX, WEB_THREADS, Config
from webapp.server.connection import Channel
from webapp.server.sockets import BACKLOG

IDLE_SECONDS = 20  # that a connection is kept; longer than the pause of any poll
HEAD_BYTES_MAX = 32 * 1024
BODY_BYTES_READ_MAX = 4 * TABLE_BYTES_MAX  # beyond it the page that says "too much" is the server's own
STOP_SECONDS = 110  # from the signal to the end; what still runs then is cut off
LAST_SECONDS = 3  # for requests that are on their way, and for answers that are not taken
QUIET_SECONDS = 0.3  # without a word on any connection: nothing is on its way
LOOK_SECONDS = 1.0  # what changes wakes the loop


class Running:
    """`app` on a listening socket. `stop_jobs` waits for what runs beside the answers."""

    def __init__(
        self, app: Flask, listener: socket.socket, connections: int, stop_jobs: Callable[[], object], *, ours: bool
    ) -> None:
        config: Config = app.extensions["config"]
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=[listener],
            threads=WEB_THREADS,
            backlog=BACKLOG,
            connection_limit=connections,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            channel_request_lookahead=1,  # tells a view that its client has gone: waitress.client_disconnected
            max_request_header_size=HEAD_BYTES_MAX,
            max_request_body_size=BODY_BYTES_READ_MAX,
            inbuf_overflow=sys.maxsize,  # nothing of a request or an answer lies on a disk
            outbuf_overflow=sys.maxsize,
            clear_untrusted_proxy_headers=False,  # webapp.infrastructure.security decides which proxy is believed
            log_socket_errors=False,
            ident=None,
        )
        self._server.channel_class = type("Channel", (Channel,), {"headers": security.file_headers(config)})
        self._stop_jobs = stop_jobs
        self._ours = ours
        self._told = False
        self._obey_signals()  # from here on: the end may be wanted before the first answer

    def run(self) -> None:
        """Answer until a signal comes; return when the end is reached."""
        self._answer(lambda: self._told)
        end = time.monotonic() + STOP_SECONDS
        stopping = threading.Thread(target=self._stop, name="stop", daemon=True)
        stopping.start()
        self._answer(lambda: not stopping.is_alive(), end)
        self._accept_no_more()
        closed = time.monotonic()
        self._answer(lambda: self._is_settled(time.monotonic() - closed), end, QUIET_SECONDS)
        self._server.task_dispatcher.shutdown(timeout=2)  # with 0 it would warn of threads that have nothing to do
        wasyncore.close_all(self._map)

    def _obey_signals(self) -> None:
        """Handlers set a flag and no more: one may interrupt another."""

        def tell(*_: object) -> None:
            self._told = True
            self._server.pull_trigger()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # HUP under nohup
                signal.signal(number, tell)

    def _answer(self, until: Callable[[], bool], end: float = float("inf"), look: float = LOOK_SECONDS) -> None:
        while not until() and time.monotonic() < end:
            wasyncore.loop(timeout=look, use_poll=True, map=self._map, count=1)

    def _stop(self) -> None:
        self._stop_jobs()
        self._server.pull_trigger()

    def _accept_no_more(self) -> None:
        server = self._server
        if self._ours:
            for _ in range(BACKLOG):
                if not select.select([server.socket], [], [], 0)[0]:
                    break
                server.handle_accept()
        server.accepting = False
        server.del_channel()
        if self._ours:
            server.socket.close()

    def _is_settled(self, seconds: float) -> bool:
        """Whether all that was accepted has been answered; `seconds` since nothing new is accepted."""
        channels = list(self._server.active_channels.values())
        if any(channel.requests for channel in channels):
            return False
        now = time.time()
        return seconds > LAST_SECONDS or not any(
            channel.request is not None or channel.total_outbufs_len or now - channel.last_activity < QUIET_SECONDS
            for channel in channels
        )
