"""Reports on their way: the signed webhook, three ticket systems, what is tried again and what is given up."""

from __future__ import annotations

import base64
import hmac
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
from tests.helpdesk.receiver import Received, Receiver, receiver
from tests.support.client import PageLintingClient
from webapp import db
from webapp.config import Config
from webapp.helpdesk import purging, tickets
from webapp.models import Delivery

SECRET = "a webhook secret that is only for tests"
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
    system = getattr(request, "param", "")
    if not system:
        return replace(config, webhook_url=f"{server.url}/hook", webhook_secret=SECRET)
    base = {"znuny": "/znuny/nph-genericinterface.pl/Webservice/GenericTicketConnectorREST"}.get(system, "")
    return replace(
        config, ticket_system=system, ticket_url=server.url + base, ticket_token="token-4711", ticket_user="robot",
        ticket_customer="kunde@example.org", ticket_queue="Technik",
    )  # fmt: skip


def enqueue(app: Flask, report: dict[str, Any] | None = None) -> None:
    with app.app_context(), db.begin() as session:
        assert tickets.enqueue(session, "ABCD1234", report or REPORT) == 1


def deliver(app: Flask, after: timedelta = timedelta(0)) -> int:
    with app.app_context():
        return tickets.deliver_due(datetime.now(UTC) + after)


def deliveries(app: Flask) -> list[Delivery]:
    with app.app_context(), db.read() as session:
        return list(session.scalars(select(Delivery)))


# The webhook


def test_a_receiver_can_check_signature_and_time(app: Flask, server: Receiver) -> None:
    enqueue(app)
    assert deliver(app) == 1
    (got,) = server.requests
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 300
    assert got.json == REPORT
    assert "ä".encode() in got.body
    (row,) = deliveries(app)
    assert (row.state, row.report, row.tries) == ("delivered", {}, 1)


def test_waits_longer_after_each_failure_and_gives_up_at_last(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (503, {})
    enqueue(app)
    after = timedelta(0)
    for backoff in tickets.BACKOFF:
        assert deliver(app, after) == 1
        assert deliver(app, after + backoff - timedelta(seconds=5)) == 0
        after += backoff + timedelta(seconds=1)
    assert deliver(app, after) == 1
    (row,) = deliveries(app)
    assert (row.state, row.problem, row.tries) == ("dead", "HTTP 503", len(tickets.BACKOFF) + 1)
    assert deliver(app, timedelta(days=3)) == 0
    assert len({got.headers["webhook-id"] for got in server.requests}) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
def test_what_cannot_succeed_is_given_up_at_once_and_no_redirect_is_followed(
    app: Flask, server: Receiver, status: int
) -> None:
    server.answers = lambda _: (status, {})
    enqueue(app)
    deliver(app)
    (row,) = deliveries(app)
    assert (row.state, row.problem) == ("dead", f"HTTP {status}")
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_tried_again(app: Flask, config: Config) -> None:
    app.extensions["config"] = replace(config, webhook_url="http://127.0.0.1:9/hook")
    enqueue(app)
    deliver(app)
    (row,) = deliveries(app)
    assert (row.state, row.problem) == ("pending", "no connection")


def test_no_transaction_is_open_while_the_other_side_answers(app: Flask, server: Receiver) -> None:
    """The receiver writes to our database while it is being sent to: with SQLite that needs a free writer."""

    def write(_: Received) -> tuple[int, Any]:
        with app.app_context(), db.begin() as session:
            session.execute(select(Delivery))
        return 200, {}

    server.answers = write
    enqueue(app)
    deliver(app)
    assert deliveries(app)[0].state == "delivered"  # else it would wait, fail, and answer with an error


def test_two_couriers_do_not_send_the_same(app: Flask, server: Receiver) -> None:
    inner: list[int] = []
    server.answers = lambda _: (inner.append(deliver(app)), (200, {}))[1]  # type: ignore[func-returns-value]
    enqueue(app)
    assert deliver(app) == 1
    assert inner == [0]


def test_a_courier_that_died_is_replaced(app: Flask, server: Receiver) -> None:
    enqueue(app)
    with app.app_context():
        assert tickets._claim(datetime.now(UTC)) is not None
    assert deliver(app) == 0
    assert deliver(app, tickets.CLAIM + timedelta(seconds=1)) == 1


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
    assert deliver(app) == 1
    assert deliveries(app)[0].state == "delivered"


def test_dead_letters_are_deleted_by_time(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (404, {})
    enqueue(app)
    deliver(app)
    with app.app_context():
        assert purging.purge(app.extensions["config"], datetime.now(UTC) + timedelta(hours=25))["reports"] == 1
    assert not deliveries(app)


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


# The ticket systems


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


@pytest.mark.parametrize("config", ["znuny"], indirect=True)
def test_znuny_gets_a_note_and_its_password_stands_in_no_url(app: Flask, server: Receiver) -> None:
    def answers(got: Received) -> tuple[int, Any]:
        if got.path.endswith("/Session"):
            return 200, {"SessionID": "s-1"}
        if got.method == "GET":
            return 200, {"TicketID": ["23"]}
        return 200, {"TicketID": 23, "ArticleID": 5}

    server.answers = answers
    enqueue(app)
    deliver(app)
    session, search, note = server.requests
    assert session.json == {"UserLogin": "robot", "Password": "token-4711"}
    assert search.query == {"SessionID": ["s-1"], "TicketNumber": ["4711"]}
    assert (note.method, note.path.rpartition("/")[2]) == ("PATCH", "23")
    assert note.json["Article"]["Body"] == REPORT["text"]
    assert note.json["Article"]["IsVisibleForCustomer"] == 0
    assert all("token-4711" not in str(got.query) for got in server.requests)
    assert deliveries(app)[0].state == "delivered"


@pytest.mark.parametrize("config", ["znuny"], indirect=True)
def test_znuny_says_no_with_status_200(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (200, {"Error": {"ErrorCode": "SessionCreate.AuthFail", "ErrorMessage": "secret text"}})
    enqueue(app)
    deliver(app)
    (row,) = deliveries(app)
    assert (row.state, row.problem) == ("dead", "SessionCreate.AuthFail")


@pytest.mark.parametrize("config", ["osticket"], indirect=True)
def test_osticket_gets_a_new_ticket_that_names_the_old_one(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (201, b"654321")
    enqueue(app)
    deliver(app)
    (got,) = server.requests
    assert (got.path, got.headers["x-api-key"]) == ("/api/tickets.json", "token-4711")
    assert got.json["subject"] == "GMX-Einrichtung, Fall ABCD1234 (#4711)"
    assert got.json["message"] == REPORT["text"]
    assert deliveries(app)[0].state == "delivered"


@pytest.mark.parametrize("config", ["zammad", "znuny", "osticket"], indirect=True)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[1,2", b"null", b'"text"', b"\xff\xfe", b"{}" + b" " * 100_000])
def test_a_strange_answer_breaks_nothing(app: Flask, server: Receiver, body: bytes) -> None:
    server.answers = lambda _: (200, body)
    enqueue(app)
    assert deliver(app) == 1
    assert deliveries(app)[0].state in ("delivered", "pending", "dead")
