"""Who gets the report of a closed case: any server that takes a signed webhook, and the ticket system Zammad.

Documented shapes of Zammad: docs.zammad.org/en/latest/api/intro.html (header `Authorization: Token token=…`),
…/api/ticket/index.html (search, create with an article), …/api/ticket/articles.html (type note, internal).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from webapp.helpdesk.room import blueprint
from webapp.infrastructure import outbox
from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.models import Delivery


def targets(config: Config) -> list[str]:
    """Return the targets of the outbox that are set up to get reports."""
    return [name for name, url in (("webhook", config.webhook_url), (config.ticket_system, config.ticket_url)) if url]


def enqueue(session: Session, reference: str, report: Mapping[str, Any]) -> None:
    """Write the report down for everybody who gets it, in the transaction that closes the case."""
    for name in targets(current_config()):
        outbox.enqueue(session, name, report, reference)


def _send_to_webhook(delivery: Delivery) -> None:
    config = current_config()
    outbox.post_signed(config.webhook_url, config.webhook_secret, delivery)


def _send_to_zammad(delivery: Delivery) -> None:
    """Add an internal note to the ticket of the reference, or make a ticket where none is found."""
    config, report = current_config(), delivery.body
    if not config.ticket_system:
        raise outbox.Failed("not set up any more", final=True)
    article = {
        "subject": report["title"], "body": report["text"], "content_type": "text/plain", "type": "note",
        "internal": True,
    }  # fmt: skip
    ticket_id = _find_ticket(config, report["case"]["ticket"].lstrip("#"))
    if ticket_id is not None:
        _zammad(config, "POST", "ticket_articles", json={"ticket_id": ticket_id, **article}, content=False)
        return
    if not config.ticket_customer:
        raise outbox.Failed("WEBAPP_TICKET_CUSTOMER is not set", final=True)
    ticket = {
        "title": report["title"], "group": config.ticket_queue or "Users", "customer": config.ticket_customer,
        "article": article,
    }  # fmt: skip
    _zammad(config, "POST", "tickets", json=ticket, content=False)


def _find_ticket(config: Config, number: str) -> int | None:
    if not number:
        return None
    query = {"query": f'number:"{number}"', "limit": 1, "expand": "true"}
    found = _zammad(config, "GET", "tickets/search", params=query)
    rows = found if isinstance(found, list) else []
    ids = [row["id"] for row in rows if isinstance(row, dict) and str(row.get("number")) == number and "id" in row]
    return int(ids[0]) if ids else None


def _zammad(config: Config, method: str, path: str, **values: Any) -> Any:
    headers = {"Authorization": f"Token token={config.ticket_token}"}
    return outbox.call(method, f"{config.ticket_url.rstrip('/')}/api/v1/{path}", headers=headers, **values).json


outbox.target(blueprint, "webhook", _send_to_webhook)
outbox.target(blueprint, "zammad", _send_to_zammad)
