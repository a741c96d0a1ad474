"""Waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.02


def wait_until(condition: Callable[[], T], seconds: float = 60, what: str | Callable[[], str] = "") -> T:
    """Poll `condition` until it is true and return its result; raises TimeoutError naming `what`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what() if callable(what) else what or condition}")
        time.sleep(LOOK_SECONDS)
    return found
