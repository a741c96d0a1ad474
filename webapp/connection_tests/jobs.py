"""The queue: Huey behind `start`, `submit`, `cancel` and `shutdown`.

Huey takes a job off the queue before it runs it, so a run that was cut off is not run again; and the password can be
taken once only. Consumer threads live in the web process and start after fork (the server's hooks), never in
`create_app`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huey import Huey
from huey.consumer import Consumer
from huey.storage import MemoryStorage

from webapp import probe
from webapp.config import Config
from webapp.connection_tests.progress import RunStore
from webapp.connection_tests.sealing import PasswordStore
from webapp.diagnosis import explain
from webapp.events import test_progressed
from webapp.logs import logger
from webapp.probe.report import Stage, Vantage
from webapp.text import InputError

if TYPE_CHECKING:
    from flask import Flask

    from webapp.account import MailAccount

EXPIRES_SECONDS = 45
STOP_SECONDS = 45


class _BlockingMemoryStorage(MemoryStorage):
    """Workers sleep until there is a job; the stock storage lets them poll."""

    blocking = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = threading.Condition(self._lock)

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        with self._waiting:
            super().enqueue(data, priority)
            self._waiting.notify()

    def dequeue(self) -> bytes | None:
        with self._waiting:
            if not self._queue:
                self._waiting.wait(1)
            data: bytes | None = super().dequeue()
            return data


class _EmbeddedConsumer(Consumer):
    def _set_signal_handlers(self) -> None:
        """The web server handles signals."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job needs besides the password: the account as the person answered, and whether to log in."""

    account: MailAccount
    login: bool


class Jobs:
    """The queue of one web process, with what its jobs share."""

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._config = config
        self.passwords = PasswordStore()
        self.runs = RunStore()
        self._plans: dict[str, Plan] = {}
        self._cancelled: dict[str, threading.Event] = {}
        self._huey = Huey("connection-tests", results=False, storage_class=_BlockingMemoryStorage)
        self._run_task = self._huey.task(retries=0, expires=EXPIRES_SECONDS, name="check")(self._run)
        self._consumer: _EmbeddedConsumer | None = None

    def start(self) -> None:
        """Start the consumer threads; called once, after fork."""
        threads = self._config.test_threads
        self._consumer = _EmbeddedConsumer(
            self._huey, workers=threads, periodic=False, check_worker_health=False, max_delay=0.1,
            shutdown_timeout=STOP_SECONDS,
        )  # fmt: skip
        self._tls = probe.tls_context(self._config.tls_ca_file)
        self._consumer.start()

    def submit(self, run_id: str, plan: Plan) -> None:
        """Queue the run; the queue carries its id alone."""
        self._plans[run_id] = plan
        self._cancelled[run_id] = threading.Event()
        self._run_task(run_id)

    def cancel(self, run_id: str) -> None:
        if event := self._cancelled.get(run_id):
            event.set()

    def shutdown(self) -> None:
        """Stop taking jobs and wait for those that run."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)

    def position(self) -> int:
        """Return how many jobs wait."""
        size: int = self._huey.storage.queue_size()
        return size

    def _run(self, run_id: str) -> None:
        plan = self._plans.pop(run_id, None)
        cancelled = self._cancelled.pop(run_id, None)
        password = self.passwords.take(run_id)
        run = self.runs.get(run_id)
        if plan is None or run is None or run.ended or (plan.login and password is None):
            self.runs.interrupt(run_id)
            return
        try:
            report = probe.run(
                plan.account,
                vantage=Vantage.SERVER,
                login=plan.login,
                password=password,
                tls=self._tls,
                on_stage=lambda stage: self._progress(run_id, stage),
                cancelled=cancelled,
                reference=run.report.reference,
                started_at=run.report.started_at,
            )
        except Exception as error:
            # Only the kind: a traceback with locals could hold what must not be kept.
            logger.error("connection test failed: %s", type(error).__name__)
            self.runs.interrupt(run_id)
            return
        self.runs.end(run_id, report)
        with self._app.app_context():
            found = tuple(diagnosis.id for diagnosis in explain(report))
            test_progressed.send(self._app, run=run_id, state=report.state.value, diagnosis=found)

    def _progress(self, run_id: str, stage: Stage) -> None:
        self.runs.stage(run_id, stage)
        failure = stage.failure.kind.value if stage.failure else None
        test_progressed.send(
            self._app, run=run_id, protocol=stage.protocol.value, stage=stage.stage, status=stage.status.value,
            failure=failure,
        )  # fmt: skip


def of(app: Flask) -> Jobs:
    """Return the queue of `app`; raises InputError where none was started."""
    jobs = app.extensions.get("jobs")
    if not isinstance(jobs, Jobs):
        raise InputError("no connection tests: the server did not start their queue")
    return jobs


def start(app: Flask) -> None:
    """Start the queue of `app` in this process."""
    jobs = Jobs(app, app.extensions["config"])
    jobs.start()
    app.extensions["jobs"] = jobs


def shutdown(app: Flask) -> None:
    """Let running tests end, then stop."""
    if "jobs" in app.extensions:
        of(app).shutdown()
