"""What a connection is to us: waitress's classes, by the names under which it lets them be exchanged.

waitress takes in a whole request before a thread sees it, and sends answers without one. Here is what this site wants
beside that: a request arrives within REQUEST_SECONDS, stays in memory, and leaves no doubt where it ends; what is no
request is answered like everything else, with our headers; no word of one is logged.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar
from weakref import WeakSet

from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, Task, WSGITask
from waitress.utilities import Error, InternalServerError

from webapp.infrastructure.config import BODY_BYTES_MAX
from webapp.infrastructure.errors import bare, page_of
from webapp.infrastructure.logs import logger

REQUEST_SECONDS = 20  # from the first byte of a request to its last
HEAR_SECONDS = 2.0  # for the rest of a request that was refused
LARGE_BODIES_MAX = 16  # bodies beyond BODY_BYTES_MAX that are in memory at the same time

_TRANSFER_ENCODING = re.compile(rb"^transfer-encoding:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class RequestTimeout(Error):  # noqa: N818  waitress's own names
    code = 408
    reason = "Request Timeout"


class ServiceUnavailable(Error):  # noqa: N818
    code = 503
    reason = "Service Unavailable"


class Request(HTTPRequestParser):
    """A request on its way in; `error` is set where it must not go further."""

    large: ClassVar[WeakSet[Request]] = WeakSet()

    def __init__(self, adjustments: Adjustments) -> None:
        super().__init__(adjustments)
        self._until = time.monotonic() + REQUEST_SECONDS

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if not self.completed and time.monotonic() > self._until:
            self._refuse(RequestTimeout(""))
        elif self.error is None and self.body_bytes_received > BODY_BYTES_MAX and self not in self.large:
            if len(self.large) < LARGE_BODIES_MAX:
                self.large.add(self)
            else:
                self._refuse(ServiceUnavailable(""))
        return consumed

    def _refuse(self, error: Error) -> None:
        self.error = error
        self.completed = True

    def parse_header(self, header_plus: bytes) -> None:
        """Refuse what a proxy in front of us might read in another way, and what waitress (3.0.2) fails on."""
        try:
            super().parse_header(header_plus)
        except ValueError:  # a length of thousands of digits (int), a target that is no URL (urlsplit)
            raise ParsingError("") from None
        encodings = _TRANSFER_ENCODING.findall(header_plus)
        one_end = not encodings or ([e.lower() for e in encodings] == [b"chunked"] and self._has_one_length())
        if self.version not in ("1.0", "1.1") or not one_end:
            raise ParsingError("")

    def _has_one_length(self) -> bool:
        return self.version == "1.1" and "CONTENT_LENGTH" not in self.headers


class Answer(WSGITask):
    def build_response_header(self) -> bytes:
        if not self.channel.server.accepting:  # the server ends: the next request belongs elsewhere
            self.set_close_on_finish()
        head: bytes = super().build_response_header()
        return head

    def execute(self) -> None:
        try:
            super().execute()
        except ClientDisconnected:
            raise
        except Exception:  # what Flask did not answer; waitress would log the path
            logger.exception("a request was not answered")
            self.chunked_response = False  # no word that says it was complete
            self.close_on_finish = True
            if not self.wrote_header:
                refuse(self, InternalServerError(""))

    def set_close_on_finish(self) -> None:
        """Leave the connection open behind 304, which needs no length; waitress (3.0.2) takes that for missing."""
        if self.has_body or self.version == "1.0" or self.request.connection_close or not self.channel.server.accepting:
            super().set_close_on_finish()


class Refusal(ErrorTask):
    """The answer to what is no request of HTTP, or not one for us."""

    def execute(self) -> None:
        logger.info("no request: %d %s", self.request.error.code, self.request.error.reason)
        refuse(self, self.request.error)


class Channel(HTTPChannel):
    """A connection. `headers`: what protects every answer of the site."""

    parser_class = Request
    task_class = Answer
    error_task_class = Refusal
    headers: ClassVar[Mapping[str, str]] = {}
    will_close: bool  # of HTTPChannel
    refused = False
    _hears_until: float | None = None

    def handle_close(self) -> None:
        """Close; behind a refusal hear the rest of the request out first, or the answer would be lost with it."""
        if not (self.refused and self.will_close and self._hears_until is None):
            super().handle_close()
            return
        self._hears_until = time.monotonic() + HEAR_SECONDS
        self.will_close = False
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def readable(self) -> bool:
        return self._hears_until is not None or bool(super().readable())

    def handle_read(self) -> None:
        if self._hears_until is None:
            super().handle_read()
        elif self.recv(self.adj.recv_bytes) and time.monotonic() > self._hears_until:
            self.handle_close()

    def handle_error(self) -> None:
        """Close; waitress would log the exception, which may hold a word of the request."""
        error = sys.exception()
        logger.error("a connection failed: %s", type(error).__name__)
        self.handle_close()


def refuse(task: Task, error: Error) -> None:
    """Answer with the page that needs nothing of the application, and close the connection."""
    task.channel.refused = True
    body = str(bare(page_of(error.code))).encode()
    task.status = f"{error.code} {error.reason}"
    task.response_headers = [("Content-Type", "text/html; charset=utf-8"), *task.channel.headers.items()]
    task.complete = True
    task.content_length = len(body)
    task.set_close_on_finish()
    task.write(body)
