"""How many requests to the API somebody has in a minute: in memory, and in Redis for all processes."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.redis_server import RedisServer
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import rates
from webapp.infrastructure.limits.rates import MemoryRates, Rates, RedisRates, of_network


class Seconds:
    def __init__(self) -> None:
        self.now = 6000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture(params=["memory", "redis"])
def counter(request: pytest.FixtureRequest, config: Config, clock: Seconds) -> Iterator[Rates]:
    if request.param == "memory":
        yield MemoryRates(clock)
        return
    made = RedisRates(replace(config, redis_url=request.getfixturevalue("redis_url")), clock)
    yield made
    made._redis.close()


def test_a_caller_has_so_many_requests_in_a_minute(counter: Rates, clock: Seconds) -> None:
    clock.now += 20
    assert [counter.take([("key 1", 3)]) for _ in range(4)] == [None, None, None, 40]
    assert counter.take([("key 2", 3)]) is None
    clock.now += 40
    assert counter.take([("key 1", 3)]) is None


def test_networks_of_growing_size_have_growing_numbers(counter: Rates) -> None:
    def ask(number: int) -> bool:
        return counter.take(of_network(f"2001:db8:0:{number:x}::1", 3)) is None

    assert [ask(0) for _ in range(5)] == [True] * 3 + [False] * 2  # which use up nothing of the /56
    assert sum(ask(number) for number in range(1, 256)) == 3 * 3 - 3
    assert sum(ask(256 * number) for number in range(1, 200)) == 6 * 3 - 3 * 3
    assert counter.take(of_network("192.0.2.1", 3)) is None


def test_processes_count_together_in_redis(config: Config, redis_url: str, redis_server: RedisServer) -> None:
    own = replace(config, redis_url=redis_url)
    first, second = rates.of(own), rates.of(own)
    allowed = [each.take([("192.0.2.1", 5)]) is None for _ in range(5) for each in (first, second)]
    assert allowed.count(True) == 5
    assert b"192.0.2.1" not in redis_server.dump()
    for each in (first, second):
        assert isinstance(each, RedisRates)
        each._redis.close()


def test_a_redis_that_does_not_answer_lets_requests_pass_and_is_told_once(
    config: Config, clock: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    """One that takes the connection and says nothing: a thread waits for it now and then, not with each request."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counter = RedisRates(replace(config, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}"), clock)
        began = time.monotonic()
        for _ in range(50):
            assert counter.take([("192.0.2.1", 1)]) is None
            clock.now += rates.SILENT_SECONDS / 25
        assert time.monotonic() - began < 10 * rates.REDIS_SECONDS
        counter._redis.close()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_without_redis_the_memory_counts(config: Config) -> None:
    assert isinstance(rates.of(config), MemoryRates)
