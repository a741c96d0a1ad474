"""Transactional outbox: at-least-once deliveries to other systems, with retries and dead letters.

A room registers a target with its blueprint, enqueues in the transaction that causes the delivery, and wakes the timer
after the commit:

    outbox.target(blueprint, "webhook", send)
    outbox.enqueue(session, "webhook", body, reference)
    outbox.wake(app)

Each target is a duty of `webapp.infrastructure.background`: a slow receiver delays only its own deliveries. Sending is
outside any transaction. A delivery is claimed first; if the process dies, it is sent again under the same id when the
claim has expired. After the last try it becomes a dead letter, until it is sent again, forgotten or purged.

The target OPERATOR (WEBAPP_OPERATOR_WEBHOOK) is for what the operator should look at.
"""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint
from flask.sansio.app import App
from sqlalchemy import ColumnElement, delete, exists, select, update

from webapp.infrastructure import background, db, http_client
from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.logs import logger
from webapp.infrastructure.models import Delivery

OPERATOR = "operator"
POLL_SECONDS = 15
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))  # after each failed try
SECONDS = 20.0  # time-out of a whole request
CLAIM = timedelta(minutes=5)  # longer than sending takes
KEPT = timedelta(days=32)
PURGE_SECONDS = 6 * 3600

Send = Callable[[Delivery], None]  # raises Failed or RequestError

_DUTY = "outbox-"  # prefix of the duties


class Failed(Exception):  # noqa: N818  not an error of ours
    """The other system refused. problem: a short reason, never the text of the answer. final: do not retry."""

    def __init__(self, problem: str, *, final: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem[:60]
        self.final = final


def init_app(app: App) -> None:
    target(app, OPERATOR, _send_to_operator)
    background.every(app, "outbox-purge", PURGE_SECONDS, lambda _app: purge())


def target(place: Blueprint | App, name: str, send: Send) -> None:
    """Register `send`, called in an application context, for the deliveries to `name`.

    It may be called again with the same delivery: receivers deduplicate by its id.
    """
    background.every(
        place, _DUTY + name, POLL_SECONDS, lambda _app: deliver(name, send), lambda: _has_due(name)
    )  # fmt: skip


def wake(app: App) -> None:
    """Send due deliveries now; call after the commit."""
    for name in background.of(app).duties:
        if name.startswith(_DUTY):
            background.wake(app, name)


def enqueue(session: db.Session, target: str, body: Mapping[str, Any], reference: str = "") -> None:
    """Enqueue `body` for `target`. reference: of the case, whose content is deleted once delivered."""
    now = datetime.now(UTC)
    session.add(
        Delivery(
            id=secrets.token_hex(16), target=target, reference=reference, body=dict(body), state="pending", tries=0,
            due_at=now, created_at=now, problem="",
        )
    )  # fmt: skip


def tell_operator(session: db.Session, event: str, values: Mapping[str, Any], config: Config | None = None) -> None:
    """Enqueue {"event", "at", "site", **values} for the operator if WEBAPP_OPERATOR_WEBHOOK is set.

    config: by default that of the running application.
    """
    config = config or current_config()
    if config.operator_webhook:
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        enqueue(session, OPERATOR, {"event": event, "at": at, "site": config.public_url or None, **values})


def send_again(session: db.Session, delivery_id: str) -> bool:
    """Make a dead letter pending again with all its tries; False if there is none."""
    values = {"state": "pending", "tries": 0, "due_at": datetime.now(UTC)}
    query = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == "dead").values(**values)
    return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]


def forget(session: db.Session, *which: ColumnElement[bool]) -> int:
    """Delete deliveries; return their number."""
    return session.execute(delete(Delivery).where(*which)).rowcount  # type: ignore[attr-defined,no-any-return]


def purge(now: datetime | None = None) -> int:
    """Delete deliveries older than KEPT; return their number."""
    with db.begin() as session:
        return forget(session, Delivery.created_at < (now or datetime.now(UTC)) - KEPT)


