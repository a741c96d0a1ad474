"""A passkey without a browser: answers a WebAuthn challenge with a key of the test's own."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT_AND_VERIFIED = b"\x05"


def assertion(options: Mapping[str, Any], key: ec.EllipticCurvePrivateKey, origin: str, count: int) -> str:
    """Return what a browser posts for `options` (WebAuthn level 2, section 7.2); `count` is the signature counter."""
    (allowed,) = options["allowCredentials"]
    client = {"type": "webauthn.get", "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
    client_data = json.dumps(client).encode()
    authenticator_data = sha256(options["rpId"].encode()).digest() + USER_PRESENT_AND_VERIFIED + count.to_bytes(4)
    signature = key.sign(authenticator_data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
    response = {
        "clientDataJSON": _base64(client_data),
        "authenticatorData": _base64(authenticator_data),
        "signature": _base64(signature),
    }
    return json.dumps({"id": allowed["id"], "rawId": allowed["id"], "type": "public-key", "response": response})


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
