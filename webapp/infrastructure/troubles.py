"""The known troubles of mail programs in force: ours, and those of the operator's file."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask import Flask

from webapp.core import troubles
from webapp.infrastructure.config import Config


def _today() -> date:
    return datetime.now(UTC).date()


def init_app(app: Flask, config: Config, today: Callable[[], date] = _today) -> None:
    """Read them, and give every template `troubles_of(program, version)`; raises InputError for a broken file."""
    known = troubles.load(config.troubles_file)

    def troubles_of(program: str | None, version: str = "") -> tuple[troubles.Trouble, ...]:
        return troubles.shown(known, program, today(), version) if program else ()

    app.context_processor(lambda: {"troubles_of": troubles_of})
