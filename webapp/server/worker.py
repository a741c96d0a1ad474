"""The worker process: runs connection tests that web processes queue in Redis or Valkey."""

import signal
import threading

from redis import exceptions

from webapp import create_app
from webapp.connection_tests.redis_engine import Worker
from webapp.core import providers
from webapp.core.text import N_, InputError
from webapp.infrastructure import backup, db, lock, logs
from webapp.infrastructure.config import Config, variable
from webapp.web.health import worker_counts

AGAIN_SECONDS = 1.0  # between two tries to reach Redis

_PASSING = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
)


def work(config: Config) -> None:
    """Run jobs until SIGTERM or SIGINT, then wait for running ones. What is not there yet is waited for.

    Raises InputError if the settings, Redis or the database cannot be used.
    """
    logs.configure(config.log_format)
    lock.forbid_core_dumps()
    if not config.redis_url:
        text = N_("A worker needs %(setting)s. Without it, “serve” runs the tests by itself.")
        raise InputError(text, setting=variable("redis_url"))
    config = config.completed()
    lock.claim(config)
    providers.load(config.providers_dir, config.providers)
    db.wait(config)
    backup.upgrade(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    app = create_app(config)
    worker_counts.hand_over(app)
    worker = Worker(app, config)
    if _start(worker, stop):
        logs.logger.warning("worker %s runs up to %d tests at a time", worker.name, config.test_threads)
        stop.wait()
        worker.shutdown()
    db.dispose()


def _start(worker: Worker, stop: threading.Event) -> bool:
    """Start `worker` as soon as Redis is there; False if the end comes before."""
    said = False
    while not stop.is_set():
        try:
            worker.start()
        except exceptions.RedisError as error:
            if not isinstance(error, _PASSING) or isinstance(error, exceptions.AuthenticationError):
                text = N_("%(setting)s: Redis does not let us in. (%(reason)s)")
                raise InputError(text, setting=variable("redis_url"), reason=type(error).__name__) from None
            if not said:
                logs.logger.warning("waiting for Redis: %s", type(error).__name__)
            said = True
            stop.wait(AGAIN_SECONDS)
        else:
            return True
    return False
