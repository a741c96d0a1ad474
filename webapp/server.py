"""Serves the site: gunicorn with one worker process and threads, the jobs inside.

One process, because the runs and the passwords of connection tests live in its memory. What belongs to the process
(job threads, TLS context) starts after fork and ends gracefully with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from webapp import create_app, lock
from webapp.config import LOOPBACK_HOSTS, WEB_THREADS, Config, unknown_variables
from webapp.connection_tests import jobs

GRACEFUL_SECONDS = 50
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  gunicorn's heartbeat file must not wait for a disk


class _Server(BaseApplication):
    def __init__(self, config: Config, host: str, port: int) -> None:
        self._config = config
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": self._address,
            "worker_class": "gthread",
            "workers": 1,
            "threads": WEB_THREADS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "control_socket_disable": True,
            "loglevel": "warning",
            "post_worker_init": lambda worker: jobs.start(worker.app.callable),
            "worker_exit": lambda server, worker: jobs.shutdown(worker.app.callable),
            "when_ready": self._say_where,
        }
        if SHARED_MEMORY.is_dir():
            settings["worker_tmp_dir"] = str(SHARED_MEMORY)
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._config)

    def _say_where(self, server: Any) -> None:
        os.write(1, f"GMX POP setup wizard: http://{self._address}/  (Ctrl+C ends it)\n".encode())


def serve(host: str, port: int, config: Config) -> None:
    """Serve the site until TERM or INT; raises InputError where another server uses the data folder."""
    config = config.completed()
    for warning in unknown_variables():
        os.write(2, f"{warning}\n".encode())
    if host not in (*LOOPBACK_HOSTS, "::1") and not config.https:
        os.write(2, b"Warning: reachable from other computers without https. Put a proxy with TLS in front.\n")
    lock.claim(config)
    _Server(config, host, port).run()
