"""The password while a test waits for its worker: sealed, a minute to live, taken once.

`PasswordStore` says what a store does. In one process the key is random and lives in its memory alone. The store that
processes share is in `redis_stores`; what it keeps is sealed here to the keys of the workers (`WorkerKey`), so that
neither the store nor this installation's secret key opens it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.config import PASSWORD_SECONDS
from webapp.probe import Secret

_NONCE_BYTES = 12
_KEY_BYTES = 32


class PasswordStore(ABC):
    """Holds sealed passwords by job id."""

    @abstractmethod
    def put(self, job_id: str, password: Secret) -> None:
        """Keep the password for PASSWORD_SECONDS."""

    @abstractmethod
    def take(self, job_id: str) -> Secret | None:
        """Return the password of the job and forget it; a second taker gets None, and so does one who is late."""

    @abstractmethod
    def seconds_left(self, job_id: str) -> float:
        """Return how long the password of the job can still be taken; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    expires: float  # seconds of the clock
    content: bytes  # nonce, then ChaCha20-Poly1305; job id and expiry are authenticated with it


class MemoryPasswordStore(PasswordStore):
    """In the memory of one process. The key is random, lives there too and dies with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._cipher = ChaCha20Poly1305(ChaCha20Poly1305.generate_key())
        self._clock = clock
        self._lock = threading.Lock()
        self._sealed: dict[str, _Sealed] = {}
        self._timer: threading.Timer | None = None

    def put(self, job_id: str, password: Secret) -> None:
        expires = self._clock() + PASSWORD_SECONDS
        content = _seal(self._cipher, password.reveal().encode(), associated(job_id, expires))
        with self._lock:
            self._sealed[job_id] = _Sealed(expires, content)
            self._set_timer()

    def take(self, job_id: str) -> Secret | None:
        with self._lock:
            sealed = self._sealed.pop(job_id, None)
        if sealed is None or sealed.expires < self._clock():
            return None
        try:
            plain = _open(self._cipher, sealed.content, associated(job_id, sealed.expires))
        except InvalidTag:
            return None
        return Secret(plain.decode())

    def _set_timer(self) -> None:
        """Have what nobody takes forgotten at its time, also where nobody comes any more; needs the lock."""
        if self._sealed and self._timer is None:
            first = min(sealed.expires for sealed in self._sealed.values())
            self._timer = threading.Timer(max(0.0, first - self._clock()), self._forget_expired)
            self._timer.daemon = True
            self._timer.start()

    def _forget_expired(self) -> None:
        with self._lock:
            now = self._clock()
            for old in [key for key, sealed in self._sealed.items() if sealed.expires <= now]:
                del self._sealed[old]
            self._timer = None
            self._set_timer()

    def seconds_left(self, job_id: str) -> float:
        with self._lock:
            sealed = self._sealed.get(job_id)
        return 0.0 if sealed is None else max(0.0, sealed.expires - self._clock())


def associated(job_id: str, expires: float) -> bytes:
    """Return what is authenticated with a sealed password: whose it is, and until when."""
    return f"{job_id} {expires!r}".encode()


class Sealer:
    """Seals JSON with a key that several processes share. Nonces are random: good for 2^32 messages of one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)

    def seal(self, value: Any, about: str) -> bytes:
        """Return `value`, plain JSON data, sealed; it opens with the same `about` only."""
        return _seal(self._cipher, json.dumps(value, separators=(",", ":")).encode(), about.encode())

    def open(self, sealed: bytes, about: str) -> Any:
        """Return the value; raises InvalidTag for anything that `seal` did not make."""
        return json.loads(_open(self._cipher, sealed, about.encode()))


class WorkerKey:
    """The key pair of one worker process: made when it starts, never written down."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return what `seal_to` sealed to this key; raises InvalidTag for anything else."""
        sender, content = sealed[:_KEY_BYTES], sealed[_KEY_BYTES:]
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(sender))
        except ValueError:  # too short, or a point of small order
            raise InvalidTag from None
        return _open(_agreed(shared, sender, self.public), content, about)


def seal_to(public: bytes, plain: bytes, about: bytes) -> bytes:
    """Seal `plain` to a worker's key: X25519 with a key pair of its own (RFC 7748), HKDF, ChaCha20-Poly1305.

    The sender's public key stands in front; its private one is forgotten here.
    """
    private = X25519PrivateKey.generate()
    sender = private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    return sender + _seal(_agreed(shared, sender, public), plain, about)


def _agreed(shared: bytes, sender: bytes, receiver: bytes) -> ChaCha20Poly1305:
    key = HKDF(SHA256(), _KEY_BYTES, salt=sender + receiver, info=b"gmx-pop-wizard password").derive(shared)
    return ChaCha20Poly1305(key)


def _seal(cipher: ChaCha20Poly1305, plain: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, about)


def _open(cipher: ChaCha20Poly1305, sealed: bytes, about: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
    except ValueError:  # shorter than a nonce and a tag
        raise InvalidTag from None
