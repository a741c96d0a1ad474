"""The log: what happened, without who it was.

A request is logged by the rule that answered it (/f/<token>), never by its path or query string. Besides, every line
that leaves the process is redacted: mail addresses, IP addresses, query strings and link tokens may stand in an
exception of a library.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import sys
import time
from contextlib import suppress

from flask import Flask, Response, g, request

logger = logging.getLogger("webapp")

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})

_REDACTIONS = (
    (re.compile(r"[^\s\"'<>()\[\]{},;:=]+@[\w.-]+"), "…@…"),
    (re.compile(r"/f/[\w-]+"), "/f/…"),
    (re.compile(r"/(join/link|helpdesk/first-run)/[\w-]+"), r"/\1/…"),
    (re.compile(r"(/[\w./-]*)\?[^\s\"'<>]+"), r"\1?…"),
)
_IP_ADDRESS = re.compile(r"(?<![\w.])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)")


class RedactingFormatter(logging.Formatter):
    """Formats a record, its traceback included, and masks what names a person."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def redacted(text: str) -> str:
    """Return `text` with mail addresses, link tokens, query strings and IP addresses masked."""
    for pattern, mask in _REDACTIONS:
        text = pattern.sub(mask, text)
    return _IP_ADDRESS.sub(_masked_ip_address, text)


def _masked_ip_address(found: re.Match[str]) -> str:
    """A time of day has colons too, and loopback names nobody."""
    text = found.group().rstrip(".")
    for end in (text, text.removesuffix(":")):  # 2001:db8::1: Invalid request
        with suppress(ValueError):
            return found.group() if ipaddress.ip_address(end).is_loopback else "…" + found.group()[len(end) :]
    return found.group()


def configure(level: int = logging.INFO) -> None:
    """Send every log line of this process, libraries included, redacted to standard error: for `serve` and `worker`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in ("alembic", "huey"):
        logging.getLogger(library).setLevel(logging.WARNING)


def init_app(app: Flask) -> None:
    app.before_request(_start_clock)
    app.after_request(_log_request)


def _start_clock() -> None:
    g.started = time.monotonic()


def _log_request(response: Response) -> Response:
    started = g.get("started")
    milliseconds = round((time.monotonic() - started) * 1000) if started is not None else 0
    logger.info("%s %s %d %d ms", known(request.method), route(), response.status_code, milliseconds)
    return response


def known(method: str) -> str:
    """Return `method`, or what stands for it where somebody made it up: any word may stand there."""
    return method if method in _METHODS else "other"


def route() -> str:
    """Return what may be logged of the current request's URL: the rule that matched it."""
    return request.url_rule.rule if request.url_rule else "(no such page)"
