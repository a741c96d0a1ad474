"""All cryptography with keys: ciphers, key derivation, HMAC, HPKE. No other module uses them.

Keys are derived from WEBAPP_SECRET_KEY and WEBAPP_SECRET_KEY_FALLBACKS by HKDF, one per purpose. `Sealer` seals with
the first key and opens with each, which allows key rotation: cookies, secrets in the database. `SharedSealer` seals
with every key, for data that processes exchange during a rotation: records in Redis, the key of the day.
`keyed_hashes` is for short secrets that are only compared. `WorkerKey` and `seal_to` need no key of the site.

A box is a nonce of 12 bytes, then ChaCha20-Poly1305 (RFC 8439) with the associated data `about`. Nonces are random:
good for 2^32 boxes per key.
"""

from __future__ import annotations

import base64
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.infrastructure.config import Config

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_NONCE_BYTES = 8
_TAG_BYTES = 16
TAGGED_ID_PATTERN = "^[A-Za-z0-9_-]{32}$"
_SALT = b"gmx-pop-wizard"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class UnsealError(ValueError):
    """Wrong key, wrong associated data, or manipulated."""


def derived_key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes derived from `secret` for one `purpose`: HKDF-SHA-256, RFC 5869."""
    if not secret:
        raise ValueError("no secret key: Config.completed() was not called")
    return HKDF(SHA256(), _KEY_BYTES, salt=_SALT, info=purpose.encode()).derive(secret.encode())


def site_keys(config: Config, purpose: str) -> list[bytes]:
    """Return the site's keys for one `purpose`, the current one first; needs `completed` settings."""
    return [derived_key(secret, purpose) for secret in (config.secret_key, *config.secret_key_fallbacks)]


def keyed_hash(config: Config, purpose: str, text: str) -> bytes:
    """Return the HMAC-SHA-256 of `text` under the current key."""
    return keyed_hashes(config, purpose, text)[0]


def keyed_hashes(config: Config, purpose: str, text: str) -> list[bytes]:
    """Return the HMAC of `text` under every key of the site, for look-ups."""
    return [hmac.digest(key, text.encode(), "sha256") for key in site_keys(config, purpose)]


def new_tagged_id(config: Config, purpose: str, owner: str) -> str:
    """Return a random id of 32 characters bound to `owner` by a tag of 128 bits."""
    nonce = os.urandom(_ID_NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + _tags(config, purpose, owner, nonce)[0]).decode()


def is_tagged_id(config: Config, purpose: str, owner: str, text: str) -> bool:
    """Whether `new_tagged_id` made `text` for `owner`, with any key of the site."""
    if not re.fullmatch(TAGGED_ID_PATTERN, text):
        return False
    made = base64.urlsafe_b64decode(text)
    tags = _tags(config, purpose, owner, made[:_ID_NONCE_BYTES])
    return any(hmac.compare_digest(made[_ID_NONCE_BYTES:], tag) for tag in tags)


def _tags(config: Config, purpose: str, owner: str, nonce: bytes) -> list[bytes]:
    keys = site_keys(config, purpose)
    return [hmac.digest(key, nonce + owner.encode(), "sha256")[:_TAG_BYTES] for key in keys]


class Sealer:
    """Seals with the first key, opens with each."""

    def __init__(self, *keys: bytes) -> None:
        self._ciphers = [ChaCha20Poly1305(key) for key in keys]

    @classmethod
    def of(cls, config: Config, purpose: str) -> Sealer:
        return cls(*site_keys(config, purpose))

    @classmethod
    def random(cls) -> Sealer:
        """Return a sealer with a random key, for the life of this process."""
        return cls(os.urandom(_KEY_BYTES))

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """Return `plain` sealed, with the associated data `about`."""
        return _sealed(self._ciphers[0], plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """Return the plain text; raises UnsealError."""
        for cipher in self._ciphers:
            plain = _opened(cipher, sealed, about)
            if plain is not None:
                return plain
        raise UnsealError

    def renewed(self, sealed: bytes, about: bytes = b"") -> bytes | None:
        """Return it resealed with the first key, None if it is already; raises UnsealError."""
        if _opened(self._ciphers[0], sealed, about) is not None:
            return None
        return self.seal(self.open(sealed, about), about)


class SharedSealer(Sealer):
    """Seals with every key: any of them opens. Format: number of boxes (one byte), then boxes of equal length."""

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        return _joined([_sealed(cipher, plain, about) for cipher in self._ciphers])

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        for box in _boxes(sealed):
            for cipher in self._ciphers:
                plain = _opened(cipher, box, about)
                if plain is not None:
                    return plain
        raise UnsealError

    def renewed(self, sealed: bytes, about: bytes = b"") -> bytes | None:
        """Return it with a box added for each missing key, None if there is none; raises UnsealError.

        Boxes of unknown keys stay, because a process before or after the rotation may need them. So use it only for
        data that expires soon after a rotation.
        """
        plain, boxes = self.open(sealed, about), _boxes(sealed)
        missing = [c for c in self._ciphers if all(_opened(c, box, about) is None for box in boxes)]
        return _joined([*(_sealed(cipher, plain, about) for cipher in missing), *boxes]) if missing else None


def seal(config: Config, purpose: str, plain: bytes) -> bytes:
    """Seal `plain` for the database: secrets and personal data."""
    return Sealer.of(config, purpose).seal(plain, purpose.encode())


def unseal(config: Config, purpose: str, sealed: bytes | None) -> bytes | None:
    """Inverse of `seal`, with any key of the site; None if it does not open."""
    try:
        return Sealer.of(config, purpose).open(sealed, purpose.encode()) if sealed else None
    except UnsealError:
        return None


def sealed_anew(config: Config, purpose: str, sealed: bytes) -> bytes:
    """Reseal with the current key; unchanged if it is already, or does not open."""
    try:
        return Sealer.of(config, purpose).renewed(sealed, purpose.encode()) or sealed
    except UnsealError:
        return sealed


class WorkerKey:
    """The key pair of a worker process; exists in its memory only."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Inverse of `seal_to`; raises UnsealError."""
        try:
            return _SUITE.decrypt(sealed, self._private, info=about)
        except InvalidTag:
            raise UnsealError from None


def seal_to(public: bytes, plain: bytes, about: bytes) -> bytes:
    """Seal `plain` to a worker's key: HPKE in base mode with X25519, HKDF-SHA256, ChaCha20-Poly1305 (RFC 9180).

    `about` goes into `info`, where RFC 9180 section 8.1 wants the associated data of a single message.
    """
    return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info=about)


def _sealed(cipher: ChaCha20Poly1305, plain: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, about)


def _opened(cipher: ChaCha20Poly1305, box: bytes, about: bytes) -> bytes | None:
    try:
        return cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], about)
    except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
        return None


def _joined(boxes: list[bytes]) -> bytes:
    return bytes([len(boxes)]) + b"".join(boxes)


def _boxes(sealed: bytes) -> list[bytes]:
    number, rest = sealed[:1], sealed[1:]
    size, left = divmod(len(rest), number[0]) if number and number[0] else (0, 0)
    if not size or left:
        raise UnsealError
    return [rest[start : start + size] for start in range(0, len(rest), size)]
