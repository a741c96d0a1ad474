"""New tickets in osTicket, whose API can create only: there are no notes on tickets that exist.

Documented shape: docs.osticket.com, Developer Documentation → API → Tickets (POST /api/tickets.json with X-API-Key; the
key is bound to the address of our server). A message is text/plain by default, so nothing needs to be escaped.
"""

from __future__ import annotations

from webapp.config import Config
from webapp.helpdesk.tickets import Failed, Parcel, call


class OsTicket:
    """Makes a ticket that names the reference of the older one."""

    def __init__(self, config: Config) -> None:
        self._url = config.ticket_url.rstrip("/") + "/api/tickets.json"
        self._headers = {"X-API-Key": config.ticket_token}
        self._customer = config.ticket_customer

    def post(self, parcel: Parcel) -> None:
        if not self._customer:
            raise Failed("WEBAPP_TICKET_CUSTOMER is not set", final=True)
        ticket = parcel.report["case"]["ticket"]
        subject = f"{parcel.report['title']} ({ticket})" if ticket else parcel.report["title"]
        call(
            "POST", self._url, headers=self._headers,
            json={
                "alert": False, "autorespond": False, "source": "API", "name": "Helpdesk", "email": self._customer,
                "subject": subject, "message": parcel.report["text"],
            },
        )  # fmt: skip
