"""Background work: periodic duties and one-off jobs.

A room registers a duty with its blueprint:

    background.every(blueprint, "links-purge", 3600, purge)

The function gets the application and runs in an application context, in its own daemon thread: a slow duty delays no
other, and a hanging one does not block the end of the process. (A ThreadPoolExecutor inside it would: Python joins its
threads. A multiprocessing.pool.ThreadPool does not.) One timer thread per process looks for due duties every
LOOK_SECONDS, or at once after `wake`.

Duties are single-flight across all processes that share a database. A row of the table `leases` holds when the duty is
due again (`until`), which process runs it (`holder`) and when that lease expires (`held_until`). The timer renews the
leases of its process. If the process dies, another may take the lease after HOLD; a hanging duty keeps its lease.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Flask
from flask.sansio.app import App
from sqlalchemy import true, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.logs import logger
from webapp.infrastructure.models import Lease

Work = Callable[[Flask], object]
Seconds = Callable[[Config], int | None]

LOOK_SECONDS = 15.0
AGAIN_SECONDS = 1.0  # instead, while a woken duty runs in another process
HOLD = timedelta(seconds=60)  # TTL of a lease, several looks long
STOP_SECONDS = 10.0

PURGE = "-purge"  # suffix of the names of duties that delete expired data

LOG_SECONDS = 60

_EXTENSION = "background"


@dataclass(frozen=True, slots=True)
class Duty:
    """seconds: interval by configuration, None for never. has_work: asked before the lease is taken."""

    name: str
    seconds: Seconds
    work: Work
    has_work: Callable[[], bool]


def every(
    place: Blueprint | App, name: str, seconds: int | Seconds, work: Work, has_work: Callable[[], bool] = lambda: True
) -> None:
    """Run `work` every `seconds` in the application `place`, or in those that register the blueprint `place`."""
    if isinstance(place, Blueprint):
        place.record(lambda state: every(state.app, name, seconds, work, has_work))
        return
    of_config = seconds if callable(seconds) else lambda _config: seconds
    of(place).duties[name] = Duty(name, of_config, work, has_work)


def wake(app: App, name: str) -> None:
    """Run the duty `name` now, due or not; if it is running, once more afterwards.

    Has no effect in a process without a timer: others find the work at their next look.
    """
    here = of(app)
    here.woken.add(here.duties[name].name)
    here.noticed.set()


def run(app: App, name: str, job: Work) -> None:
    """Run `job` once in a thread with an application context; `stop` waits up to STOP_SECONDS for it."""
    of(app).begin(name, job)


def start(app: App) -> None:
    """Start the timer; call after fork, in the process that answers requests."""
    of(app).timer.start()


def stop(app: App) -> None:
    """Begin nothing new and wait up to STOP_SECONDS for running work; the rest ends with the process."""
    here, end = of(app), time.monotonic() + STOP_SECONDS
    here.stopped.set()
    here.noticed.set()
    if here.timer.ident is not None:
        here.timer.join(STOP_SECONDS)
    here.wait(end - time.monotonic())


def purges(app: App) -> list[Duty]:
    """Return the duties that delete expired data; each returns a number of rows, or numbers by name."""
    return [duty for duty in of(app).duties.values() if duty.name.endswith(PURGE)]


def of(app: App) -> Background:
    """Return the background of `app`; starts no thread."""
    if _EXTENSION not in app.extensions:
        app.extensions[_EXTENSION] = Background(app)  # type: ignore[arg-type]
        every(app, "log", LOG_SECONDS, lambda _app: db.empty_log(), lambda: not db.log_is_empty())
    found: Background = app.extensions[_EXTENSION]
    return found


class Background:
    """The duties of an application by name, and the work that runs in this process."""

    def __init__(self, app: Flask) -> None:
        self.duties: dict[str, Duty] = {}
        self.woken: set[str] = set()
        self.noticed = threading.Event()  # look now
        self.stopped = threading.Event()
        self.timer = threading.Thread(target=self._run_timer, name="timer", daemon=True)
        self._app = app
        self._holder = secrets.token_hex(8)
        self._running: set[str] = set()  # names of duties
        self._threads: set[threading.Thread] = set()

    def wait(self, seconds: float) -> None:
        """Wait up to `seconds` for the work that runs now."""
        end = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))

    def begin(self, name: str, work: Work) -> None:
        def run_and_leave() -> None:
            self._attempt(name, work)
            self._threads.discard(thread)

        thread = threading.Thread(target=run_and_leave, name=name, daemon=True)
        self._threads.add(thread)
        thread.start()

    def look(self) -> None:
        try:
            with self._app.app_context():
                if self._running:
                    renew(self._holder, self._running)
                for duty in self.duties.values():
                    if duty.name not in self._running:
                        self._begin_if_due(duty)
        except SQLAlchemyError as error:
            logger.error("background: the database does not answer: %s", db.reason(error))
        except Exception:
            logger.exception("background")

    def _begin_if_due(self, duty: Duty) -> None:
        woken = duty.name in self.woken
        self.woken.discard(duty.name)  # before has_work: later work wakes again
        seconds = duty.seconds(self._app.extensions["config"])
        if seconds is None or not duty.has_work():
            return
        if take(duty.name, seconds, self._holder, woken=woken):
            self._running.add(duty.name)
            self.begin(duty.name, lambda _app: self._perform(duty))
        elif woken:
            self.woken.add(duty.name)

    def _perform(self, duty: Duty) -> None:
        try:
            self._attempt(duty.name, duty.work)
            release(duty.name, self._holder)
        finally:
            self._running.discard(duty.name)
            if duty.name in self.woken:
                self.noticed.set()

    def _attempt(self, name: str, work: Work) -> None:
        try:
            with self._app.app_context(), db.patience():
                work(self._app)
        except SQLAlchemyError as error:
            logger.error("%s: the database does not answer: %s", name, db.reason(error))
        except Exception:
            logger.exception("%s failed", name)

    def _run_timer(self) -> None:
        while not self.stopped.is_set():
            self.look()
            waits_for_another = self.woken - self._running
            self.noticed.wait(AGAIN_SECONDS if waits_for_another else LOOK_SECONDS)
            self.noticed.clear()


def take(name: str, seconds: int, holder: str, now: datetime | None = None, *, woken: bool = False) -> bool:
    """Try to take the lease of the duty `name`; needs an application context.

    At most one holder at a time, and one per `seconds` unless `woken`.
    """
    now = now or datetime.now(UTC)
    until, held_until = now + timedelta(seconds=seconds), now + HOLD
    # A time too far in the future comes from a clock that ran ahead or a longer interval: ignore it.
    is_free = Lease.held_until.is_(None) | (Lease.held_until <= now) | (Lease.held_until > held_until + HOLD)
    is_due = true() if woken else (Lease.until <= now) | (Lease.until > until)
    values = {"until": until, "holder": holder, "held_until": held_until}
    with db.begin() as session:
        query = update(Lease).where(Lease.name == name, is_free, is_due).values(**values).returning(Lease.name)
        if session.execute(query).first() is not None:
            return True
        if session.get(Lease, name) is not None:
            return False
    try:
        with db.begin() as session:
            session.add(Lease(name=name, **values))
    except IntegrityError:  # race with another process
        return False
    return True


def renew(holder: str, names: Iterable[str], now: datetime | None = None) -> None:
    mine = (Lease.holder == holder, Lease.name.in_(list(names)))
    with db.begin() as session:
        session.execute(update(Lease).where(*mine).values(held_until=(now or datetime.now(UTC)) + HOLD))


def release(name: str, holder: str) -> None:
    """Release the lease if `holder` still has it."""
    with db.begin() as session:
        free = {"holder": None, "held_until": None}
        session.execute(update(Lease).where(Lease.name == name, Lease.holder == holder).values(**free))
