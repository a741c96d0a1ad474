"""A passkey in software: answers a site as a browser with an authenticator does (WebAuthn level 2)."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, WITH_CREDENTIAL = 0x01, 0x04, 0x40


class Passkey:
    """One P-256 key pair of one site; `origin` is where the browser is."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(32)
        self._count = 0

    def made(self, options: str) -> str:
        """Return the answer to the site's `options` for a new passkey, as JSON."""
        asked = json.loads(options)
        public = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        credential = bytes(16) + len(self._id).to_bytes(2) + self._id + cbor2.dumps(cose)
        data = self._data(asked["rp"]["id"], PRESENT | VERIFIED | WITH_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=self._client("create", asked), attestationObject=attestation)

    def used(self, options: str) -> str:
        """Return the answer to the site's `options` for signing in, as JSON."""
        asked = json.loads(options)
        self._count += 1
        data, client = self._data(asked["rpId"], PRESENT | VERIFIED), self._client("get", asked)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self._count.to_bytes(4)

    def _client(self, what: str, asked: dict[str, Any]) -> bytes:
        client = {"type": f"webauthn.{what}", "challenge": asked["challenge"], "origin": self._origin}
        return json.dumps(client).encode()

    def _answer(self, **response: bytes) -> str:
        name = bytes_to_base64url(self._id)
        parts = {part: bytes_to_base64url(value) for part, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": parts})
