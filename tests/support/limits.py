"""A clock for the counters, and login tests as somebody makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Ending, Limits
from webapp.infrastructure.limits.store import Answer

NUMBERS = Config()
QUARTER = timedelta(minutes=15)
DAY = timedelta(hours=24)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def login(limits: Limits, account: str, address: str, click: str, **more: Any) -> Answer:
    return limits.take_login(account, address, click, **{"provider": "gmx.net", **more})


def refuse(limits: Limits, account: str, address: str, click: str, **more: Any) -> bool:
    """Test a login that is refused; return whether it was allowed."""
    allowed = login(limits, account, address, click, **more) is None
    if allowed:
        limits.settle(click, Ending.REFUSED)
    return allowed


def at_once(asks: list[Callable[[], object]]) -> list[object]:
    """Return the answers of callers who come together."""
    answers: list[object] = []

    def ask(question: Callable[[], object]) -> None:
        answers.append(question())

    threads = [threading.Thread(target=ask, args=(question,)) for question in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(asks)
    return answers


def household(number: int) -> str:
    """Return an address in the /64 `number` of one /56."""
    return f"2001:db8:0:{number:x}::1"


def site(number: int) -> str:
    """Return an address in the /64 `number` of one /48, which has 65,536: spread over its 256 /56."""
    return f"2001:db8:1:{(number % 256) * 256 + number // 256:x}::1"
