"""`RedisEngine` and `Worker`: web processes queue runs for worker processes through Redis or Valkey.

A worker sends a heartbeat with its public key, sealed with the site's secret key: write access to Redis alone does not
make a worker that receives passwords. Data in Redis is sealed with every key of the site, so that processes understand
each other during a key change.
"""

import logging
import secrets
import threading
import time
from contextlib import suppress
from typing import Any, cast

from flask import Flask
from huey.storage import RedisStorage
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError

from webapp.connection_tests.engine import Engine, Load, Plan, Runner, UnavailableError
from webapp.connection_tests.queueing import Queue, QuietConsumer
from webapp.connection_tests.redis_stores import PREFIX, RedisPasswordStore, RedisRunStore
from webapp.infrastructure.config import WEB_THREADS, Config
from webapp.infrastructure.sealing import Sealer, SharedSealer, UnsealError, WorkerKey

LISTEN_SECONDS = 0.5  # until a worker that shall end hears of it
BEAT_SECONDS = 2.0
ALIVE_SECONDS = 8  # TTL of a heartbeat
LOOK_SECONDS = 2.0  # time-out of a look whether Redis is well
RUNNING = PREFIX + "running:"  # and the name of a worker: how many tests it runs
CANCEL_CHANNEL = PREFIX + "cancel"
SPARE_CONNECTIONS = 16

logger = logging.getLogger(__name__)


def live_workers(redis: Redis, sealer: Sealer) -> dict[str, bytes]:
    """Return the public keys of live workers by name."""
    found = {}
    names = list(redis.scan_iter(match=PREFIX + "worker:*", count=1000))
    for name, sealed in zip(names, cast("list[bytes | None]", redis.mget(names)) if names else (), strict=True):
        worker = name.decode().removeprefix(PREFIX + "worker:")
        with suppress(UnsealError):
            if sealed is not None:
                found[worker] = sealer.open(sealed, f"worker {worker}".encode())
    return found


class _Storage(RedisStorage):
    """Huey's storage without a traceback per second and thread while Redis does not answer."""

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
    """What web and worker processes share."""

    def __init__(self, config: Config, threads: int) -> None:
        # Two connections for each thread: one blocks, one reports stages.
        self.pool = ConnectionPool.from_url(config.redis_url, max_connections=2 * threads + SPARE_CONNECTIONS)
        self.redis = Redis(connection_pool=self.pool)
        self.sealer = SharedSealer.of(config, "jobs in redis")
        self.queue = Queue(_Storage, self.sealer, connection_pool=self.pool)
        self.runs = RedisRunStore(self.redis, self.sealer)

    def workers(self) -> dict[str, bytes]:
        return live_workers(self.redis, self.sealer)


class RedisEngine(Engine):
    """The engine in a web process. Methods raise RedisError if Redis does not answer."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def start(self) -> None:
        self._shared = _Shared(self._config, WEB_THREADS)
        self.runs = self._shared.runs
        self.passwords = RedisPasswordStore(self._shared.redis, self._shared.workers)

    def check_ready(self) -> None:
        if not self._shared.workers():
            raise UnavailableError

    def check_well(self) -> None:
        """Raise UnavailableError without a worker, RedisError where Redis is away, full or read-only."""
        waits = {"socket_timeout": LOOK_SECONDS, "socket_connect_timeout": LOOK_SECONDS}
        with Redis.from_url(self._config.redis_url, **waits) as redis:
            redis.set(PREFIX + "well", 1, ex=ALIVE_SECONDS)
            if not live_workers(redis, self._shared.sealer):
                raise UnavailableError

    def load(self) -> Load:
        workers = self._shared.workers()
        names = [RUNNING + name for name in workers]
        told = cast("list[bytes | None]", self._shared.redis.mget(names)) if names else []
        return Load(len(workers), self._shared.queue.pending_count(), sum(int(number or 0) for number in told))

    def submit(self, run_id: str, plan: Plan) -> None:
        self._shared.queue.submit(run_id, plan)

    def shutdown(self) -> None:
        """The runs are in other processes, and so is what becomes of them."""
        self._shared.pool.disconnect()

    def _interrupt(self, run_id: str) -> None:
        self._shared.redis.publish(CANCEL_CHANNEL, run_id)


class Worker:
    """Runs tests in a worker process. `app` is for receivers of events; it answers no request."""

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
        """Send the first heartbeat, then take runs. Raises RedisError if Redis does not answer."""
        self._send_heartbeat()
        for thread in self._threads:
            thread.start()
        self._consumer.start()

    def shutdown(self) -> None:
        """Take no more runs, wait for running ones, sign off."""
        with suppress(RedisError):
            self._shared.redis.delete(PREFIX + f"worker:{self.name}")
        self._stopping.set()
        self._consumer.stop(graceful=True)
        for thread in self._threads:
            thread.join()
        self._shared.pool.disconnect()

    def _send_heartbeat(self) -> None:
        sealed = self._shared.sealer.seal(self._key.public, f"worker {self.name}".encode())
        with self._shared.redis.pipeline() as pipeline:
            pipeline.set(PREFIX + f"worker:{self.name}", sealed, ex=ALIVE_SECONDS)
            pipeline.set(RUNNING + self.name, self._runner.running, ex=ALIVE_SECONDS)
            pipeline.execute()

    def _beat(self) -> None:
        reached = True
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                self._send_heartbeat()
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
        while not self._stopping.is_set():
            try:
                with self._shared.redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(CANCEL_CHANNEL)
                    while not self._stopping.is_set():
                        message = channel.get_message(timeout=LISTEN_SECONDS)
                        if message is not None:
                            self._runner.interrupt(message["data"].decode())
            except RedisError:
                self._stopping.wait(1)
