"""The end of a server, and the next one on the same socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.support.proofs import sampled
from tests.support.serving import CALL, HANDED_OVER, PAGE, SERVE, START, Served, handed_over, serving
from tests.support.waiting import wait_until

# What the tests in this process would do: they end when the file is there, and then a page fetches how they ended.
BUSY = START + (
    "import pathlib, time, webapp.server as s; real = s.stop_jobs; go = pathlib.Path({go!r}); s.SHOW_SECONDS = 1\n"
    "def stop_jobs(app):\n"
    "    real(app)\n"
    "    while not go.exists(): time.sleep(0.02)\n"
    "    return time.monotonic()\n"
    "s.stop_jobs = stop_jobs\n"
) + CALL  # fmt: skip


def is_refused(served: Served) -> bool:
    """Whether nothing new is accepted."""
    try:
        served.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Let servers inherit what a terminal gives them, also where the tests run under nohup or in the background."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGHUP, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "times"),
    sampled(
        [(signal.SIGTERM, 1), (signal.SIGTERM, 3), (signal.SIGINT, 2), (signal.SIGHUP, 1)],
        [(signal.SIGTERM, 3), (signal.SIGHUP, 1)].__contains__,
    ),
)
def test_answers_what_was_asked_before_it_stops(
    data_dir: Path, tmp_path: Path, number: signal.Signals, times: int
) -> None:
    gate = tmp_path / "gate"  # a pipe that the page reads to its end: open for writing, it holds the page up
    os.mkfifo(gate)
    program = PAGE.replace("{content}", f"open({str(gate)!r}).read() or 'done'")
    with serving(data_dir, program=program) as served, served.connect() as connection:
        connection.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with gate.open("w"):  # opens when the page reads
            for _ in range(times):
                served.process.send_signal(number)
                time.sleep(0.1)
            wait_until(lambda: is_refused(served), 60)
            with pytest.raises(subprocess.TimeoutExpired):
                served.process.wait(4)  # longer than lines are waited for that say nothing
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b"\r\nConnection: close\r\n" in answer
        assert answer.endswith(b"done")
        assert served.process.wait(timeout=60) == 0


@pytest.mark.parametrize("number", sampled([signal.SIGTERM, signal.SIGHUP], signal.SIGTERM.__eq__))
def test_ends_soon_where_nothing_is_to_be_done(data_dir: Path, number: signal.Signals) -> None:
    with serving(data_dir) as served, ExitStack() as stack:
        for beginning in (b"", b"GET / HT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            for _ in range(20):
                stack.enter_context(served.connect()).sendall(beginning)
        requests.get(f"{served.url}/healthz", timeout=60)
        assert served.stop(number) == 0  # within its time, though sixty connections stand
    assert "Traceback" not in served.errors


def test_a_server_that_nohup_started_outlives_the_terminal(data_dir: Path) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    with serving(data_dir) as served:
        served.process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            served.process.wait(2)
        assert requests.get(f"{served.url}/healthz", timeout=60).status_code == 200
        assert served.stop() == 0


def test_pages_are_answered_while_tests_end_and_for_a_moment_after(data_dir: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    with serving(data_dir, program=BUSY.format(go=str(go))) as served:
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        for _ in range(3):
            served.process.send_signal(signal.SIGTERM)  # once more shortens nothing
            assert requests.get(f"{served.url}/setup/address", timeout=60).status_code == 200
        go.touch()
        time.sleep(0.5)
        assert requests.get(f"{served.url}/healthz", timeout=60).status_code == 200
        assert served.process.wait(timeout=60) == 0


def test_work_that_does_not_end_is_cut_off_at_the_limit(data_dir: Path, tmp_path: Path) -> None:
    program = BUSY.format(go=str(tmp_path / "never")).replace(
        CALL, f"import webapp.server.running as r; r.STOP_SECONDS = 2; {CALL}"
    )
    with serving(data_dir, program=program) as served:
        began = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - began >= 2


def test_a_signal_right_behind_the_greeting_ends_it_in_order(data_dir: Path) -> None:
    program = START + (
        "import os, signal, webapp.server as s; real = s._greeting\n"
        "def greet(*given):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return real(*given)\n"
        "s._greeting = greet\n"
    ) + CALL  # fmt: skip
    with serving(data_dir, program=program) as served:
        assert served.process.wait(timeout=60) == 0


# A socket that outlives the server


@dataclass
class Crowd:
    """Clients who each ask on a connection of their own, again and again."""

    answered: int = 0
    failed: list[str] = field(default_factory=list)


@contextmanager
def crowd(port: int, *, refused_is_fine: bool = False) -> Iterator[Crowd]:
    found, stopped = Crowd(), threading.Event()

    def ask() -> None:
        while not stopped.is_set():
            connected = False
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
                    connected = True
                    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    answer = b"".join(iter(lambda: connection.recv(4096), b""))
                assert answer.endswith(b"ok\n"), answer
                found.answered += 1
            except (OSError, AssertionError) as error:
                if connected or not refused_is_fine:
                    found.failed.append(repr(error))
            time.sleep(0.05)  # a crowd asks often, and leaves the servers a processor

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


@pytest.mark.timeout(300)
def test_a_restart_on_a_socket_that_is_handed_over_refuses_nobody(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener, ExitStack() as stack:
        port = listener.getsockname()[1]
        served = stack.enter_context(handed_over(data_dir, listener))
        assert served.url == f"http://127.0.0.1:{port}"
        people = stack.enter_context(crowd(port))
        for _ in range(2):
            before = people.answered
            wait_until(lambda before=before: people.answered > before + 20, 60)
            assert served.stop() == 0
            served = stack.enter_context(handed_over(data_dir, listener))
        before = people.answered
        wait_until(lambda: people.answered > before + 20, 60)
        assert not people.failed


def test_whoever_was_let_in_is_answered_when_the_server_ends(data_dir: Path) -> None:
    with serving(data_dir) as served, crowd(served.port, refused_is_fine=True) as people:
        wait_until(lambda: people.answered > 20, 60)
        assert served.stop() == 0
    assert people.answered
    assert not people.failed


@pytest.mark.parametrize("count", ["2", "0"])
def test_something_else_than_one_socket_is_refused_with_a_sentence(data_dir: Path, count: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        with serving(data_dir, str(number), program=HANDED_OVER.format(count=count), inherited=(number,)) as served:
            assert served.process.wait(timeout=60) == 1
    assert "InputError: The server was given something else than one TCP socket" in served.errors


def test_a_socket_for_another_process_is_not_taken(data_dir: Path) -> None:
    with serving(data_dir, program=SERVE, LISTEN_FDS="1", LISTEN_PID="1") as served:
        assert requests.get(f"{served.url}/healthz", timeout=60).status_code == 200
        assert served.stop() == 0
