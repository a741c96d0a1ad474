"""Signing a message to somebody's server after Standard Webhooks 1.0.0.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. The signature is HMAC-SHA-256 over
"id.timestamp.body". A receiver compares it, refuses a timestamp that is more than five minutes off, and keeps the id to
recognise a repetition.
"""

from __future__ import annotations

import base64
import hmac
import time


def signed_headers(secret: str, message_id: str, body: bytes, now: int | None = None) -> dict[str, str]:
    """Return the headers that prove `body` to whoever knows `secret`. now: seconds since 1970."""
    timestamp = str(int(time.time()) if now is None else now)
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": signature(secret, message_id, timestamp, body),
    }


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the header Webhook-Signature; of a secret "whsec_…" the rest is base64, any other is taken as it is."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = secret.encode()
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"
