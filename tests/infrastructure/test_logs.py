"""Lines of the log: text or JSON, times in UTC, one id for all that belongs to one test."""

from __future__ import annotations

import io
import logging
import re
import sys

import pytest
from flask import Flask

from tests.support.log_lines import LogLines
from webapp.infrastructure import logs
from webapp.infrastructure.logs import logger


def test_a_line_of_json_is_whole_and_names_nobody(log_lines: LogLines) -> None:
    logs.mark("7Q2M4KXD")
    try:
        raise ValueError("anna@gmx.de from 203.0.113.7")
    except ValueError:
        logger.exception("mail of anna@gmx.de")
    (line,) = log_lines()
    assert line.keys() == {"time", "level", "logger", "id", "message", "error"}
    assert (line["level"], line["logger"], line["id"]) == ("ERROR", "webapp", "7Q2M4KXD")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert "Traceback" in line["error"]
    assert "anna" not in log_lines.text
    assert "203.0.113.7" not in log_lines.text


def test_a_line_of_text_has_time_with_zone_and_id(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.configure("text")
        logs.mark("7Q2M4KXD")
        logger.info("a line")
        logs.mark("")
        logger.info("another")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(r"\S+Z INFO webapp 7Q2M4KXD: a line", first)
    assert second.endswith("Z INFO webapp: another")


def test_each_request_has_an_id_of_its_own(app: Flask, log_lines: LogLines) -> None:
    for _ in range(2):
        app.test_client().get("/healthz")
    first, second = (line["id"] for line in log_lines())
    assert len(first) == len(second) == 8
    assert first != second
