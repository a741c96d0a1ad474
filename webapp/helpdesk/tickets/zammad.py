"""Notes in Zammad.

Documented shapes: docs.zammad.org/en/latest/api/intro.html (header `Authorization: Token token=…`),
…/api/ticket/index.html (search, create with an article), …/api/ticket/articles.html (type note, internal).
"""

from __future__ import annotations

from typing import Any

from webapp.config import Config
from webapp.helpdesk.tickets import Failed, Parcel, call


class Zammad:
    """Adds an internal note to the ticket of the reference, or makes a ticket where none is found."""

    def __init__(self, config: Config) -> None:
        self._base = config.ticket_url.rstrip("/")
        self._headers = {"Authorization": f"Token token={config.ticket_token}"}
        self._group = config.ticket_queue or "Users"
        self._customer = config.ticket_customer

    def post(self, parcel: Parcel) -> None:
        article = {
            "subject": parcel.report["title"], "body": parcel.report["text"], "content_type": "text/plain",
            "type": "note", "internal": True,
        }  # fmt: skip
        ticket_id = self._find(parcel.report["case"]["ticket"])
        if ticket_id is not None:
            self._call("POST", "ticket_articles", json={"ticket_id": ticket_id, **article})
            return
        if not self._customer:
            raise Failed("WEBAPP_TICKET_CUSTOMER is not set", final=True)
        ticket = {
            "title": parcel.report["title"], "group": self._group, "customer": self._customer, "article": article,
        }  # fmt: skip
        self._call("POST", "tickets", json=ticket)

    def _find(self, reference: str) -> int | None:
        """Return the id of the ticket with this number."""
        number = reference.lstrip("#")
        if not number:
            return None
        found = self._call(
            "GET", "tickets/search", params={"query": f'number:"{number}"', "limit": 1, "expand": "true"}
        )
        rows = found if isinstance(found, list) else []
        ids = [row["id"] for row in rows if isinstance(row, dict) and str(row.get("number")) == number and "id" in row]
        return int(ids[0]) if ids else None

    def _call(self, method: str, path: str, **values: Any) -> Any:
        return call(method, f"{self._base}/api/v1/{path}", headers=self._headers, **values)
