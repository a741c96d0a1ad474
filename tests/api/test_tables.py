"""Tables of people hold up nobody: they are bounded, few at a time, and end when nobody waits for them."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.test_calls import API, problem
from tests.support.serving import Served, serving
from tests.support.waiting import wait_until
from webapp.api import exports, keys
from webapp.api.problems import Kind
from webapp.infrastructure import db, slow
from webapp.infrastructure.config import TABLE_CODES_MAX, TABLE_ROWS_MAX, Config, Scope

CODES = "address,client,format\n" + "anna@gmx.de,thunderbird-android,qr-png\n" * TABLE_CODES_MAX  # seconds of work
SMALL = "address,client\nanna@gmx.de,outlook\n"


@pytest.fixture
def headers(config: Config) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.add(config, 'bulk', frozenset({Scope.BULK}), 600)}"}


def give(client: FlaskClient, table: str, headers: dict[str, str]) -> TestResponse:
    return client.post(f"{API}/exports", data=table, content_type="text/csv", headers=headers)


def test_more_rows_than_can_be_made_are_refused_before_the_work(client: FlaskClient, headers: dict[str, str]) -> None:
    for table, words in (
        ("address,client\n" + "a@gmx.de,outlook\n" * (TABLE_ROWS_MAX + 1), "mehr als 10000 Zeilen"),
        (CODES + "a@gmx.de,thunderbird-android,QR-SVG\n", "mehr als 300 Zeilen"),
    ):
        before = time.process_time()
        shape = problem(give(client, table, headers), Kind.INVALID_INPUT)
        assert words in str(shape["detail"])
        assert time.process_time() - before < 3


def test_who_comes_while_two_tables_are_made_is_told_to_come_again(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(slow.tables.turn())
        answer = give(client, SMALL, headers)
        problem(answer, Kind.TOO_MANY_REQUESTS)
        assert answer.headers["Retry-After"] == str(exports.TABLES_AGAIN_SECONDS)
    assert give(client, SMALL, headers).status_code == 200
    problem(give(client, "nonsense", headers), Kind.INVALID_INPUT)  # gives its turn back, too
    with slow.tables.turn(), slow.tables.turn():
        pass


def test_a_table_ends_at_its_deadline(
    client: FlaskClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "TABLE_SECONDS", 0)
    assert "zu lange" in str(problem(give(client, SMALL, headers), Kind.UNAVAILABLE)["detail"])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    config = Config(data_dir=tmp_path / "data")
    db.upgrade(config)
    token = keys.add(config, "bulk", frozenset({Scope.BULK}), 10_000)
    db.dispose()
    with serving(config.data_dir) as served:
        yield served, token


def request_of(token: str, table: str) -> bytes:
    head = (
        f"POST {API}/exports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: text/csv\r\n"
        f"Content-Length: {len(table)}\r\n\r\n"
    )
    return (head + table).encode()


def test_a_table_whose_client_has_hung_up_is_given_up(site: tuple[Served, str]) -> None:
    served, token = site

    def ask() -> int:
        return requests.post(
            f"{served.url}{API}/exports", data=SMALL, timeout=30,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "text/csv"},
        ).status_code  # fmt: skip

    with ExitStack() as stack:
        waiting = [stack.enter_context(served.connect()) for _ in range(3)]
        for connection in waiting:
            connection.sendall(request_of(token, CODES))
        (refused,), _, _ = select.select(waiting, [], [], 10)  # both turns are taken
        assert refused.recv(100).startswith(b"HTTP/1.1 429 ")
    began = time.monotonic()
    wait_until(lambda: ask() == 200, 30, "a turn is free")
    assert time.monotonic() - began < 8, "two whole tables take longer"


def test_many_tables_at_once_keep_nobody_else_waiting(site: tuple[Served, str]) -> None:
    served, token = site
    with ExitStack() as stack:
        for _ in range(34):
            connection = stack.enter_context(served.connect())
            connection.sendall(request_of(token, CODES))
        with ThreadPoolExecutor(4) as pool:
            times = list(pool.map(lambda _: requests.get(f"{served.url}/healthz", timeout=30).elapsed, range(8)))
    assert max(times).total_seconds() < 3
