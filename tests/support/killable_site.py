"""A site whose processes can be killed and restarted inside the test process.

The application is rebuilt on the same database and data folder; the engine's threads lose queue, stores and connections
at once, and whatever they still do has no effect. `test_processes` covers a real kill -9; this is fast enough for hundreds
of kills.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

from tests.support.client import PageLintingClient
from tests.support.counting_servers import CountingServers
from tests.support.waiting import wait_until
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.connection_tests.engine import Engine, Runner
from webapp.connection_tests.jobs import EmbeddedEngine
from webapp.connection_tests.queueing import QuietConsumer
from webapp.connection_tests.redis_engine import ALIVE_SECONDS, Worker
from webapp.connection_tests.redis_stores import PREFIX
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits.store import utc_now
from webapp.web.wizard.mx import RESOLVER_KEY


class ProcessKilledError(RuntimeError):
    """Raised in the threads of a dead process by everything that outlives it."""


class _Mortal:
    """A proxy that works while the process lives."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._dead = False

    def die(self) -> None:
        self._dead = True

    def __getattr__(self, name: str) -> Any:
        if self._dead:
            raise ProcessKilledError
        return getattr(self._inner, name)


class _Life:
    """The worker threads of one process, and how to kill them."""

    def __init__(self, runner: Runner, consumer: QuietConsumer) -> None:
        self._runner, self._consumer = runner, consumer
        self._mortal = [_Mortal(part) for part in (runner._runs, runner._passwords, runner._limits)]
        runner._runs, runner._passwords, runner._limits = self._mortal  # type: ignore[assignment]

    def end(self, servers: CountingServers) -> None:
        for mortal in self._mortal:
            mortal.die()
        self._consumer.stop_flag.set()
        for _, thread in self._consumer.worker_threads:
            while thread.is_alive():
                for event in list(self._runner._cancelled.values()):
                    event.set()
                servers.hang_up()
                thread.join(0.02)
        # Threads of a probe that were just about to connect do so still; their connections end, too.
        wait_until(lambda: servers.hang_up() or not servers._sessions)
        servers.settle()


class KillableSite:
    """An application with its engine, test servers, and one browser with its cookie."""

    app: Flask
    client: PageLintingClient

    def __init__(self, config: Config, servers: CountingServers) -> None:
        self.config = config
        self.servers = servers
        self.passed = timedelta()  # by which the counters' clock is ahead
        self.worker: Worker | None = None
        self._life: _Life | None = None
        self._start_web()
        if self.is_scaled_out:
            self.start_worker()

    @property
    def is_scaled_out(self) -> bool:
        """Whether tests run in a worker process, by Redis."""
        return bool(self.config.redis_url)

    @property
    def engine(self) -> Engine:
        return jobs.of(self.app)

    @property
    def worker_is_there(self) -> bool:
        """Whether a worker is alive."""
        return self.worker is not None or not self.is_scaled_out

    def browser(self) -> PageLintingClient:
        """Return a browser without cookies."""
        made = self.app.test_client()
        assert isinstance(made, PageLintingClient)
        return made

    def kill_web(self) -> None:
        """Kill and restart the web process."""
        cookie = self.client.get_cookie("session")
        self._end_web()
        self._start_web()
        if cookie is not None:
            self.client.set_cookie("session", cookie.value)

    def _put_forward(self, app: Flask) -> Flask:
        """Let the counters of `app` see the clock of the test."""
        app.extensions["limits"]._clock = lambda: utc_now() + self.passed
        return app

    def start_worker(self) -> None:
        if self.worker is None:
            self.worker = Worker(self._put_forward(create_app(self.config)), self.config)
            self.worker.start()
            self._life = _Life(self.worker._runner, self.worker._consumer)

    def kill_worker(self) -> None:
        """Kill the worker. Its heartbeat stays in Redis until it expires."""
        if self.worker is None or self._life is None:
            return
        redis, name = self.worker._shared.redis, PREFIX + f"worker:{self.worker.name}"
        word = redis.get(name)
        self.worker._stopping.set()
        self._life.end(self.servers)
        for thread in self.worker._threads:
            thread.join()  # deletes its heartbeat at the end
        if word is not None:
            redis.set(name, word, ex=ALIVE_SECONDS)
        self.worker._shared.pool.disconnect()
        self.worker = self._life = None

    def close(self) -> None:
        self.servers.fall_silent(None)
        self.kill_worker()
        self._end_web()

    def _start_web(self) -> None:
        self.app = self._put_forward(create_app(self.config))
        self.app.testing = True
        self.app.extensions[RESOLVER_KEY] = None  # no DNS in tests
        self.app.test_client_class = PageLintingClient
        jobs.start(self.app)
        engine = self.engine
        if isinstance(engine, EmbeddedEngine):
            assert engine._queue.worker is not None
            assert engine._consumer is not None
            self._life = _Life(engine._queue.worker, engine._consumer)
        self.client = self.browser()

    def _end_web(self) -> None:
        engine = self.engine
        if isinstance(engine, EmbeddedEngine) and self._life is not None:
            with engine._queue.storage._lock:
                engine._queue.storage._queue.clear()
            engine._consumer.stop_flag.set()  # type: ignore[union-attr]
            engine._queue.storage.wake()
            self._life.end(self.servers)
            self._life = None
        else:
            engine.shutdown()
