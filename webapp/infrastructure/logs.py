"""Logging without personal data.

A request is logged by its URL rule (/f/<token>), never by path or query string. In addition every line is redacted:
exceptions of libraries may contain mail addresses, IP addresses, query strings and link tokens.
"""

import ipaddress
import json
import logging
import re
import sys
import time
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime

from flask import Flask, Response, g, request

from webapp.core.text import new_reference

logger = logging.getLogger("webapp")

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})

_REDACTIONS = (
    (re.compile(r"[^\s\"'<>()\[\]{},;:=]+@[\w.-]+"), "…@…"),
    (re.compile(r"/f/[\w-]+"), "/f/…"),
    (re.compile(r"/(join/link|helpdesk/first-run)/[\w-]+"), r"/\1/…"),
    (re.compile(r"(/[\w./-]*)\?[^\s\"'<>]+"), r"\1?…"),
)
_IP_ADDRESS = re.compile(r"(?<![\w.])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)")


_about: ContextVar[str] = ContextVar("what a line is about", default="")


class RedactingFormatter(logging.Formatter):
    """Formats a record with its traceback and masks personal data. Times are UTC."""

    def format(self, record: logging.LogRecord) -> str:
        record.about = f" {_about.get()}" if _about.get() else ""
        return redacted(super().format(record))

    def formatTime(self, record: logging.LogRecord, _format: str | None = None) -> str:  # noqa: N802  of logging
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonFormatter(RedactingFormatter):
    """The same as a line of JSON: time, level, logger, id ("" for none), message, error (a traceback, or null)."""

    def format(self, record: logging.LogRecord) -> str:
        error = self.formatException(record.exc_info) if record.exc_info else None
        values = {
            "time": self.formatTime(record), "level": record.levelname, "logger": record.name, "id": _about.get(),
            "message": redacted(record.getMessage()), "error": error and redacted(error),
        }  # fmt: skip
        return json.dumps(values, ensure_ascii=False)


def mark(reference: str) -> None:
    """Let the further lines of this request or job carry `reference`: that of a test is the same in every process."""
    _about.set(reference)


def redacted(text: str) -> str:
    """Return `text` with mail addresses, link tokens, query strings and IP addresses masked."""
    for pattern, mask in _REDACTIONS:
        text = pattern.sub(mask, text)
    return _IP_ADDRESS.sub(_masked_ip_address, text)


def _masked_ip_address(found: re.Match[str]) -> str:
    """Mask an IP address, but no time of day, which has colons too, and no loopback address."""
    text = found.group().rstrip(".")
    for end in (text, text.removesuffix(":")):  # 2001:db8::1: Invalid request
        with suppress(ValueError):
            return found.group() if ipaddress.ip_address(end).is_loopback else "…" + found.group()[len(end) :]
    return found.group()


def configure(kind: str = "text", level: int = logging.INFO) -> None:
    """Log everything, libraries included, redacted to standard error: for `serve` and `worker`. kind: text or json."""
    handler = logging.StreamHandler(sys.stderr)
    text = RedactingFormatter("%(asctime)s %(levelname)s %(name)s%(about)s: %(message)s")
    handler.setFormatter(JsonFormatter() if kind == "json" else text)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in ("alembic", "huey", "waitress"):  # waitress's lines of INFO hold paths
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for each request that waits


def init_app(app: Flask) -> None:
    app.before_request(_start_clock)
    app.after_request(_log_request)


def _start_clock() -> None:
    g.started = time.monotonic()
    mark(new_reference())


def _log_request(response: Response) -> Response:
    started = g.get("started")
    milliseconds = round((time.monotonic() - started) * 1000) if started is not None else 0
    logger.info("%s %s %d %d ms", known(request.method), route(), response.status_code, milliseconds)
    return response


def known(method: str) -> str:
    """Return `method` if it is a known one, else a placeholder: clients may send any word."""
    return method if method in _METHODS else "other"


def route() -> str:
    """Return the URL rule of the current request, for logs and metrics."""
    return request.url_rule.rule if request.url_rule else "(no such page)"
