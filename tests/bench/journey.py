"""What a whole journey costs: from the start page through every question to the file, by 8 people at once.

By `serve` as it ships, alone (SQLite), and as two web processes that share PostgreSQL and Redis. And what the first visit
of each public page weighs.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from flask.testing import FlaskClient

from tests.bench.running import Served, say, serve
from tests.support.postgres_server import PostgresServer, binaries
from tests.support.redis_server import RedisServer
from tests.support.weight import FIRST_VISIT_BYTES_MAX, first_visit, public_pages
from webapp import create_app
from webapp.infrastructure import db
from webapp.infrastructure.config import Config

PEOPLE = 8
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
JOURNEYS = 5  # of each in a round

ANSWERS = (
    ("address", {"email_address": "anna@gmx.de"}),
    ("program", {"program": "thunderbird"}),
    ("preparation", {}),
)


@dataclass
class Walked:
    seconds: list[float] = field(default_factory=list)  # of each request
    journeys: int = 0


class Person:
    """Somebody with a browser that keeps its cookies and its connection."""

    def __init__(self, port: int, walked: Walked) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._walked = walked
        self._http = requests.Session()

    def ask(self, method: str, path: str, **data: str) -> str:
        began = time.monotonic()
        answer = self._http.request(method, self._url + path, data=data or None, timeout=60, allow_redirects=False)
        self._walked.seconds.append(time.monotonic() - began)
        if answer.status_code not in (200, 303):
            raise SystemExit(f"{method} {path}: {answer.status_code}")
        return answer.text

    def walk(self) -> None:
        self.ask("GET", "/")
        for slug, values in ANSWERS:
            page = self.ask("GET", "/" if slug == "address" else f"/setup/{slug}")
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)
            self.ask("POST", f"/setup/{slug}", csrf_token=token[1] if token else "", **values)
        self.ask("GET", "/connection-tests")
        page = self.ask("GET", "/finish")
        file = re.search(r'href="(/finish/[^"]+)"', page)
        if file is None:
            raise SystemExit("the last page offers no file")
        self.ask("GET", file[1])
        self._walked.journeys += 1


@contextmanager
def alone() -> Iterator[list[Served]]:
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as served:
        yield [served]


@contextmanager
def two() -> Iterator[list[Served]]:
    """Two web processes that share a database and a queue."""
    programs = binaries()
    assert programs is not None
    with ExitStack() as stack:
        redis = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.enter_context(redis.running())
        folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = PostgresServer(folder, programs)
        stack.enter_context(postgres.running())
        url = stack.enter_context(postgres.database())
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield [
            stack.enter_context(serve(data / name, WEBAPP_REDIS_URL=redis.url, WEBAPP_DATABASE_URL=url))
            for name in ("a", "b")
        ]


def measure(servers: list[Served]) -> tuple[Walked, float, float]:
    """Let everybody walk; return what they met, the seconds it took, and the processor's seconds."""
    walked, before, began = Walked(), sum(served.cpu_seconds() for served in servers), time.monotonic()

    def walk(number: int) -> None:
        for _ in range(JOURNEYS):
            Person(servers[number % len(servers)].port, walked).walk()

    threads = [threading.Thread(target=walk, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return walked, time.monotonic() - began, sum(served.cpu_seconds() for served in servers) - before


def report(name: str, rounds: list[tuple[Walked, float, float]]) -> bool:
    """Print the best round, and whether everybody arrived."""
    rate = max(len(walked.seconds) / lasted for walked, lasted, _ in rounds)
    cuts = [statistics.quantiles(walked.seconds, n=100) for walked, _, _ in rounds]
    cpu = min(1000 * used / max(walked.journeys, 1) for walked, _, used in rounds)
    first = rounds[0][0]
    say(
        f"{name:34} {len(first.seconds) // max(first.journeys, 1)} requests a journey   {rate:6.0f} requests/s   "
        f"p50 {1000 * min(cut[49] for cut in cuts):6.1f} ms   p99 {1000 * min(cut[98] for cut in cuts):6.1f} ms   "
        f"processor {cpu:5.1f} ms a journey"
    )
    return all(walked.journeys == PEOPLE * JOURNEYS for walked, _, _ in rounds)


def weigh() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data_dir=Path(folder), secret_key="a key of the bench, " * 2)
        db.upgrade(config)
        app = create_app(config)
        browser = FlaskClient(app, use_cookies=False)
        sizes = sorted(((first_visit(browser, path), path) for path in public_pages(app)), reverse=True)
        db.dispose()
    say(f"\nFirst visit, bytes on the wire; at most {FIRST_VISIT_BYTES_MAX}")
    for size, path in sizes:
        say(f"{size:7}  {path}")
    return sizes[0][0] <= FIRST_VISIT_BYTES_MAX


def main() -> int:
    """Print what a journey and a visit cost; 1 where somebody did not arrive, or a page is too heavy."""
    kept = True
    for name, way in (("one process, SQLite", alone), ("two processes, PostgreSQL and Redis", two)):
        if way is two and (binaries() is None or shutil.which("redis-server") is None):
            say("SKIPPED: two processes need PostgreSQL and Redis.")
            continue
        with way() as servers:
            measure(servers)  # templates and statements are compiled when first used
            kept &= report(name, [measure(servers) for _ in range(ROUNDS)])
    return 0 if weigh() and kept else 1


if __name__ == "__main__":
    sys.exit(main())
