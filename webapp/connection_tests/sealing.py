"""The password while a test waits for its worker: sealed, a minute to live, taken once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from webapp.config import PASSWORD_SECONDS
from webapp.probe import Secret

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class _Sealed:
    expires: float  # seconds of the clock
    content: bytes  # nonce, then ChaCha20-Poly1305; job id and expiry are authenticated with it


class PasswordStore:
    """Holds sealed passwords by job id. The key is random, lives in this process alone and dies with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._cipher = ChaCha20Poly1305(ChaCha20Poly1305.generate_key())
        self._clock = clock
        self._lock = threading.Lock()
        self._sealed: dict[str, _Sealed] = {}

    def put(self, job_id: str, password: Secret) -> None:
        expires = self._clock() + PASSWORD_SECONDS
        nonce = os.urandom(_NONCE_BYTES)
        content = nonce + self._cipher.encrypt(nonce, password.reveal().encode(), _associated(job_id, expires))
        with self._lock:
            now = self._clock()
            for old in [key for key, sealed in self._sealed.items() if sealed.expires < now]:
                del self._sealed[old]
            self._sealed[job_id] = _Sealed(expires, content)

    def take(self, job_id: str) -> Secret | None:
        """Return the password of the job and forget it; a second taker gets None, and so does one who is late."""
        with self._lock:
            sealed = self._sealed.pop(job_id, None)
        if sealed is None or sealed.expires < self._clock():
            return None
        nonce, content = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, content, _associated(job_id, sealed.expires))
        except InvalidTag:
            return None
        return Secret(plain.decode())


def _associated(job_id: str, expires: float) -> bytes:
    return f"{job_id} {expires!r}".encode()
