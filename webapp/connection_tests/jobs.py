"""`EmbeddedEngine`, which runs tests in threads of the web process, and the start and stop of either engine.

Threads start after fork (in the server's hooks), never in `create_app`.
"""

import threading
from typing import Any

from flask import Flask, current_app
from huey.storage import MemoryStorage

from webapp.connection_tests.engine import Engine, Load, Plan, Runner, UnavailableError
from webapp.connection_tests.passwords import MemoryPasswordStore
from webapp.connection_tests.progress import MemoryRunStore
from webapp.connection_tests.queueing import Queue, QuietConsumer
from webapp.infrastructure.config import Config
from webapp.infrastructure.sealing import Sealer


class _BlockingMemoryStorage(MemoryStorage):
    """Workers block until there is a job; Huey's own storage polls."""

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
        """Wake blocked workers, so that they see the stop flag."""
        with self._waiting:
            self._waiting.notify_all()


class EmbeddedEngine(Engine):
    """Runs tests in this process; queued and running ones end with it."""

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._config = config
        self.runs = MemoryRunStore()
        self.passwords = MemoryPasswordStore()
        self._queue = Queue(_BlockingMemoryStorage, Sealer.random())
        self._consumer: QuietConsumer | None = None

    def start(self) -> None:
        self._queue.worker = Runner(self._app, self._config, self.runs, self.passwords)
        self._consumer = QuietConsumer(self._queue, self._config.test_threads)
        self._consumer.start()

    def check_ready(self) -> None:
        if self._consumer is None or self._consumer.stop_flag.is_set():
            raise UnavailableError

    def load(self) -> Load:
        self.check_ready()
        running = self._queue.worker.running if self._queue.worker is not None else 0
        return Load(1, self._queue.pending_count(), running)

    def submit(self, run_id: str, plan: Plan) -> None:
        self._queue.submit(run_id, plan)

    def shutdown(self) -> float | None:
        if self._consumer is not None:
            self._consumer.stop_flag.set()
            self._queue.storage.wake()
            self._consumer.stop(graceful=True)
        return self._queue.worker.last_end if self._queue.worker is not None else None

    def _interrupt(self, run_id: str) -> None:
        if self._queue.worker is not None:
            self._queue.worker.interrupt(run_id)


def of(app: Flask) -> Engine:
    """Return the engine of `app`; raises UnavailableError if none was started."""
    engine = app.extensions.get("jobs")
    if not isinstance(engine, Engine):
        raise UnavailableError
    return engine


def current() -> Engine:
    """Return the engine of the running application; raises UnavailableError if none was started."""
    return of(current_app)


def start(app: Flask) -> None:
    """Start the engine of `app`: RedisEngine with WEBAPP_REDIS_URL, else EmbeddedEngine."""
    config: Config = app.extensions["config"]
    engine: Engine
    if config.redis_url:
        from webapp.connection_tests.redis_engine import RedisEngine

        engine = RedisEngine(config)
    else:
        engine = EmbeddedEngine(app, config)
    engine.start()
    app.extensions["jobs"] = engine


def shutdown(app: Flask) -> float | None:
    """Let running tests end, then stop; return when the last one ended, as `Engine.shutdown` does."""
    return of(app).shutdown() if "jobs" in app.extensions else None
