"""Who handles a domain's mail, asked of a name server on this computer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from flask import Flask

from tests.support.client import PageLintingClient
from tests.web.wizard.walk import answer, follow
from webapp.infrastructure.config import MX_LOOKUP_SECONDS
from webapp.web.wizard import mx

RECORDS = {
    "gmx-customer.example.": ["10 mx00.emig.gmx.net.", "20 mx01.emig.gmx.net."],
    "firm.example.": ["20 backup.nobody.example.", "10 firm-example.mail.protection.outlook.com."],
    "unheard.example.": ["10 mx.unheard.example."],
}


class NameServer:
    """Answers MX questions from RECORDS; `silent.example` gets no answer at all."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.asked: list[str] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(4096)
            if data == b"stop":
                return
            question = dns.message.from_wire(data)
            name = question.question[0].name.to_text()
            self.asked.append(name)
            if name == "silent.example.":
                continue
            reply = dns.message.make_response(question)
            if name in RECORDS:
                reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", "MX", RECORDS[name]))
            else:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(reply.to_wire(), sender)

    def stop(self) -> None:
        self.socket.sendto(b"stop", self.socket.getsockname())
        self.thread.join(60)
        self.socket.close()


@pytest.fixture
def server(app: Flask) -> Iterator[NameServer]:
    made = NameServer()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = made.socket.getsockname()[1]
    app.extensions[mx.RESOLVER_KEY] = resolver
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("domain", "handler"),
    [("gmx-customer.example", "GMX"), ("firm.example", "Microsoft"), ("unheard.example", None), ("none.example", None)],
)
def test_names_who_handles_the_mail(app: Flask, server: NameServer, domain: str, handler: str | None) -> None:
    with app.app_context():
        assert mx.handler_of(domain) == handler


def test_gives_up_in_time_where_nobody_answers(app: Flask, server: NameServer) -> None:
    start = time.monotonic()
    with app.app_context():
        assert mx.handler_of("silent.example") is None
    assert time.monotonic() - start < MX_LOOKUP_SECONDS + 3


def test_asks_nobody_while_too_many_wait(app: Flask, server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx, "_places", threading.BoundedSemaphore(1))
    with app.app_context(), mx._places:
        assert mx.handler_of("firm.example") is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("host", "name"),
    [("mx01.emig.gmx.net.", "GMX"), ("MX0.GMX.COM", "mail.com"), ("aspmx.l.google.com.", "Google"),
     ("notgmx.net.", None), ("emig.gmx.net.evil.example.", None)],
)  # fmt: skip
def test_takes_the_end_of_the_name_only(host: str, name: str | None) -> None:
    assert mx.named(host) == name


def test_says_kindly_who_handles_the_mail(client: PageLintingClient, server: NameServer) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@firm.example"}))
    assert "gehen an Microsoft" in page.text
    client.get("/setup/address")
    assert server.asked == ["firm.example."]  # the reload asks nobody


def test_a_domain_that_gmx_serves_leads_on(client: PageLintingClient, server: NameServer) -> None:
    page = follow(client, answer(client, "address", {"email_address": "anna@gmx-customer.example"}))
    assert "Ist das ein Postfach bei GMX?" in page.text
    page = follow(client, client.submit(page))
    assert page.request.path == "/setup/platform"
    assert "www.gmx.net" in page.text
    assert client.submit(page, {"provider": "gmx.net"}).headers["Location"] == "/setup/program"


@pytest.mark.parametrize("address", ["anna@gmx.de", "anna@turboprinz.de", "anna@web.de", "anna@gmx.d", "anna@gmx.com"])
def test_asks_nobody_about_domains_that_we_know(client: PageLintingClient, server: NameServer, address: str) -> None:
    answer(client, "address", {"email_address": address})
    assert server.asked == []
