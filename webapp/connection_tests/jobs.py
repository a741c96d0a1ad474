"""The engine of this process, and the one that needs no other: threads beside those that answer requests.

Threads start after fork (the server's hooks), never in `create_app`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from huey.storage import MemoryStorage

from webapp.config import Config
from webapp.connection_tests.engine import Engine, Plan, Queue, QuietConsumer, Runner, UnavailableError
from webapp.connection_tests.progress import MemoryRunStore
from webapp.connection_tests.sealing import MemoryPasswordStore, Sealer

if TYPE_CHECKING:
    from flask import Flask


class _BlockingMemoryStorage(MemoryStorage):
    """Workers sleep until there is a job; the stock storage lets them poll."""

    blocking = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = threading.Condition(self._lock)

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        with self._waiting:
            super().enqueue(data, priority)
            self._waiting.notify()

    def dequeue(self) -> bytes | None:
        with self._waiting:
            if not self._queue:
                self._waiting.wait(1)
            data: bytes | None = super().dequeue()
            return data

    def wake(self) -> None:
        """Let those that sleep look whether they are to stop."""
        with self._waiting:
            self._waiting.notify_all()


class EmbeddedEngine(Engine):
    """Works in this process; what waits or runs is gone with it, passwords first of all."""

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._config = config
        self.runs = MemoryRunStore()
        self.passwords = MemoryPasswordStore()
        self._queue = Queue(_BlockingMemoryStorage, Sealer(ChaCha20Poly1305.generate_key()))
        self._consumer: QuietConsumer | None = None

    def start(self) -> None:
        self._queue.worker = Runner(self._app, self._config, self.runs, self.passwords)
        self._consumer = QuietConsumer(self._queue, self._config.test_threads)
        self._consumer.start()

    def check_ready(self) -> None:
        if self._consumer is None or self._consumer.stop_flag.is_set():
            raise UnavailableError

    def submit(self, run_id: str, plan: Plan) -> None:
        self._queue.submit(run_id, plan)

    def shutdown(self) -> None:
        if self._consumer is not None:
            self._consumer.stop_flag.set()
            self._queue.storage.wake()
            self._consumer.stop(graceful=True)

    def _interrupt(self, run_id: str) -> None:
        if self._queue.worker is not None:
            self._queue.worker.interrupt(run_id)


def of(app: Flask) -> Engine:
    """Return the engine of `app`; raises UnavailableError where none was started."""
    engine = app.extensions.get("jobs")
    if not isinstance(engine, Engine):
        raise UnavailableError
    return engine


def start(app: Flask) -> None:
    """Start the engine of `app` in this process."""
    config: Config = app.extensions["config"]
    engine: Engine
    if config.redis_url:
        from webapp.connection_tests.redis_engine import RedisEngine

        engine = RedisEngine(config)
    else:
        engine = EmbeddedEngine(app, config)
    engine.start()
    app.extensions["jobs"] = engine


def shutdown(app: Flask) -> None:
    """Let running tests end, then stop."""
    if "jobs" in app.extensions:
        of(app).shutdown()
