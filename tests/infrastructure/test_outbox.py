"""Deliveries arrive once, late or not at all; they are never lost and never held up by one another."""

from __future__ import annotations

import base64
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import select, text

from tests.support.receiver import Received, Receiver, dripping, receiver
from tests.support.waiting import wait_until
from webapp import create_app
from webapp.infrastructure import background, db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Delivery
from webapp.infrastructure.outbox import signature, signed_headers

SECRET = "a webhook secret that is only for tests"
BODY = {"event": "test", "text": "Zeile eins\näöü"}
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def config(config: Config, server: Receiver) -> Config:
    return replace(config, operator_webhook=f"{server.url}/hook", operator_webhook_secret=SECRET)


def enqueue(app: Flask, target: str = outbox.OPERATOR, reference: str = "") -> None:
    with app.app_context(), db.begin() as session:
        outbox.enqueue(session, target, BODY, reference)


def deliver(app: Flask, after: timedelta = timedelta(0)) -> int:
    config = app.extensions["config"]

    def send(delivery: Delivery) -> None:
        outbox.post_signed(config.operator_webhook, config.operator_webhook_secret, delivery)

    with app.app_context():
        return outbox.deliver(outbox.OPERATOR, send, datetime.now(UTC) + after)


def deliveries(app: Flask) -> list[Delivery]:
    with app.app_context(), db.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.created_at)))


# Signatures


