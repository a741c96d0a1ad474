"""Slow work: a few at a time, ended at a deadline and when whoever asked has hung up.

    with tables.turn(wait=2.0): ...

    look = watched(45)
    for row in rows:
        look()

The threads that do it are those that answer everybody: none waits long for a turn, and none works for nobody.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import request


class BusyError(RuntimeError):
    """All turns are taken."""


class OverdueError(RuntimeError):
    """The work took longer than it may."""


class GoneError(RuntimeError):
    """Nobody waits for the work any more."""


class Turns:
    """At most `number` at a time, in this process."""

    def __init__(self, number: int) -> None:
        self._free = threading.Semaphore(number)

    @contextmanager
    def turn(self, wait: float = 0) -> Iterator[None]:
        """Hold a turn; raises BusyError where none becomes free within `wait` seconds."""
        if not self._free.acquire(timeout=wait):
            raise BusyError
        try:
            yield
        finally:
            self._free.release()


tables = Turns(2)  # tables of people, of the API and of the helpdesk


def watched(seconds: float) -> Callable[[], None]:
    """Return what to call between two pieces of work for the current request; it raises OverdueError and GoneError.

    Only servers that take in the next request meanwhile know that a client has gone; ours (waitress) does.
    """
    end = time.monotonic() + seconds
    has_gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", lambda: False)

    def look() -> None:
        if time.monotonic() > end:
            raise OverdueError
        if has_gone():
            raise GoneError

    return look
