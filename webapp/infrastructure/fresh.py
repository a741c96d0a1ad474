"""In-memory values of an application: singletons, and a single-flight cache with a TTL.

    outages = Fresh(30, _read)  # at module level; each application keeps a value of its own
    outages.get()               # inside an application context

One thread reads an expired value, holding no other lock; the others get the stale one meanwhile. So a silent database
blocks one thread per value.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Generic, TypeVar

from flask import current_app

from webapp.infrastructure.logs import logger

T = TypeVar("T")


def extension(name: str, kind: type[T], make: Callable[[], T]) -> T:
    """Return `current_app.extensions[name]`, made on first use: one for all threads."""
    found = current_app.extensions.get(name)
    if not isinstance(found, kind):
        found = current_app.extensions.setdefault(name, make())
    return found


@dataclass(slots=True)
class _Kept(Generic[T]):
    """One application's value with its end, and when it expires (monotonic seconds)."""

    found: tuple[T | None, float] = (None, -inf)
    until: float = -inf
    reading: threading.Lock = field(default_factory=threading.Lock)


class Fresh(Generic[T]):
    """A value with a TTL of `seconds`, returned stale for at most `stale` seconds after it was read."""

    def __init__(self, seconds: float, read: Callable[[], T], stale: float = inf) -> None:
        self.seconds = seconds
        self.stale = stale
        self._read = read

    def get(self) -> T | None:
        """Return the value; a stale one (None if there is none) while another thread reads or after a failed read.

        Raises what reading raises if there is no stale value. A failed read is repeated after `seconds`.
        """
        kept: _Kept[T] = _values().setdefault(self, _Kept())
        if time.monotonic() >= kept.until and kept.reading.acquire(blocking=False):
            try:
                if time.monotonic() >= kept.until:
                    self._renew(kept)
            finally:
                kept.reading.release()
        value, end = kept.found
        return value if time.monotonic() < end else None

    def forget(self) -> None:
        """Invalidate: the next `get` reads, and a read under way is discarded."""
        _values().pop(self, None)

    def _renew(self, kept: _Kept[T]) -> None:
        try:
            kept.found = (self._read(), time.monotonic() + self.stale)
        except Exception as error:
            if time.monotonic() >= kept.found[1]:
                raise
            logger.error("%s failed, the stale value stays: %s", self._read.__qualname__, type(error).__name__)
        finally:
            kept.until = time.monotonic() + self.seconds


def _values() -> dict[Fresh[Any], _Kept[Any]]:
    return extension("fresh", dict, dict)
