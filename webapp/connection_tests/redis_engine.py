"""The engine for several processes: web processes hand runs to workers by way of Redis or Valkey.

A worker says every few seconds that it lives, and with which public key; the word is sealed with the installation's
secret key, so that nobody else who can write to Redis becomes a worker and is sent passwords.
"""

from __future__ import annotations

import base64
import logging
import secrets
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from cryptography.exceptions import InvalidTag
from huey.storage import RedisStorage
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError

from webapp import create_app, db, lock, logs
from webapp.config import WEB_THREADS, Config, variable
from webapp.connection_tests.engine import Engine, Plan, Queue, QuietConsumer, Runner, UnavailableError
from webapp.connection_tests.redis_stores import PREFIX, RedisPasswordStore, RedisRunStore
from webapp.connection_tests.sealing import Sealer, WorkerKey
from webapp.text import N_, InputError, Message

if TYPE_CHECKING:
    from flask import Flask

BEAT_SECONDS = 2.0
ALIVE_SECONDS = 8  # after its last word a worker counts as gone
CANCEL_CHANNEL = PREFIX + "cancel"
SPARE_CONNECTIONS = 16

logger = logging.getLogger(__name__)


def connection_pool(config: Config, threads: int) -> ConnectionPool:
    """Return connections for `threads` that wait with one and tell of stages with another. Opens none.

    redis-py alone stops at 100.
    """
    return ConnectionPool.from_url(config.redis_url, max_connections=2 * threads + SPARE_CONNECTIONS)


def living_workers(redis: Redis, sealer: Sealer) -> dict[str, bytes]:
    """Return the public keys of the workers that live, by name."""
    found = {}
    names = list(redis.scan_iter(match=PREFIX + "worker:*", count=1000))
    for name, sealed in zip(names, cast("list[bytes | None]", redis.mget(names)) if names else (), strict=True):
        worker = name.decode().removeprefix(PREFIX + "worker:")
        with suppress(InvalidTag):
            if sealed is not None:
                found[worker] = base64.b64decode(sealer.open(sealed, f"worker {worker}"))
    return found


class _Storage(RedisStorage):
    """Huey's, quiet where Redis does not answer: 64 threads would each write a traceback every second."""

    def dequeue(self) -> bytes | None:
        try:
            data: bytes | None = super().dequeue()
        except RedisError:
            time.sleep(1)
            return None
        return data

    def read_schedule(self, _: Any) -> list[bytes]:
        return []  # nothing is ever scheduled


class _Shared:
    """What both ends of the queue have."""

    def __init__(self, config: Config, threads: int) -> None:
        self.pool = connection_pool(config, threads)
        self.redis = Redis(connection_pool=self.pool)
        self.sealer = Sealer(config.key("jobs in redis"))
        self.queue = Queue(_Storage, self.sealer, connection_pool=self.pool)
        self.runs = RedisRunStore(self.redis, self.sealer)

    def workers(self) -> dict[str, bytes]:
        return living_workers(self.redis, self.sealer)

    def close(self) -> None:
        self.pool.disconnect()


class RedisEngine(Engine):
    """The end of a web process. Methods raise RedisError where Redis does not answer."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def start(self) -> None:
        self._shared = _Shared(self._config, WEB_THREADS)
        self.runs = self._shared.runs
        self.passwords = RedisPasswordStore(self._shared.redis, self._shared.workers)

    def check_ready(self) -> None:
        if not self._shared.workers():
            raise UnavailableError

    def submit(self, run_id: str, plan: Plan) -> None:
        self._shared.queue.submit(run_id, plan)

    def shutdown(self) -> None:
        self._shared.close()

    def _interrupt(self, run_id: str) -> None:
        self._shared.redis.publish(CANCEL_CHANNEL, run_id)


class Worker:
    """The end that works. `app` gives listeners of events what they need; it answers no request."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.name = secrets.token_hex(8)
        self._key = WorkerKey()
        self._shared = _Shared(config, config.test_threads)
        passwords = RedisPasswordStore(self._shared.redis, self._shared.workers, (self.name, self._key))
        self._runner = Runner(app, config, self._shared.runs, passwords)
        self._shared.queue.worker = self._runner
        self._consumer = QuietConsumer(self._shared.queue, config.test_threads)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._beat, name="beat", daemon=True),
            threading.Thread(target=self._listen, name="listen", daemon=True),
        ]

    def start(self) -> None:
        """Say that this worker lives, then take runs. Raises RedisError where Redis does not answer."""
        self._say_alive()
        for thread in self._threads:
            thread.start()
        self._consumer.start()

    def shutdown(self) -> None:
        """Take no more runs, let those that are under way end, say goodbye."""
        with suppress(RedisError):
            self._shared.redis.delete(PREFIX + f"worker:{self.name}")
        self._stopping.set()
        self._consumer.stop(graceful=True)
        for thread in self._threads:
            thread.join()
        self._shared.close()

    def _say_alive(self) -> None:
        word = self._shared.sealer.seal(base64.b64encode(self._key.public).decode(), f"worker {self.name}")
        self._shared.redis.set(PREFIX + f"worker:{self.name}", word, ex=ALIVE_SECONDS)

    def _beat(self) -> None:
        reached = True
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                self._say_alive()
            except RedisError as error:
                if reached:
                    logger.error("Redis does not answer: %s", type(error).__name__)
                reached = False
            else:
                if not reached:
                    logger.warning("Redis answers again")
                reached = True
        with suppress(RedisError):
            self._shared.redis.delete(PREFIX + f"worker:{self.name}")

    def _listen(self) -> None:
        """Hear which runs are to stop."""
        while not self._stopping.is_set():
            try:
                with self._shared.redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(CANCEL_CHANNEL)
                    while not self._stopping.is_set():
                        message = channel.get_message(timeout=0.5)
                        if message is not None:
                            self._runner.interrupt(message["data"].decode())
            except RedisError:
                self._stopping.wait(1)


def work(config: Config) -> None:
    """Run jobs until TERM or INT, then let those end that are under way.

    Raises InputError where the settings, Redis or the database cannot be used.
    """
    logs.configure()
    lock.forbid_core_dumps()
    if not config.redis_url:
        text = N_("A worker needs %(setting)s. Without it, “serve” runs the tests by itself.")
        raise InputError(Message(text, {"setting": variable("redis_url")}))
    config = config.completed()
    lock.claim(config)
    db.upgrade(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker = Worker(create_app(config), config)
    try:
        worker.start()
    except RedisError as error:
        text = N_("%(setting)s: Redis does not answer. (%(reason)s)")
        raise InputError(Message(text, {"setting": variable("redis_url"), "reason": type(error).__name__})) from None
    logger.warning("worker %s runs up to %d tests at a time", worker.name, config.test_threads)
    stop.wait()
    worker.shutdown()
    db.dispose()
