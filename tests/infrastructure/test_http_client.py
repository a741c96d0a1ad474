"""Requests to servers of others end in time, whatever the other side does."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.receiver import Receiver, dripping, receiver
from webapp.core.probe import tls_context
from webapp.infrastructure import http_client
from webapp.infrastructure.http_client import Answer, Problem, RequestError

ENDLESS = {
    "head": b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 10_000,
    "content": b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 10_000,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 10_000,
    "nothing": b"",
}


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def problem_with(url: str, ca_file: Path | None = None, **values: Any) -> Problem:
    with pytest.raises(RequestError) as refused:
        http_client.request("GET", url, ca_file, **({"seconds": 10.0} | values))
    return refused.value.problem


def test_returns_any_answer_and_says_who_asks(server: Receiver) -> None:
    server.answers = lambda _: (418, {"tea": True})
    answer = http_client.request("PATCH", f"{server.url}/pot", None, seconds=10, json={"sugar": 2})
    assert (answer.status, answer.json, answer.headers["content-type"]) == (418, {"tea": True}, "application/json")
    (got,) = server.requests
    assert (got.method, got.json) == ("PATCH", {"sugar": 2})
    assert got.headers["user-agent"].startswith("gmx-pop-wizard/")
    assert Answer(200, {}, b"{").json is None
    assert Answer(200, {}, b"\xff\xfe").json is None


@pytest.mark.parametrize("content", ENDLESS.values(), ids=ENDLESS)
def test_a_deadline_ends_an_answer_that_comes_drop_by_drop(content: bytes) -> None:
    began = time.monotonic()
    with dripping(content, 0.02) as (url, _):
        assert problem_with(url, seconds=1.5) is Problem.LATE
    assert time.monotonic() - began < 20


def test_a_head_that_is_cut_short_is_no_answer_though_its_content_is_not_wanted() -> None:
    with dripping(ENDLESS["head"], 0.02) as (url, _):
        assert problem_with(url, seconds=1.5, content=False) is Problem.LATE


def test_a_deadline_ends_an_encrypted_answer_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    stopped = threading.Event()

    def drip(listener: socket.socket) -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
            connection.recv(65_536)
            for octet in ENDLESS["content"]:
                if stopped.wait(0.05):
                    break
                try:
                    connection.sendall(bytes([octet]))
                except OSError:
                    break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        began = time.monotonic()
        url = f"https://localhost:{listener.getsockname()[1]}/"
        assert problem_with(url, tmp_path / "ca.pem", seconds=0.8) is Problem.LATE
        assert time.monotonic() - began < 20
        stopped.set()
        thread.join()


def test_an_answer_whose_content_is_not_wanted_counts_from_its_head_on() -> None:
    with dripping(b"HTTP/1.1 204 OK\r\n\r\n" + b"a" * 10_000, 0.01) as (url, _):
        assert http_client.request("POST", url, None, seconds=5, content=False, data=b"x").status == 204


def test_an_answer_that_is_too_large_is_not_read(server: Receiver) -> None:
    server.answers = lambda _: (200, b"x" * (http_client.OCTETS_MAX + 1))
    assert problem_with(server.url) is Problem.TOO_LARGE


def test_follows_no_redirect(server: Receiver) -> None:
    server.answers = lambda _: (307, {})
    assert http_client.request("POST", server.url, None, seconds=10, data=b"x").status == 307
    assert len(server.requests) == 1


def test_what_is_not_there_or_no_http_is_told_apart_from_what_is_late(server: Receiver) -> None:
    for url in ("http://127.0.0.1:9/", "http://[::1", "nonsense"):
        assert problem_with(url) is Problem.CONNECTION
    for content in (b"220 mail.example.org\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"):
        with dripping(content, 0.001) as (url, _):
            assert problem_with(url) is Problem.CONNECTION


def test_trusts_the_authority_it_is_given_and_leaves_the_context_of_mail_servers_alone(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])

    def serve(listener: socket.socket) -> None:
        for _ in range(3):
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        assert problem_with(f"https://localhost:{port}/") is Problem.TLS
        answer = http_client.request("GET", f"https://localhost:{port}/", tmp_path / "ca.pem", seconds=10)
        assert json.loads(answer.content) == {}
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            tls_context(tmp_path / "ca.pem").wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            assert connection.selected_alpn_protocol() is None
            connection.sendall(b"QUIT\r\n\r\n")
        thread.join()
