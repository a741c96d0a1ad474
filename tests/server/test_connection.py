"""What is no request, what comes slowly, and what is large: none of it holds up anybody else, or is written down."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.support.proofs import sampled
from tests.support.serving import CALL, PAGE, SERVE, Served, serving
from webapp.infrastructure import security
from webapp.infrastructure.config import TABLE_BYTES_MAX, WEB_THREADS, Config

HEALTHZ = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
LAST = HEALTHZ + "Connection: close\r\n\r\n"
POST = "POST /reports HTTP/1.1\r\nHost: localhost\r\n"
OTHERS_MAX = 1.0  # seconds that somebody else waits for an answer


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests that change nothing about it: it outlives each of them."""
    with serving(tmp_path_factory.mktemp("served") / "data") as server:
        yield server
        assert server.stop() == 0
        assert "Traceback" not in server.errors


def with_setting(name: str, value: object) -> str:
    return SERVE.replace(CALL, f"import webapp.server.running, webapp.server.connection as c; {name} = {value}; {CALL}")


def waited(served: Served) -> float:
    """Return how long somebody else waits for an answer, the longest of several times."""
    longest = 0.0
    for _ in range(5):
        began = time.monotonic()
        assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200
        longest = max(longest, time.monotonic() - began)
    return longest


def bound(served: Served) -> float:
    """Return how long others may wait: a second, more where this machine has much else to do."""
    return max(OTHERS_MAX, 3 * waited(served))


# Slow and lingering clients


def test_who_does_not_hang_up_holds_up_nobody(served: Served) -> None:
    most = bound(served)
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(served.connect()).sendall(LAST.encode())  # reads nothing, and stays
        assert waited(served) < most


