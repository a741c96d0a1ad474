"""How often people may test, so that GMX never has a reason to lock anybody.

Counts live in this process, keyed with a secret hash of the account or the network address; a restart forgets them.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from webapp.config import (
    BREAKER_ACCOUNTS_MIN,
    BREAKER_PAUSE_SECONDS,
    BREAKER_REFUSALS,
    BREAKER_WINDOW_SECONDS,
    CHECKS_PER_ADDRESS,
    LIMIT_WINDOW_SECONDS,
    LOGIN_TESTS_PER_ACCOUNT,
    LOGIN_TESTS_PER_ADDRESS,
    LOGIN_TESTS_PER_MINUTE,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """No test now; the next one in `seconds`."""

    seconds: float


class Limits:
    """Counts attempts in moving windows; a login test is checked and counted under one lock."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}
        self._refusals: deque[tuple[float, str]] = deque()
        self._paused_until = 0.0

    def take_login(self, account: str, address: str) -> Wait | None:
        """Count a login test of `account` from the network `address`, or say how long to wait and count nothing."""
        windows = (
            (self._hash("account", account), LOGIN_TESTS_PER_ACCOUNT, LIMIT_WINDOW_SECONDS),
            (self._hash("address", network(address)), LOGIN_TESTS_PER_ADDRESS, LIMIT_WINDOW_SECONDS),
            ("everybody", LOGIN_TESTS_PER_MINUTE, 60),
        )
        with self._lock:
            if paused := self._paused():
                return paused
            return self._take(windows)

    def take_check(self, address: str) -> Wait | None:
        """Count a check without a password."""
        with self._lock:
            return self._take(((self._hash("check", network(address)), CHECKS_PER_ADDRESS, LIMIT_WINDOW_SECONDS),))

    def logins_left(self, account: str) -> int:
        """Return how many login tests the account has in this window."""
        with self._lock:
            times = self._recent(self._hash("account", account), LIMIT_WINDOW_SECONDS)
            return max(0, LOGIN_TESTS_PER_ACCOUNT - len(times))

    def refused(self, account: str) -> None:
        """Note that GMX refused a login; many of them from several accounts switch the login test off for a while."""
        with self._lock:
            now = self._clock()
            self._refusals.append((now, self._hash("account", account)))
            while self._refusals[0][0] < now - BREAKER_WINDOW_SECONDS:
                self._refusals.popleft()
            accounts = {hashed for _, hashed in self._refusals}
            if len(self._refusals) >= BREAKER_REFUSALS and len(accounts) >= BREAKER_ACCOUNTS_MIN:
                self._paused_until = now + BREAKER_PAUSE_SECONDS

    def paused(self) -> Wait | None:
        """Say whether the login test is switched off for everybody."""
        with self._lock:
            return self._paused()

    def _paused(self) -> Wait | None:
        left = self._paused_until - self._clock()
        return Wait(left) if left > 0 else None

    def _take(self, windows: tuple[tuple[str, int, float], ...]) -> Wait | None:
        now = self._clock()
        for name, limit, seconds in windows:
            times = self._recent(name, seconds)
            if len(times) >= limit:
                return Wait(times[-limit] + seconds - now)
        for name, _, _ in windows:
            self._times[name].append(now)
        return None

    def _recent(self, name: str, seconds: float) -> deque[float]:
        times = self._times.setdefault(name, deque())
        while times and times[0] <= self._clock() - seconds:
            times.popleft()
        return times

    def _hash(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"{kind}\0{value}".encode(), "sha256").hexdigest()


def network(address: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
