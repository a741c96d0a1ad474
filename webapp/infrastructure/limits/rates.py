"""Rate limit of API requests per caller (API key or network), in fixed windows of a minute.

Enough against programs that run wild. Counts in Redis if there is one, else in the memory of this process.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError

from webapp.infrastructure.config import Config
from webapp.infrastructure.limits.networks import networks
from webapp.infrastructure.logs import logger
from webapp.infrastructure.sealing import keyed_hash

WINDOW_SECONDS = 60
GROWTH = (1, 3, 6)  # of what a /64, a /56 and a /48 have
REDIS_SECONDS = 0.5  # time-out
SILENT_SECONDS = 10  # without requests to Redis after a time-out

Caller = tuple[str, int]  # who, requests per minute


def of_network(address: str, limit: int) -> list[Caller]:
    """Return the callers of a request without a key, the smallest network first."""
    return [(who, limit * factor) for who, factor in zip(networks(address), GROWTH, strict=False)]


class Rates(ABC):
    """Counts requests by caller within the current minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def take(self, callers: Iterable[Caller]) -> int | None:
        """Count a request; return None if it is allowed, else the seconds until the next window.

        Stops at the first caller over its limit, so that it does not use up the larger networks around it.
        """
        now = self._clock()
        window = int(now // WINDOW_SECONDS)
        for who, limit in callers:
            if self._count(who, window) > limit:
                return max(1, round((window + 1) * WINDOW_SECONDS - now))
        return None

    @abstractmethod
    def _count(self, who: str, window: int) -> int:
        """Count a request of `who`; return its number of requests in this window."""


class MemoryRates(Rates):
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._lock = threading.Lock()
        self._window = 0
        self._counts: Counter[str] = Counter()

    def _count(self, who: str, window: int) -> int:
        with self._lock:
            if window != self._window:
                self._window = window
                self._counts.clear()
            self._counts[who] += 1
            return self._counts[who]


class RedisRates(Rates):
    """For all processes. Fails open: without Redis every request passes."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self._config = config
        waits = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        self._redis = Redis.from_url(config.redis_url, **waits)
        self._reached = True
        self._silent_until = 0.0

    def _count(self, who: str, window: int) -> int:
        if self._clock() < self._silent_until:
            return 0
        name = f"gmx-pop:rate:{window}:{keyed_hash(self._config, 'rates', who).hex()}"
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.incr(name)
                pipeline.expire(name, 2 * WINDOW_SECONDS)
                number, _ = pipeline.execute()
        except RedisError as error:
            if self._reached:
                logger.error("API requests are not counted, Redis does not answer: %s", type(error).__name__)
            self._reached, self._silent_until = False, self._clock() + SILENT_SECONDS
            return 0
        self._reached = True
        return int(number)


def current() -> Rates:
    rates: Rates = current_app.extensions["rates"]
    return rates


def of(config: Config) -> Rates:
    """Return the counter by configuration; opens no connection yet."""
    return RedisRates(config) if config.redis_url else MemoryRates()
