"""Notes in Znuny (and OTRS, OTOBO) by the web service GenericTicketConnectorREST, which must be switched on there.

Documented shapes: Kernel/GenericInterface/Operation/Session/SessionCreate.pm, …/Ticket/TicketSearch.pm, TicketUpdate.pm
and TicketCreate.pm of github.com/znuny/Znuny; routes as in its GenericTicketConnectorREST.yml: POST /Session, GET
/Ticket, PATCH /Ticket/:TicketID, POST /Ticket. An error comes with status 200 and {"Error": {…}}.
WEBAPP_TICKET_URL ends in /nph-genericinterface.pl/Webservice/GenericTicketConnectorREST.
"""

from __future__ import annotations

from typing import Any

from webapp.config import Config
from webapp.helpdesk.tickets import Failed, Parcel, call


class Znuny:
    """Adds an internal note to the ticket of the reference, or makes a ticket where none is found."""

    def __init__(self, config: Config) -> None:
        self._base = config.ticket_url.rstrip("/")
        self._login = {"UserLogin": config.ticket_user, "Password": config.ticket_token}
        self._queue = config.ticket_queue or "Raw"
        self._customer = config.ticket_customer

    def post(self, parcel: Parcel) -> None:
        session = {"SessionID": self._session()}
        article = {
            "Subject": parcel.report["title"], "Body": parcel.report["text"], "ContentType": "text/plain; charset=utf8",
            "CommunicationChannel": "Internal", "SenderType": "agent", "IsVisibleForCustomer": 0,
        }  # fmt: skip
        ticket_id = self._find(session, parcel.report["case"]["ticket"])
        if ticket_id is not None:
            self._call("PATCH", f"Ticket/{ticket_id}", json={**session, "Article": article})
            return
        if not self._customer:
            raise Failed("WEBAPP_TICKET_CUSTOMER is not set", final=True)
        ticket = {
            "Title": parcel.report["title"], "Queue": self._queue, "State": "new", "Priority": "3 normal",
            "CustomerUser": self._customer,
        }  # fmt: skip
        self._call("POST", "Ticket", json={**session, "Ticket": ticket, "Article": article})

    def _session(self) -> str:
        """Sign in by POST: the password never stands in a URL."""
        answer = self._call("POST", "Session", json=self._login)
        session = answer.get("SessionID")
        if not isinstance(session, str):
            raise Failed("no session", final=True)
        return session

    def _find(self, session: dict[str, str], reference: str) -> int | None:
        number = reference.lstrip("#")
        if not number:
            return None
        answer = self._call("GET", "Ticket", params={**session, "TicketNumber": number})
        ids = answer.get("TicketID")
        ids = ids if isinstance(ids, list) else [ids] if ids else []
        return int(ids[0]) if ids and str(ids[0]).isdecimal() else None

    def _call(self, method: str, path: str, **values: Any) -> dict[str, Any]:
        answer = call(method, f"{self._base}/{path}", **values)
        if not isinstance(answer, dict):
            return {}
        if isinstance(answer.get("Error"), dict):
            code = str(answer["Error"].get("ErrorCode", ""))
            raise Failed(code if code.isascii() and len(code) <= 50 else "Error", final="AuthFail" in code)
        return answer
