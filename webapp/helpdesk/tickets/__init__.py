"""Reports on their way to other systems: a signed webhook, and notes in ticket systems.

One small interface: a `Target` gets a report and posts it, or raises `Failed`. Sending is kept apart from the database:
a report is written down with the closing of its case, and a courier takes it from there, again and again for some
hours. What still fails then lies in the list of dead letters until an administrator sends it again or time deletes it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp import db
from webapp.config import Config, current_config
from webapp.logs import logger
from webapp.models import Delivery

TIMEOUT: Final = (5, 10)  # seconds to connect, and between two bytes
BACKOFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))  # after each failed try
CLAIM: Final = timedelta(minutes=5)  # longer than a sending takes: a courier that died is replaced
BODY_BYTES_MAX: Final = 64 * 1024  # of an answer

Report = Mapping[str, Any]


class Failed(Exception):  # noqa: N818  not an error of ours
    """The other system did not take the report. `problem` is a word or two for the list, never the answer's text.

    final: trying again is of no use.
    """

    def __init__(self, problem: str, *, final: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem[:60]
        self.final = final


@dataclass(frozen=True, slots=True)
class Parcel:
    """One report to deliver. `id` stays the same at every try, so that a receiver can tell a repetition."""

    id: str
    report: Report


class Target(Protocol):
    """Where reports go."""

    def post(self, parcel: Parcel) -> None:
        """Deliver the report; raises Failed."""


def targets(config: Config) -> dict[str, Target]:
    """Return the systems that get reports, by their word in `Delivery.target`."""
    from webapp.helpdesk.tickets import osticket, webhook, zammad, znuny

    systems: dict[str, Callable[[Config], Target]] = {
        "zammad": zammad.Zammad, "znuny": znuny.Znuny, "osticket": osticket.OsTicket,
    }  # fmt: skip
    found: dict[str, Target] = {}
    if config.webhook_url:
        found["webhook"] = webhook.Webhook(config.webhook_url, config.webhook_secret)
    if config.ticket_system:
        found[config.ticket_system] = systems[config.ticket_system](config)
    return found


def call(method: str, url: str, **values: Any) -> Any:
    """Send a request and return its JSON answer, None for an empty one; raises Failed.

    Follows no redirect: it would carry the token elsewhere.
    """
    try:
        with requests.request(method, url, timeout=TIMEOUT, allow_redirects=False, stream=True, **values) as response:
            if not 200 <= response.status_code < 300:
                temporary = response.status_code in (408, 425, 429) or response.status_code >= 500
                raise Failed(f"HTTP {response.status_code}", final=not temporary)
            body = response.raw.read(BODY_BYTES_MAX, decode_content=True)
    except requests.exceptions.SSLError as error:
        raise Failed("TLS") from error
    except requests.exceptions.Timeout as error:
        raise Failed("no answer in time") from error
    except (requests.exceptions.RequestException, OSError, ValueError) as error:
        raise Failed("no connection") from error
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def enqueue(session: Session, reference: str, report: Report) -> int:
    """Write the report down for every target, in the transaction that closes the case; return for how many."""
    now = datetime.now(UTC)
    names = list(targets(current_config()))
    session.add_all(
        Delivery(
            id=secrets.token_hex(16), target=name, reference=reference, report=dict(report), state="pending", tries=0,
            due_at=now, created_at=now, problem="",
        )
        for name in names
    )  # fmt: skip
    return len(names)


def deliver_due(now: datetime | None = None) -> int:
    """Deliver what is due; return how many deliveries were tried. Safe in several processes at once."""
    tried = 0
    while (claimed := _claim(now or datetime.now(UTC))) is not None:
        tried += 1
        problem, final = _post(claimed)
        _settle(claimed, problem, final=final, now=now or datetime.now(UTC))
    return tried


def _claim(now: datetime) -> Delivery | None:
    """Take the delivery that is due longest: nobody else gets it while we send."""
    with db.begin() as session:
        due = (
            select(Delivery.id)
            .where(Delivery.state == "pending", Delivery.due_at <= now)
            .order_by(Delivery.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taken = session.scalars(
            update(Delivery)
            .where(Delivery.id.in_(due), Delivery.state == "pending", Delivery.due_at <= now)
            .values(due_at=now + CLAIM, tries=Delivery.tries + 1)
            .returning(Delivery)
        ).first()
        if taken is not None:
            session.expunge(taken)
        return taken


def _post(delivery: Delivery) -> tuple[str, bool]:
    """Post it, in no transaction; return the problem, "" for none, and whether it is final."""
    target = targets(current_config()).get(delivery.target)
    if target is None:
        return "not set up any more", True
    try:
        target.post(Parcel(delivery.id, delivery.report))
    except Failed as failure:
        return failure.problem, failure.final
    except Exception as error:
        logger.error("report for %s: %s", delivery.target, type(error).__name__)
        return type(error).__name__, False
    return "", False


def _settle(delivery: Delivery, problem: str, *, final: bool, now: datetime) -> None:
    tries = delivery.tries
    with db.begin() as session:
        kept = session.get(Delivery, delivery.id)
        if kept is None:  # the person has deleted it meanwhile
            return
        kept.problem = problem
        if not problem:
            kept.state, kept.report = "delivered", {}
        elif final or tries > len(BACKOFF):
            kept.state = "dead"
            logger.warning("report for %s was given up: %s", kept.target, problem)
        else:
            kept.due_at = now + BACKOFF[tries - 1]


def try_again(session: Session, delivery_id: str) -> bool:
    """Make a dead letter a pending one with all its tries; False where there is none."""
    values = {"state": "pending", "tries": 0, "due_at": datetime.now(UTC)}
    query = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == "dead").values(**values)
    return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]
