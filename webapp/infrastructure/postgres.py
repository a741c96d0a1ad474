"""Connections to PostgreSQL that wait for seconds, not for ever, and few threads that wait.

A server that died without a word, a paused machine or a firewall that forgot a connection answer nothing. No time-out
of the server or of TCP ends that for sure, so every statement has one here, in the client. While the server is silent
one thread tries at a time and the others are refused at once: a silent database holds up few threads, for seconds.

No start-up `options`: pgbouncer refuses them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout, _WaitTimeout
from sqlalchemy import Engine, event

CONNECT_SECONDS = 2  # the least that psycopg takes
PAUSE_SECONDS = 1.0  # after a time-out, until somebody tries again
SERVER_SECONDS = 120  # after which the server itself gives a statement up, where we are gone

# Of libpq, all on our side.
_PARAMETERS = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}

_SETTINGS = (
    f"SET statement_timeout = '{SERVER_SECONDS}s'; SET idle_in_transaction_session_timeout = '{SERVER_SECONDS}s'"
)


class SilentError(psycopg.OperationalError):
    """The server did not answer in time, or did not answer somebody else a moment ago."""


class PatientConnection(psycopg.Connection[Any]):
    """Ends itself with a statement that takes longer than `gate.seconds()`."""

    gate: Gate

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        seconds = self.gate.seconds() if timeout is None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=seconds)
        except _WaitTimeout:
            self.close()  # what comes later would be taken for the answer to the next statement
            self.gate.note_silence()
            raise SilentError(f"no answer within {seconds} s") from None


class Gate:
    """Where an engine's new connections come from. seconds: returns how long a statement may take, None for ever."""

    def __init__(self, seconds: Callable[[], float | None]) -> None:
        self.seconds = seconds
        self._trying = threading.Lock()
        self._again_at: float | None = None  # while the server is silent: when to try again

    def note_silence(self) -> None:
        self._again_at = time.monotonic() + PAUSE_SECONDS

    def connect(self, *words: Any, **values: Any) -> PatientConnection:
        if self._again_at is None:
            return self._try(*words, **values)
        if time.monotonic() < self._again_at or not self._trying.acquire(blocking=False):
            raise SilentError("no answer to somebody else a moment ago")
        try:
            return self._try(*words, **values)
        finally:
            self._trying.release()

    def _try(self, *words: Any, **values: Any) -> PatientConnection:
        """Connect and hear an answer: a connection alone proves nothing, because a pooler may have accepted it."""
        try:
            connection: PatientConnection = PatientConnection.connect(*words, **values)
        except ConnectionTimeout:
            self.note_silence()
            raise
        connection.gate = self
        try:
            connection.execute(_SETTINGS)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        self._again_at = None
        return connection


def parameters(of_operator: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters of a connection, without those that the operator's URL has."""
    return {name: value for name, value in _PARAMETERS.items() if name not in of_operator}


def guard(engine: Engine, seconds: Callable[[], float | None]) -> None:
    """Let `engine` connect through a gate of its own."""
    gate = Gate(seconds)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, words: Any, values: Any) -> PatientConnection:
        return gate.connect(*words, **values)
