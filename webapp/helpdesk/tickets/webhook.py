"""A webhook after Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).

The signature is HMAC-SHA-256 over "id.timestamp.body". A receiver compares it, refuses a timestamp that is more than
five minutes off, and keeps the id to recognise a repetition.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from dataclasses import dataclass, field

from webapp.helpdesk.tickets import Parcel, call


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts the report as JSON."""

    url: str
    secret: str = field(repr=False)

    def post(self, parcel: Parcel) -> None:
        body = json.dumps(parcel.report, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": parcel.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self.secret, parcel.id, timestamp, body),
        }
        call("POST", self.url, data=body, headers=headers)


def signature(secret: str, parcel_id: str, timestamp: str, body: bytes) -> str:
    """Return the header webhook-signature; of a secret "whsec_…" the rest is base64, any other is taken as it is."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = secret.encode()
    digest = hmac.digest(key, f"{parcel_id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()
