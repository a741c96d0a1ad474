"""The applications of the bench, for any number of processes: nothing is locked, nothing is limited."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from webapp import create_app, db
from webapp.config import Config


def ours() -> Flask:
    """Return the wizard; `serve` allows one process per data folder, which does not matter to what holds no state."""
    return create_app(_config(Path(os.environ["BENCH_DATA"])))


def upgrade(folder: Path) -> None:
    """Make the database of `ours` in `folder`, once for all its processes."""
    db.upgrade(_config(folder))
    db.dispose()


def _config(folder: Path) -> Config:
    return Config(
        data_dir=folder, secret_key="a key for the bench, and for nothing else", api_requests_per_minute=10_000_000
    )


def hello() -> Flask:
    """Return the least that Flask can do: the floor."""
    app = Flask("hello")

    @app.get("/")
    def index() -> str:
        return "hello"

    return app
