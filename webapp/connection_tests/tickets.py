"""Tickets: what tells one click from another, and later the id of its test.

A ticket is good in the session whose page it stood on, and for the address that page named. So nobody comes to another
person's test, or to their password while a question about its blanks is open, by knowing its id; and a form that was
left open sends no password for the address that was entered since.

Layout, base64url: 12 random bytes, then 12 bytes of HMAC-SHA-256.
"""

from __future__ import annotations

import base64
import hmac
import os
import re

from flask import session
from flask_wtf.csrf import generate_csrf

from webapp.config import current_config

_HALF = 12  # octets
_SHAPE = re.compile(r"[A-Za-z0-9_-]{32}")


def new(address: str) -> str:
    """Return a ticket of 32 letters for a form that tests `address`."""
    generate_csrf()  # the secret behind it tells this session from every other one
    nonce = os.urandom(_HALF)
    return base64.urlsafe_b64encode(nonce + _seal(nonce, address)).decode()


def is_ours(ticket: str, address: str) -> bool:
    """Whether this session was given the ticket, on a page about `address`."""
    if not _SHAPE.fullmatch(ticket):
        return False
    content = base64.urlsafe_b64decode(ticket)
    return hmac.compare_digest(content[_HALF:], _seal(content[:_HALF], address))


def _seal(nonce: bytes, address: str) -> bytes:
    about = f"{session.get('csrf_token', '')}\0{address}".encode()
    return hmac.digest(current_config().key("connection test ticket"), nonce + about, "sha256")[:_HALF]
