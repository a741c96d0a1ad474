"""References to a ticket of the organisation's own system."""

import re

from webapp.core.text import N_, InputError

TICKET = re.compile(r"[A-Za-z0-9#._-]{1,40}")


def parse_ticket(text: str) -> str:
    """Return the ticket reference, "" for none; raises InputError."""
    ticket = text.strip()
    if ticket and not TICKET.fullmatch(ticket):
        raise InputError(N_("A ticket reference has letters, digits and # . _ - only, at most 40."))
    return ticket