@pytest.mark.parametrize(
    "beginning",
    sampled(
        [
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
            b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        ],
        lambda beginning: beginning.startswith(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow"),
    ),
    ids=["head", "body", "unread body"],
)
def test_requests_that_come_drop_by_drop_hold_no_thread_and_are_ended(tmp_path: Path, beginning: bytes) -> None:
    program = with_setting("c.REQUEST_SECONDS", 2)
    with serving(tmp_path / "data", program=program) as served, ExitStack() as stack:
        most = bound(served)
        slow = [stack.enter_context(served.connect()) for _ in range(2 * WEB_THREADS)]
        stopped = threading.Event()

        def drip() -> None:
            for line in slow:
                line.sendall(beginning)
            while not stopped.wait(0.2):
                for line in slow:
                    with suppress(OSError):
                        line.sendall(b"1")

        dripping = threading.Thread(target=drip)
        dripping.start()
        stack.callback(dripping.join)
        stack.callback(stopped.set)
        assert waited(served) < most
        for line in slow:
            with suppress(ConnectionError):
                assert line.recv(4096).startswith(b"HTTP/1.")
                while line.recv(4096):
                    pass


def test_a_line_without_a_word_is_ended(tmp_path: Path) -> None:
    program = with_setting("webapp.server.running.IDLE_SECONDS", 1)
    with serving(tmp_path / "data", program=program) as served, served.connect() as silent:
        assert silent.recv(1) == b""


def test_answers_that_nobody_takes_hold_no_thread(tmp_path: Path) -> None:
    program = PAGE.replace("{content}", "'x' * 4_000_000")
    with serving(tmp_path / "data", program=program) as served, ExitStack() as stack:
        most = bound(served)
        for _ in range(WEB_THREADS + 1):
            line = stack.enter_context(socket.socket())
            line.settimeout(30)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", served.port))
            line.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert line.recv(15) == b"HTTP/1.1 200 OK"  # and no more of it
        assert waited(served) < most


# What is no request


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        ("GET / Canary HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
        ("GET /healthz\r\n\r\n", 400),
        (HEALTHZ + "X Canary: 1\r\n\r\n", 400),
        (HEALTHZ + "Cookie session=Canary\r\n\r\n", 400),
        (HEALTHZ + "X-Canary: 1\rX-Own: 2\r\n\r\n", 400),
        ("GET http://[canary HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (POST + f"Content-Length: {'0' * 5000}5\r\n\r\nabcde", 400),
        (POST + f"Content-Length: {'9' * 5000}\r\n\r\n", 400),
        (POST + "Content-Length: -5\r\n\r\n", 400),
        (POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400),
        (POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", 400),
        (POST + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        (POST.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + "Transfer-Encoding: Canary\r\n\r\n", 501),
        (POST + "Transfer-Encoding: xchunked\r\n\r\n", 501),
        (POST + f"Content-Length: {100 * TABLE_BYTES_MAX}\r\n\r\n", 413),
        (f"GET /{'canary' * 8000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (HEALTHZ + f"Cookie: {'canary=1;' * 8000}\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_refused_with_our_headers_and_without_a_word_of_it(
    served: Served, request_head: str, status: int
) -> None:
    head, _, page = served.answer(request_head).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0].split()[1] == str(status)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert {name: headers[name] for name in security.file_headers(Config())} == security.file_headers(Config())
    assert headers["Connection"] == "close"
    assert "Server" not in headers
    assert int(headers["Content-Length"]) == len(page)
    assert b"<h1>" in page
    assert f"no request: {status} " in served.errors.splitlines()[-1]
    assert "canary" not in (head + page).decode().lower() + served.errors.lower()


@pytest.mark.parametrize(
    "lines",
    [
        "GET /api/v1/exports/other?address=canary@gmx.de&name=Canary Schmidt HTTP/1.1",
        "GET /f/canarycanarycanary Canary HTTP/1.1",
        "Canary Schmidt",
        "CANARY! / HTTP/1.1\r\nHost: localhost\r\nConnection: close",
        "GET /canary/%0d%0aX:y HTTP/1.1\r\nHost: localhost\r\nConnection: close",
        "GET http://canary/ HTTP/1.1\r\nHost: canary\r\nConnection: close",
    ],
)
def test_what_cannot_be_answered_is_logged_without_a_word_of_it(served: Served, lines: str) -> None:
    assert b" 200 OK" not in served.answer(f"{lines}\r\n\r\n")
    assert "canary" not in served.errors.lower()


@pytest.mark.parametrize("path", ["/setup/address", "/api/v1/exports/other", "/autodiscover/autodiscover.xml"])
def test_a_body_that_cannot_be_read_is_refused_and_logged_without_a_word_of_it(served: Served, path: str) -> None:
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in ("Canary Schmidt\r\nx\r\n0\r\n\r\n", "3\r\nabcCanary\r\n", "3\r\nabc\r\n0\r\nCanary Schmidt\r\n\r\n"):
        request = head.replace("\r\nHost", "\r\nConnection: close\r\nHost") + body
        assert served.answer(request).startswith(b"HTTP/1.1 400 ")
    assert "canary" not in served.errors.lower()


def test_a_failure_before_flask_is_answered_with_our_headers_and_logged_without_the_path(tmp_path: Path) -> None:
    program = PAGE.replace("{content}", "''").replace("    return app\n", "    app.wsgi_app = None\n    return app\n")
    with serving(tmp_path / "data", program=program) as served:
        found = requests.get(f"{served.url}/canary", timeout=60)
        assert found.status_code == 500
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert "Bei uns ist etwas schiefgegangen" in found.text
        served.stop()
        assert "TypeError: 'NoneType' object is not callable" in served.errors
        assert "canary" not in served.errors


def test_names_with_an_underscore_are_dropped(served: Served) -> None:
    """WSGI cannot tell them from those with a hyphen: a visitor could claim any address."""
    evil = served.answer(LAST.replace("Host: localhost", "Host: localhost\r\nHo_st: x\r\nX_Forwarded_For: 192.0.2.1"))
    assert evil.startswith(b"HTTP/1.1 200 ")


def test_a_target_with_a_host_does_not_choose_the_host(served: Served) -> None:
    found = served.answer("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200 ")
    assert b"evil" not in found


# Several requests on one connection


def test_requests_sent_together_are_answered_in_their_order(served: Served) -> None:
    found = served.answer(HEALTHZ + "\r\n" + HEALTHZ.replace("healthz", "readyz") + "\r\n" + LAST)
    assert [part[:3] for part in found.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"200"]
    assert found.index(b"ok\n") < found.index(b"ready\n") < found.rindex(b"ok\n")


def test_a_connection_stays_open_where_nothing_has_changed(served: Served) -> None:
    """Those who watch a test or a case ask twice a second, and mostly hear 304."""
    path = "/mail/config-v1.1.xml?emailaddress=anna@gmx.de"
    tag = requests.get(served.url + path, timeout=60).headers["ETag"]
    with served.connect() as connection:
        for _ in range(3):
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {tag}\r\n\r\n".encode())
            head = connection.recv(4096)
            assert head.startswith(b"HTTP/1.1 304 ")
            assert head.endswith(b"\r\n\r\n")
            assert b"onnection:" not in head


@pytest.mark.parametrize("kind", ["HTTP/1.0", "HTTP/1.1\r\nConnection: close"])
def test_a_connection_ends_where_the_client_wants_that(served: Served, kind: str) -> None:
    path = "/mail/config-v1.1.xml?emailaddress=anna@gmx.de"
    tag = requests.get(served.url + path, timeout=60).headers["ETag"]
    found = served.answer(f"GET {path} {kind}\r\nHost: localhost\r\nIf-None-Match: {tag}\r\n\r\n")
    assert b" 304 " in found.partition(b"\r\n")[0]


# Large bodies


def test_no_request_and_no_answer_ever_lies_on_a_disk(tmp_path: Path) -> None:
    forbid = (
        "import tempfile\n"
        "def forbid(*_, **__): raise AssertionError('a file')\n"
        "for name in ('TemporaryFile', 'NamedTemporaryFile', 'SpooledTemporaryFile', 'mkstemp'):\n"
        "    setattr(tempfile, name, forbid)\n"
    )
    program = forbid + PAGE.replace("{content}", "'x' * 30_000_000")
    with serving(tmp_path / "data", program=program) as served:
        for body in (b"report=" + b"x" * 3 * TABLE_BYTES_MAX, [b"y" * 300_000] * 10):
            found = requests.post(
                f"{served.url}/reports", data=iter(body) if isinstance(body, list) else body, timeout=30
            )
            assert found.status_code == 413
            assert "Das war zu viel Text" in found.text  # the application's own page: it was taken in whole
        with requests.get(f"{served.url}/page", timeout=30, stream=True) as answer:
            time.sleep(0.5)  # it waits on our side meanwhile
            assert len(answer.content) == 30_000_000
        served.stop()
        assert "a file" not in served.errors


def test_only_so_many_large_bodies_are_in_memory_at_once(tmp_path: Path) -> None:
    head = POST + "Content-Length: 200000\r\nConnection: close\r\n\r\n"
    with serving(tmp_path / "data", program=with_setting("c.LARGE_BODIES_MAX", 1)) as served:
        with served.connect() as first:
            first.sendall(head.encode() + b"x" * 100_000)
            time.sleep(0.5)
            assert served.answer(head + "x" * 100_000).startswith(b"HTTP/1.1 503 ")
        time.sleep(0.5)
        assert served.answer(head + "x" * 200_000).startswith(b"HTTP/1.1 413 ")  # read whole, and too long for the page


def test_a_view_can_ask_whether_its_client_has_gone(tmp_path: Path) -> None:
    content = "gone(__import__('flask').request.environ['waitress.client_disconnected'])"
    note = tmp_path / "gone"
    program = (
        "import pathlib, time\n"
        "def gone(asked):\n"
        "    end = time.monotonic() + 20\n"
        "    while not asked() and time.monotonic() < end: time.sleep(0.02)\n"
        f"    pathlib.Path({str(note)!r}).write_text(str(asked()))\n"
        "    return ''\n"
    ) + PAGE.replace("{content}", content)
    with serving(tmp_path / "data", program=program) as served:
        with served.connect() as connection:
            connection.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.3)
        assert served.stop() == 0
    assert note.read_text() == "True"
