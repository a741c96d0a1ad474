"""What worker processes counted, on its way to the metrics of a web process: workers have no port.

It lies in Redis until one web process takes it, so that the sum over all of them is right.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError

from webapp.infrastructure import events
from webapp.infrastructure.config import Config
from webapp.infrastructure.logs import logger

NAME = "gmx-pop:counts"  # a hash: values of the event as JSON → number
KEPT_SECONDS = 24 * 3600  # without a web process that is asked for its metrics
REDIS_SECONDS = 2.0


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)


def hand_over(app: Flask) -> None:
    """Let the worker process of `app` hand over what it counts."""
    config: Config = app.extensions["config"]
    redis = _redis(config.redis_url)

    def count(_app: Flask, **values: Any) -> None:
        field = json.dumps({name: values.get(name) for name in ("state", "protocol", "stage", "failure")})
        try:
            with redis.pipeline() as pipeline:
                pipeline.hincrby(NAME, field, 1)
                pipeline.expire(NAME, KEPT_SECONDS)
                pipeline.execute()
        except RedisError as error:
            logger.error("a connection test was not counted: %s", type(error).__name__)

    app.extensions["worker-counts"] = count  # signals hold weak references
    events.test_progressed.connect(count, app)


def take(config: Config) -> Iterator[tuple[dict[str, str | None], int]]:
    """Take what workers counted: values of `events.test_progressed` and how often they came."""
    if not config.redis_url:
        return
    try:
        with _redis(config.redis_url).pipeline() as pipeline:
            pipeline.hgetall(NAME)
            pipeline.delete(NAME)
            found = cast("dict[bytes, bytes]", pipeline.execute()[0])
    except RedisError as error:
        logger.error("metrics without what workers counted: %s", type(error).__name__)
        return
    for field, number in found.items():
        yield json.loads(field), int(number)