# Sending


def deliver(name: str, send: Send, now: datetime | None = None) -> int:
    """Send the due deliveries of the target `name`; return how many were tried."""
    tried = 0
    while (claimed := _claim(name, now or datetime.now(UTC))) is not None:
        tried += 1
        problem, final = _attempt(claimed, send)
        _settle(claimed, problem, final=final, now=now or datetime.now(UTC))
    return tried


def _due(name: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Delivery.target == name, Delivery.state == "pending", Delivery.due_at <= now


def _has_due(name: str) -> bool:
    with db.read() as session:
        return bool(session.scalar(select(exists().where(*_due(name, datetime.now(UTC))))))


def _claim(name: str, now: datetime) -> Delivery | None:
    """Claim the delivery that is due longest.

    "=" and not "IN": PostgreSQL may run a subquery in IN once per row, and would claim them all.
    """
    due = _due(name, now)
    with db.begin() as session:
        oldest = select(Delivery.id).where(*due).order_by(Delivery.due_at).limit(1).with_for_update(skip_locked=True)
        taken = session.scalars(
            update(Delivery)
            .where(Delivery.id == oldest.scalar_subquery(), *due)
            .values(due_at=now + CLAIM, tries=Delivery.tries + 1)
            .returning(Delivery)
        ).first()
        if taken is not None:
            session.expunge(taken)
        return taken


def _attempt(delivery: Delivery, send: Send) -> tuple[str, bool]:
    """Send, outside any transaction; return the problem ("" for none) and whether it is final."""
    try:
        send(delivery)
    except (Failed, http_client.RequestError) as failure:
        return failure.problem, failure.final
    except Exception as error:
        logger.error("delivery to %s: %s", delivery.target, type(error).__name__)
        return type(error).__name__, False
    return "", False


def _settle(delivery: Delivery, problem: str, *, final: bool, now: datetime) -> None:
    with db.begin() as session:
        kept = session.get(Delivery, delivery.id)
        if kept is None or kept.tries != delivery.tries:  # forgotten, or claimed by another process
            return
        kept.problem = problem
        if not problem:
            kept.state = "delivered"
            if kept.reference:
                kept.body = {}
        elif final or kept.tries > len(BACKOFF):
            kept.state = "dead"
            logger.warning("delivery to %s was given up: %s", kept.target, problem)
        else:
            kept.due_at = now + BACKOFF[kept.tries - 1]


def call(method: str, url: str, **values: Any) -> http_client.Answer:
    """Return the answer to one request, of status 2xx; raises Failed and RequestError."""
    answer = http_client.request(method, url, current_config().tls_ca_file, seconds=SECONDS, **values)
    if not 200 <= answer.status < 300:
        temporary = answer.status in (408, 425, 429) or answer.status >= 500
        raise Failed(f"HTTP {answer.status}", final=not temporary)
    return answer


def post_signed(url: str, secret: str, delivery: Delivery) -> None:
    """Post the body as JSON, signed after Standard Webhooks; raises Failed and RequestError."""
    if not url:
        raise Failed("not set up any more", final=True)
    body = json.dumps(delivery.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", **signed_headers(secret, delivery.id, body)}
    call("POST", url, data=body, headers=headers, content=False)


def _send_to_operator(delivery: Delivery) -> None:
    config = current_config()
    post_signed(config.operator_webhook, config.operator_webhook_secret, delivery)


# Signatures after Standard Webhooks 1.0.0: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
# Receivers compare the signature, refuse timestamps more than five minutes off, and deduplicate by id.


def signed_headers(secret: str, message_id: str, body: bytes, now: int | None = None) -> dict[str, str]:
    """Return the signature headers of `body`. now: Unix seconds."""
    timestamp = str(int(time.time()) if now is None else now)
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": signature(secret, message_id, timestamp, body),
    }


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return HMAC-SHA-256 over "id.timestamp.body". The key is `secret`, or the base64 after "whsec_"."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = secret.encode()
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"
