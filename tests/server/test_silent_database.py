"""The site while its PostgreSQL says nothing, and afterwards."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.postgres_server import PostgresServer
from tests.support.serving import Served, serving
from tests.support.waiting import wait_until
from tests.support.wire import Wire, wire

pytestmark = pytest.mark.peers

SOCKET = ".s.PGSQL.5432"
SILENCE = 12  # seconds
SECONDS = 10.0  # until everything is answered: shorter than the silence, longer than a busy machine takes


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterator[Wire]:
    with wire(postgres_server.folder / SOCKET) as made:
        yield made


@pytest.fixture
def database(postgres_url: str, line: Wire) -> str:
    """Return the URL of a database at the end of `line`."""
    return url_of(postgres_url, line.port)


def url_of(postgres_url: str, port: int) -> str:
    return f"postgresql+psycopg://wizard@127.0.0.1:{port}{urlsplit(postgres_url).path}?sslmode=disable"


class Visitors:
    """Who asks for pages, and how long each waited: (path, status, seconds)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[tuple[str, int, float]] = []
        self._threads: list[threading.Thread] = []

    def ask(self, path: str) -> None:
        def asking() -> None:
            began = time.monotonic()
            try:
                status = requests.get(self.url + path, timeout=60).status_code
            except requests.RequestException:
                status = 0
            self.answers.append((path, status, time.monotonic() - began))

        self._threads.append(threading.Thread(target=asking, daemon=True))
        self._threads[-1].start()

    def answered(self, path: str) -> set[int]:
        return {status for asked, status, _ in self.answers if asked == path}

    def slowest(self) -> float:
        return max(seconds for _, _, seconds in self.answers)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()


@contextmanager
def silent(line: Wire) -> Iterator[None]:
    line.fall_silent()
    try:
        yield
    finally:
        line.speak()


def a_page_of_the_database(served: Served, language: str = "de") -> requests.Response:
    return requests.get(f"{served.url}/status?lang={language}", timeout=60)


def test_a_silent_database_holds_up_nobody_and_is_over_when_it_speaks(
    tmp_path: Path, database: str, line: Wire
) -> None:
    with serving(tmp_path / "data", WEBAPP_DATABASE_URL=database) as served:
        assert a_page_of_the_database(served).status_code == 200
        visitors = Visitors(served.url)
        with silent(line):
            for second in range(SILENCE):
                for path in ("/", "/setup/address", "/healthz", *(("/readyz", "/status") if second % 4 == 0 else ())):
                    visitors.ask(path)
                time.sleep(1)
            visitors.wait()
            for language, words in (("de", "Gerade nicht erreichbar"), ("en", "Not available at the moment")):
                answer = a_page_of_the_database(served, language)
                assert (answer.status_code, words in answer.text) == (503, True)
        assert visitors.answered("/") == visitors.answered("/setup/address") == visitors.answered("/healthz") == {200}
        assert visitors.answered("/readyz") == visitors.answered("/status") == {503}
        assert visitors.slowest() < SECONDS
        wait_until(lambda: a_page_of_the_database(served).status_code == 200, SECONDS)
        assert "Traceback" not in served.errors
        assert served.stop() == 0


def test_a_crowd_that_meets_a_silent_database_is_answered(tmp_path: Path, database: str, line: Wire) -> None:
    """More than there are threads, each on a page that asks the database."""
    with serving(tmp_path / "data", WEBAPP_DATABASE_URL=database) as served:
        everybody = Visitors(served.url)
        for _ in range(40):  # as many connections are open as may be
            everybody.ask("/status")
        everybody.wait()
        visitors = Visitors(served.url)
        with silent(line):
            for _ in range(100):
                visitors.ask("/status")
            time.sleep(1)
            visitors.ask("/healthz")
            visitors.wait()
        assert visitors.answered("/status") == {503}
        assert visitors.answered("/healthz") == {200}
        assert visitors.slowest() < SECONDS
        assert served.stop() == 0


def test_a_database_that_comes_late_is_waited_for(
    tmp_path: Path, postgres_url: str, postgres_server: PostgresServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    late = url_of(postgres_url, port)
    with ExitStack() as stack:

        def come() -> None:
            wait_until(lambda: any("waiting for" in log.read_text() for log in tmp_path.glob("*.log")))
            stack.enter_context(wire(postgres_server.folder / SOCKET, port))

        coming = threading.Thread(target=come)
        coming.start()
        with serving(tmp_path / "data", WEBAPP_DATABASE_URL=late) as served:
            coming.join()
            assert a_page_of_the_database(served).status_code == 200
            assert served.errors.count("waiting for the database: connection failed") == 1
            assert served.stop() == 0


def test_a_database_that_there_is_not_is_a_wrong_setting(tmp_path: Path, database: str) -> None:
    with serving(tmp_path / "data", WEBAPP_DATABASE_URL=database.replace("/test_", "/no_")) as served:
        assert served.process.wait(timeout=30) == 1
    assert "InputError: WEBAPP_DATABASE_URL: the database cannot be used." in served.errors
    assert "waiting" not in served.errors


def test_a_database_that_is_away_is_told_and_comes_back(tmp_path: Path, database: str, line: Wire) -> None:
    with serving(tmp_path / "data", WEBAPP_DATABASE_URL=database) as served:
        line.cut()
        assert a_page_of_the_database(served).status_code == 503
        assert requests.get(f"{served.url}/setup/address", timeout=60).status_code == 200
        assert "Traceback" not in served.errors