def test_signs_the_example_of_the_specification() -> None:
    """Test vector of the reference libraries of Standard Webhooks."""
    secret, message, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    assert signed_headers(secret, message, b'{"test": 2432232314}', now=at) == {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_without_the_prefix_is_its_own_octets() -> None:
    made = {signature(secret, "msg_1", "1", b"{}") for secret in ("plain", "whsec_cGxhaW4=")}
    assert len(made) == 1


def test_a_secret_that_only_looks_like_base64_is_taken_as_it_is() -> None:
    assert signature("whsec_ä?", "msg_1", "1", b"{}") != signature("whsec_ö?", "msg_1", "1", b"{}")


def test_a_receiver_can_check_signature_and_time(app: Flask, server: Receiver) -> None:
    enqueue(app)
    assert deliver(app) == 1
    (got,) = server.requests
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 300
    assert got.json == BODY
    assert "ä".encode() in got.body
    (row,) = deliveries(app)
    assert (row.state, row.tries, row.problem) == ("delivered", 1, "")


def test_what_was_about_a_case_is_forgotten_once_it_arrived(app: Flask) -> None:
    enqueue(app, reference="ABCD1234")
    deliver(app)
    assert deliveries(app)[0].body == {}


# Tries


def test_waits_longer_after_each_failure_and_gives_up_at_last(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (503, {})
    enqueue(app)
    after = timedelta(0)
    for backoff in outbox.BACKOFF:
        assert deliver(app, after) == 1
        assert deliver(app, after + backoff - timedelta(seconds=5)) == 0
        after += backoff + timedelta(seconds=1)
    assert deliver(app, after) == 1
    (row,) = deliveries(app)
    assert (row.state, row.problem, row.tries) == ("dead", "HTTP 503", len(outbox.BACKOFF) + 1)
    assert row.body == BODY
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
    app.extensions["config"] = replace(config, operator_webhook=NOWHERE)
    enqueue(app)
    deliver(app)
    (row,) = deliveries(app)
    assert (row.state, row.problem) == ("pending", "no connection")


def test_what_nobody_receives_any_more_is_given_up(app: Flask, config: Config) -> None:
    app.extensions["config"] = replace(config, operator_webhook="")
    enqueue(app)
    deliver(app)
    (row,) = deliveries(app)
    assert (row.state, row.problem) == ("dead", "not set up any more")


def test_a_dead_letter_is_sent_again_with_all_its_tries(app: Flask, server: Receiver) -> None:
    server.answers = lambda _: (404, {})
    enqueue(app)
    deliver(app)
    (row,) = deliveries(app)
    with app.app_context(), db.begin() as session:
        assert outbox.send_again(session, row.id)
        assert not outbox.send_again(session, row.id)  # it waits already
    server.answers = lambda _: (200, {})
    assert deliver(app) == 1
    assert [(row.state, row.tries) for row in deliveries(app)] == [("delivered", 1)]


def test_time_deletes_what_nobody_needs(app: Flask) -> None:
    enqueue(app)
    deliver(app)
    with app.app_context():
        assert outbox.purge(datetime.now(UTC) + outbox.KEPT - timedelta(minutes=1)) == 0
        assert outbox.purge(datetime.now(UTC) + outbox.KEPT + timedelta(minutes=1)) == 1
    assert not deliveries(app)


# Claims


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


def test_nobody_sends_what_somebody_else_is_sending(app: Flask, server: Receiver) -> None:
    inner: list[int] = []
    server.answers = lambda _: (inner.append(deliver(app)), (200, {}))[1]  # type: ignore[func-returns-value]
    enqueue(app)
    assert deliver(app) == 1
    assert inner == [0]


def test_who_sent_too_slowly_does_not_say_how_it_ended_for_who_claimed_it_since(app: Flask, server: Receiver) -> None:
    def answers(_: Received) -> tuple[int, Any]:
        if len(server.requests) == 1:
            assert deliver(app, outbox.CLAIM + timedelta(seconds=1)) == 1  # the claim has run out: it is sent again
            return 404, {}
        return 200, {}

    server.answers = answers
    enqueue(app)
    deliver(app)
    assert [row.state for row in deliveries(app)] == ["delivered"]


def test_what_a_killed_process_was_sending_is_sent_again_when_its_claim_has_expired(
    app: Flask, config: Config, server: Receiver
) -> None:
    killed = threading.Event()
    server.answers = lambda _: (killed.wait(30), (200, {}))[1]
    enqueue(app)
    program = (
        "import sys; from pathlib import Path; from webapp import create_app; from webapp.infrastructure.config import Config; "
        "from webapp.infrastructure import background; "
        "app = create_app(Config(data_dir=Path(sys.argv[1]), secret_key='k' * 32, operator_webhook=sys.argv[2], "
        "operator_webhook_secret=sys.argv[3])); background.start(app); import time; time.sleep(60)"
    )
    arguments = [sys.executable, "-c", program, str(config.data_dir), config.operator_webhook, SECRET]
    process = subprocess.Popen(arguments)
    try:
        wait_until(lambda: server.requests, 60)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed.set()
    assert deliver(app) == 0
    assert deliver(app, outbox.CLAIM - timedelta(seconds=30)) == 0
    assert deliver(app, outbox.CLAIM + timedelta(seconds=1)) == 1
    assert len({got.headers["webhook-id"] for got in server.requests}) == 1
    assert [(row.state, row.tries) for row in deliveries(app)] == [("delivered", 2)]


# The timer


def test_each_target_is_sent_to_by_itself_whoever_hangs(
    app: Flask, server: Receiver, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SECONDS", 15.0)
    app.extensions["config"] = replace(config, operator_webhook=f"{server.url}/well")
    with dripping(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000) as (url, asked):
        outbox.target(app, "slow", lambda delivery: outbox.post_signed(url, SECRET, delivery))
        for name in ("slow", outbox.OPERATOR, outbox.OPERATOR):
            enqueue(app, name)
        background.start(app)
        assert asked.wait(60)
        wait_until(lambda: len(server.requests) == 2, 14)
        assert {row.state for row in deliveries(app) if row.target == "slow"} == {"pending"}
        slow = [row.id for row in deliveries(app) if row.target == "slow"]
        wait_until(lambda: {row.problem for row in deliveries(app) if row.id in slow} == {"no answer in time"}, 60)
        background.stop(app)
    assert [(row.tries, row.state) for row in deliveries(app) if row.id in slow] == [(1, "pending")]


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(config: Config, request: pytest.FixtureRequest) -> Config:
    """Return settings of several processes that share a database."""
    if request.param == "postgresql":
        config = replace(config, database_url=request.getfixturevalue("postgres_url"))
        db.upgrade(config)
    return config


def test_several_processes_send_each_delivery_once(shared: Config, server: Receiver) -> None:
    server.answers = lambda _: (time.sleep(0.05), (200, {}))[1]  # type: ignore[func-returns-value]
    apps = [create_app(shared) for _ in range(3)]
    for _ in range(12):
        enqueue(apps[0])
    for app in apps:
        background.start(app)
    wait_until(lambda: {row.state for row in deliveries(apps[0])} == {"delivered"}, 60)
    for app in apps:
        background.stop(app)
    assert len(server.requests) == len({got.headers["webhook-id"] for got in server.requests}) == 12


# An upgrade


def test_an_upgrade_keeps_what_waits_and_what_was_given_up(config: Config, server: Receiver) -> None:
    (config.data_dir / "wizard.sqlite3").unlink()
    rows = {"wait": ("webhook", "pending"), "dead": ("zammad", "dead"), "gone": ("znuny", "pending")}
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    with db.engine(config).begin() as connection:
        command.upgrade(db._alembic(connection), "0007")
        for number, (target, state) in rows.items():
            connection.execute(
                text(
                    "INSERT INTO deliveries (id, target, reference, report, state, tries, due_at, problem, created_at) "
                    "VALUES (:id, :target, 'ABCD1234', :report, :state, 2, :at, 'HTTP 500', :at)"
                ),
                {"id": number, "target": target, "state": state, "report": json.dumps(BODY), "at": at},
            )  # fmt: skip
        connection.execute(text("INSERT INTO leases VALUES ('drift', '2099-01-01 00:00:00')"))
    db.dispose()
    db.upgrade(config)
    app = create_app(replace(config, webhook_url=f"{server.url}/hook", webhook_secret=SECRET))
    found = {row.id: (row.state, row.tries, row.problem, row.body) for row in deliveries(app)}
    assert found == {
        "wait": ("pending", 2, "HTTP 500", BODY),
        "dead": ("dead", 2, "HTTP 500", BODY),
        "gone": ("dead", 2, "not set up any more", BODY),
    }
    background.of(app).look()
    background.of(app).wait(60)
    assert [got.json for got in server.requests] == [BODY]
    assert {row.id: row.state for row in deliveries(app)} == {"wait": "delivered", "dead": "dead", "gone": "dead"}
