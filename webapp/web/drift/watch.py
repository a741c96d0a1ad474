"""The comparison that runs by itself and tells the operator what is new, by a signed message to their own address."""

from datetime import UTC, datetime

from flask import Blueprint, Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.probe.report import Vantage
from webapp.core.text import DEFAULT_LOCALE, translations_for
from webapp.infrastructure import background, db, outbox
from webapp.infrastructure.config import current_config, current_providers
from webapp.infrastructure.models import Delivery
from webapp.web.drift import Check, Fetcher, Finding, Severity, compare

EVENT = "provider-drift"

blueprint = Blueprint("drift", __name__)


def watch(app: Flask, check: Check | None = None) -> list[Finding]:
    """Compare every provider, tell the operator what was not told before, and return what was found.

    Needs an application context. What could not be told is told the next time.
    """
    fetcher = Fetcher(current_config().tls_ca_file)
    check = check or Check(vantage=Vantage.SERVER)
    found = [
        finding
        for provider in current_providers().values()
        for finding in compare(provider, check, fetcher)
        if finding.severity is not Severity.NOTE
    ]
    translations = translations_for(DEFAULT_LOCALE)
    shapes = [finding.to_json(translations) for finding in found]
    with db.begin() as session:
        last = _last_told(session)
        told = last.body["findings"] if last else []
        if any(shape not in told for shape in shapes):
            outbox.tell_operator(session, EVENT, {"findings": shapes})
        elif last is not None and last.state == "delivered":  # what has gone is news when it comes back
            last.body = {**last.body, "findings": shapes}
            last.created_at = datetime.now(UTC)  # keep it for as long as it is compared with
    outbox.wake(app)
    return found


def _last_told(session: Session) -> Delivery | None:
    """Return the newest message that arrived or still may; a dead letter told nobody anything."""
    messages = select(Delivery).where(Delivery.target == outbox.OPERATOR, Delivery.state != "dead")
    newest = session.scalars(messages.order_by(Delivery.created_at.desc()))
    return next((message for message in newest if message.body["event"] == EVENT), None)


background.every(blueprint, "drift", lambda config: config.drift_interval, watch)
