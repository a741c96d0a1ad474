"""Who gets reports: the signed webhook and Zammad, in time; and what administrators see of those that do not arrive."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.helpdesk.conftest import answer, join, open_case, post
from tests.support.client import PageLintingClient
from tests.support.receiver import Receiver, dripping, receiver
from tests.support.waiting import wait_until
from webapp.helpdesk import purging, recipients
from webapp.infrastructure import background, db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Delivery

SECRET = "a webhook secret that is only for tests"
ZAMMAD: dict[str, Any] = {
    "ticket_system": "zammad", "ticket_token": "token-4711", "ticket_customer": "kunde@example.org",
    "ticket_queue": "Technik",
}  # fmt: skip
REPORT: dict[str, Any] = {
    "version": 1,
    "type": "case.closed",
    "title": "GMX-Einrichtung, Fall ABCD1234",
    "case": {"reference": "ABCD1234", "ticket": "#4711"},
    "notes": [],
    "text": "Zeile eins\n- <b>kein</b> Markup: äöü",
}


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def config(config: Config, server: Receiver, request: pytest.FixtureRequest) -> Config:
    """Settings that lead to the server: a webhook, or the ticket system that the test names."""
    if getattr(request, "param", "") != "zammad":
        return replace(config, webhook_url=f"{server.url}/hook", webhook_secret=SECRET)
    return replace(config, ticket_url=server.url, **ZAMMAD)


def enqueue(app: Flask, report: dict[str, Any] | None = None) -> None:
    with app.app_context(), db.begin() as session:
        recipients.enqueue(session, "ABCD1234", report or REPORT)


def deliver(app: Flask) -> None:
    """Do what the timer does."""
    outbox.wake(app)
    background.of(app).look()
    background.of(app).wait(30)


def deliveries(app: Flask) -> list[Delivery]:
    with app.app_context(), db.read() as session:
        return list(session.scalars(select(Delivery)))


# What did not arrive


def test_a_dead_letter_is_sent_again_by_an_administrator(
    app: Flask, server: Receiver, admin: PageLintingClient
) -> None:
    server.answers = lambda _: (404, {})
    enqueue(app)
    deliver(app)
    page = admin.get("/helpdesk/reports")
    assert "HTTP 404" in page.text
    row = deliveries(app)[0]
    server.answers = lambda _: (200, {})
    assert post(admin, f"/helpdesk/reports/{row.id}/again", page="/helpdesk").status_code == 303
    deliver(app)
    assert deliveries(app)[0].state == "delivered"


def test_dead_letters_are_deleted_by_time(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (404, {})
    enqueue(app)
    deliver(app)
    with app.app_context():
        assert purging.purge(app.extensions["config"], datetime.now(UTC) + timedelta(hours=25))["reports"] == 1
    assert not deliveries(app)


def test_what_the_operator_was_not_told_is_listed_and_sent_again_too(
    app: Flask, config: Config, server: Receiver, admin: PageLintingClient
) -> None:
    app.extensions["config"] = replace(config, operator_webhook=f"{server.url}/watch", operator_webhook_secret=SECRET)
    server.answers = lambda _: (404, {})
    with app.app_context(), db.begin() as session:
        outbox.tell_operator(session, "breaker", {"provider": "gmx.net"})
    deliver(app)
    assert "operator" in admin.get("/helpdesk/reports").text
    server.answers = lambda _: (200, {})
    post(admin, f"/helpdesk/reports/{deliveries(app)[0].id}/again", page="/helpdesk")
    deliver(app)
    assert [got.json["event"] for got in server.requests] == ["breaker"] * 2
    assert [row.state for row in deliveries(app)] == ["delivered"]


# The report


def test_closing_sends_what_happened_in_words_of_the_vocabulary(
    app: Flask, server: Receiver, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent, "#4711")
    join(person, code)
    answer(person, "address", email_address="anna.beispiel@gmx.de", name="Anna Geheim")
    answer(person, "program", program="apple-mail:iphone")
    post(agent, f"/helpdesk/cases/{reference}/note", {"text": "=SUM(A1) <b>Notiz</b>"}, page="/helpdesk")
    post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "not-solved"}, page="/helpdesk")
    deliver(app)
    report = server.requests[0].json
    assert report["case"] | {"created_at": "", "joined_at": "", "closed_at": ""} == {
        "reference": reference, "ticket": "#4711", "agent": "Vera", "created_at": "", "joined_at": "", "closed_at": "",
        "outcome": "not-solved", "program": "apple-mail", "device": "iphone", "last_step": "program", "tests": [],
        "files": [],
    }  # fmt: skip
    assert report["notes"][0]["text"] == "=SUM(A1) <b>Notiz</b>"
    for secret in ("beispiel", "Geheim", "@gmx.de"):
        assert secret not in json.dumps(report, ensure_ascii=False)


def test_the_report_of_a_closed_case_leaves_at_once(
    app: Flask, server: Receiver, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent, "#4711")
    join(person, code)
    background.start(app)
    try:
        wait_until(lambda: not background.of(app)._running)  # the first look is over: the next one is far away
        post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "solved"}, page="/helpdesk")
        began = time.monotonic()
        assert server.arrived.wait(60)
        assert time.monotonic() - began < 10  # the next look is later
    finally:
        background.stop(app)


# Zammad


@pytest.mark.parametrize("config", ["zammad"], indirect=True)
def test_zammad_gets_an_internal_note_on_the_ticket_with_that_number(app: Flask, server: Receiver) -> None:
    server.answers = lambda got: (200, [{"id": 17, "number": "4711"}]) if got.method == "GET" else (201, {"id": 1})
    enqueue(app)
    deliver(app)
    search, note = server.requests
    assert search.path == "/api/v1/tickets/search"
    assert search.query["query"] == ['number:"4711"']
    assert note.headers["authorization"] == "Token token=token-4711"
    assert note.path == "/api/v1/ticket_articles"
    assert note.json == {
        "ticket_id": 17, "subject": REPORT["title"], "body": REPORT["text"], "content_type": "text/plain",
        "type": "note", "internal": True,
    }  # fmt: skip


@pytest.mark.parametrize("config", ["zammad"], indirect=True)
@pytest.mark.parametrize("found", [[], [{"id": 3, "number": "47110"}], {"error": "x"}, [None]])
def test_zammad_makes_a_ticket_where_none_has_the_number(app: Flask, server: Receiver, found: Any) -> None:
    server.answers = lambda got: (200, found) if got.method == "GET" else (201, {"id": 1})
    enqueue(app)
    deliver(app)
    made = server.requests[-1]
    assert made.path == "/api/v1/tickets"
    assert made.json["title"] == REPORT["title"]
    assert (made.json["group"], made.json["customer"]) == ("Technik", "kunde@example.org")
    assert made.json["article"]["internal"] is True


@pytest.mark.parametrize("config", ["zammad"], indirect=True)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[1,2", b"null", b'"text"', b"\xff\xfe", b"{}" + b" " * 100_000])
def test_a_strange_answer_breaks_nothing(app: Flask, server: Receiver, body: bytes) -> None:
    server.answers = lambda _: (200, body)
    enqueue(app)
    deliver(app)
    assert deliveries(app)[0].state == "delivered"
    assert [got.path for got in server.requests] == ["/api/v1/tickets/search", "/api/v1/tickets"]


@pytest.mark.proof
def test_a_receiver_that_drips_holds_up_no_ticket_system(
    app: Flask, config: Config, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SECONDS", 15.0)
    server.answers = lambda got: (200, []) if got.method == "GET" else (201, {"id": 1})
    with dripping(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000, 0.5) as (url, asked):
        app.extensions["config"] = replace(config, webhook_url=url, ticket_url=server.url, **ZAMMAD)
        background.start(app)
        for _ in range(2):
            enqueue(app)
        outbox.wake(app)
        assert asked.wait(60)
        wait_until(lambda: [got.path for got in server.requests if got.method == "POST"] == ["/api/v1/tickets"] * 2, 14)
        waiting = {row.id for row in deliveries(app) if row.target == "webhook"}
        wait_until(lambda: {r.problem for r in deliveries(app) if r.id in waiting} == {"no answer in time"}, 60)
        background.stop(app)
    assert {(row.target, row.state, row.tries) for row in deliveries(app)} == {
        ("webhook", "pending", 1), ("zammad", "delivered", 1),
    }  # fmt: skip
    assert len(server.requests) == 4
