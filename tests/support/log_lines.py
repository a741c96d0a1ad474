"""What the program writes into its log, as JSON, with the fixture `log_lines`."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from webapp.infrastructure.logs import JsonFormatter, logger


class LogLines:
    """Call it for the lines so far."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(JsonFormatter())

    def __call__(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def text(self) -> str:
        return self._stream.getvalue()


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    made, before = LogLines(), logger.level
    logger.addHandler(made.handler)
    logger.setLevel(logging.INFO)
    yield made
    logger.removeHandler(made.handler)
    logger.setLevel(before)
