"""A real Redis on a unix socket, empty for every test that takes the fixture `redis_url`."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

START_SECONDS = 20


class RedisServer:
    """A server of its own, which keeps nothing on disk unless asked to."""

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
            end = time.monotonic() + START_SECONDS
            while True:
                with contextlib.suppress(RedisError):
                    self.client.ping()
                    break
                assert time.monotonic() < end, "no Redis"
                time.sleep(0.02)
            yield
        finally:
            process.kill()
            process.wait()
            self.client.close()

    def dump(self) -> bytes:
        """Return everything that Redis would write to disk, the payloads of its queue included."""
        self.client.save()
        return (self.folder / "dump.rdb").read_bytes()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A running Redis; skips where there is none, fails there when CI=true."""
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="redis-"))  # short: the path of a unix socket has 107 characters
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
