"""What is done again and again, without anybody asking: by one thread, by one process of all that share a database.

A room says once what it wants done:

    periodic.every(blueprint, "purge", 3600, purge)

The function gets the application and runs inside an application context. A row of the table `leases` says when it is
due again, so that several processes do it once, and a restart does not begin from the start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from webapp import db
from webapp.logs import logger
from webapp.models import Lease

if TYPE_CHECKING:
    from flask import Blueprint, Flask
    from flask.sansio.app import App

    from webapp.config import Config

Work = Callable[["Flask"], object]
Seconds = Callable[["Config"], "int | None"]

LOOK_SECONDS = 15.0  # between two looks whether something is due; no duty is more frequent than a minute
STOP_SECONDS = 5.0

PURGE = "-purge"  # how the name of a duty ends that deletes what is older than it may be

_EXTENSION = "periodic"


@dataclass(frozen=True, slots=True)
class Duty:
    """`work`, every so many seconds; `seconds` of the settings may say None: never."""

    name: str
    seconds: Seconds
    work: Work


def every(blueprint: Blueprint, name: str, seconds: int | Seconds, work: Work) -> None:
    """Have `work` done every `seconds` in every application that registers `blueprint`."""
    of_config = seconds if callable(seconds) else lambda _config: seconds
    duty = Duty(name, of_config, work)
    blueprint.record(lambda state: duties(state.app).append(duty))


def duties(app: App) -> list[Duty]:
    """Return what is to be done in `app`."""
    found: list[Duty] = app.extensions.setdefault(_EXTENSION, [])
    return found


def purges(app: App) -> list[Duty]:
    """Return the duties that delete; each returns how many rows, or a number for each kind."""
    return [duty for duty in duties(app) if duty.name.endswith(PURGE)]


def take(name: str, seconds: int, config: Config, now: datetime | None = None) -> bool:
    """Return whether the duty `name` is this caller's now: to one caller at most in `seconds`, of all processes."""
    now = now or datetime.now(UTC)
    until = now + timedelta(seconds=seconds)
    with db.begin(config) as session:
        # A shortened interval counts at once: the row never makes anybody wait longer than `seconds`.
        due = (Lease.until <= now) | (Lease.until > until)
        taken = session.execute(update(Lease).where(Lease.name == name, due).values(until=until).returning(Lease.name))
        if taken.first() is not None:
            return True
        if session.get(Lease, name) is not None:
            return False
    try:
        with db.begin(config) as session:
            session.add(Lease(name=name, until=until))
    except IntegrityError:  # another process was faster
        return False
    return True


def run_due(app: Flask) -> None:
    """Do everything that is due; a failure of one duty is logged and stops no other."""
    config: Config = app.extensions["config"]
    for duty in duties(app):
        seconds = duty.seconds(config)
        if seconds is None:
            continue
        try:
            with app.app_context():
                if take(duty.name, seconds, config):
                    duty.work(app)
        except SQLAlchemyError as error:
            logger.error("%s: the database does not answer: %s", duty.name, type(error).__name__)
        except Exception:
            logger.exception("%s failed", duty.name)


class Timer:
    """The thread that looks what is due. Started after fork, in the process that runs jobs."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="periodic", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Have no new duty begun, and wait a moment for the one that runs."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            run_due(self._app)
            self._stopped.wait(LOOK_SECONDS)
