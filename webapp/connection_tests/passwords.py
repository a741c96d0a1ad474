"""Passwords of queued tests: sealed, with a TTL of PASSWORD_SECONDS, taken once.

MemoryPasswordStore seals with a random key in memory; `redis_stores.RedisPasswordStore` seals to the workers' public
keys, so that neither Redis nor the secret key opens a password.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from webapp.core.probe import Secret
from webapp.infrastructure.config import PASSWORD_SECONDS
from webapp.infrastructure.sealing import Sealer, UnsealError


class PasswordStore(ABC):
    """Sealed passwords by run id."""

    @abstractmethod
    def put(self, run_id: str, password: Secret) -> None:
        """Store the password for PASSWORD_SECONDS."""

    @abstractmethod
    def take(self, run_id: str) -> Secret | None:
        """Return and delete the password; None if it expired or was taken."""

    @abstractmethod
    def seconds_left(self, run_id: str) -> float:
        """Return the remaining TTL; 0 if there is none."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    expires: float  # seconds of the clock
    content: bytes  # run id and expiry are associated data


class MemoryPasswordStore(PasswordStore):
    """In memory, sealed with a random key of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._sealer = Sealer.random()
        self._clock = clock
        self._lock = threading.Lock()
        self._sealed: dict[str, _Sealed] = {}
        self._timer: threading.Timer | None = None

    def put(self, run_id: str, password: Secret) -> None:
        expires = self._clock() + PASSWORD_SECONDS
        content = self._sealer.seal(password.reveal().encode(), associated(run_id, expires))
        with self._lock:
            self._sealed[run_id] = _Sealed(expires, content)
            self._set_timer()

    def take(self, run_id: str) -> Secret | None:
        with self._lock:
            sealed = self._sealed.pop(run_id, None)
        if sealed is None or sealed.expires < self._clock():
            return None
        try:
            plain = self._sealer.open(sealed.content, associated(run_id, sealed.expires))
        except UnsealError:
            return None
        return Secret(plain.decode())

    def _set_timer(self) -> None:
        """Delete expired passwords on time, without a further call; needs the lock."""
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

    def seconds_left(self, run_id: str) -> float:
        with self._lock:
            sealed = self._sealed.get(run_id)
        return 0.0 if sealed is None else max(0.0, sealed.expires - self._clock())


def associated(run_id: str, expires: float) -> bytes:
    """Return the associated data of a sealed password."""
    return f"{run_id} {expires!r}".encode()
