"""How many requests a caller has in a minute: a network address, or the key it sends.

Counted in this process alone, by whole minutes, and forgotten with the minute: enough to keep the site for people when
a program runs wild. What protects accounts at GMX is counted elsewhere, for all processes and for longer
(`webapp.connection_tests.limits`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

WINDOW_SECONDS = 60


class RequestLimits:
    """Counts requests by caller within the current minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[str, int] = {}

    def take(self, caller: str, limit: int) -> int | None:
        """Count a request of `caller`: None where it may go on, else the seconds until it may ask again."""
        now = self._clock()
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window = window
                self._counts = {}
            count = self._counts.get(caller, 0)
            if count >= limit:
                return max(1, round((window + 1) * WINDOW_SECONDS - now))
            self._counts[caller] = count + 1
        return None
