"""A real Redis on a unix socket, empty for every test with the fixture `redis_url`."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.support.waiting import wait_until

START_SECONDS = 60


class RedisServer:
    """A Redis without persistence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/redis.sock"
        self.client = Redis.from_url(self.url)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.folder / "redis.sock"), "--save", "",
             "--appendonly", "no", "--dir", str(self.folder), "--dbfilename", "dump.rdb"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until(self._answers, START_SECONDS, "Redis")
            yield
        finally:
            process.kill()
            process.wait()
            self.client.close()

    def _answers(self) -> bool:
        with contextlib.suppress(RedisError):
            return bool(self.client.ping())
        return False

    def dump(self) -> bytes:
        """Return the RDB dump, with the payloads of the queue."""
        self.client.save()
        return (self.folder / "dump.rdb").read_bytes()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A running Redis; skips where there is none, fails there when CI=true."""
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="redis-"))  # short: a unix socket's path has at most 107 characters
    try:
        server = RedisServer(folder)
        with server.running():
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> Iterator[str]:
    redis_server.client.flushall()
    yield redis_server.url
    redis_server.client.flushall()
