"""`Engine`, the interface that queues runs, and `Runner`, what a worker thread does with one.

Callers put a run into `runs` and its password into `passwords`, then `submit` it. `jobs.EmbeddedEngine` works in this
process, `redis_engine.RedisEngine` queues for worker processes. Both use Huey, which delivers at most once: a run that
was cut off is not repeated. The store guarantees that too: a run begins once.

The queue carries run id and plan, sealed. A plan names a provider, never a host.
"""

import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask

from webapp.connection_tests.passwords import PasswordStore
from webapp.connection_tests.progress import Run, RunStore
from webapp.core import probe
from webapp.core.account import MailAccount
from webapp.core.diagnosis import explain
from webapp.core.probe import FailureKind, Report, RunState, Stage, Vantage, circle
from webapp.core.providers import Provider
from webapp.infrastructure import logs
from webapp.infrastructure.config import Config, current_providers
from webapp.infrastructure.events import test_progressed
from webapp.infrastructure.limits import Ending, Limits, LimitsUnavailableError

EXPIRES_SECONDS = 45  # time-out of a queued run
GRACE_SECONDS = 5  # after a run's own time-out, until it counts as interrupted
STOP_SECONDS = 95  # for running tests to end; a full circle takes 90 at most
PLACEHOLDER_ADDRESS = "x@test.invalid"  # of checks without login, which are shared


class UnavailableError(RuntimeError):
    """There is no worker. Nothing was tried."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run tests.

    strip: remove blanks around the password, as the person asked. circle: also send a mail and look for it.
    """

    provider: str
    address: str
    login: bool = False
    strip: bool = False
    circle: bool = False

    @property
    def seconds(self) -> float:
        """Time-out of a run."""
        if self.circle:
            return probe.BOUNDS.circle
        return probe.BOUNDS.run_with_login if self.login else probe.BOUNDS.run

    def account(self, providers: Mapping[str, Provider]) -> MailAccount:
        """Return the account to test; raises KeyError for an unknown provider."""
        return providers[self.provider].account(self.address)

    def run(self, run_id: str, providers: Mapping[str, Provider]) -> Run:
        """Return a queued run of this plan."""
        account = self.account(providers)
        if self.circle:
            report = circle.planned(account, vantage=Vantage.SERVER)
        else:
            report = probe.planned(account, vantage=Vantage.SERVER, login=self.login)
        now = time.time()
        return Run(run_id, report, queued_at=now, deadline=now + EXPIRES_SECONDS)


@dataclass(frozen=True, slots=True)
class Load:
    """What an engine has to do. workers: processes. waiting, running: tests, in all of them."""

    workers: int
    waiting: int
    running: int


class Engine(ABC):
    """Queues runs for worker threads. Methods raise UnavailableError if there is no worker."""

    runs: RunStore
    passwords: PasswordStore

    @abstractmethod
    def start(self) -> None:
        """Start; called once, after fork."""

    @abstractmethod
    def check_ready(self) -> None:
        """Raise UnavailableError if there is no worker."""

    def check_well(self) -> None:
        """Raise what stands against a test, for those who watch the site; waits for seconds at most."""
        self.check_ready()

    @abstractmethod
    def load(self) -> Load:
        """Return what there is to do; raises UnavailableError where nothing was started."""

    @abstractmethod
    def submit(self, run_id: str, plan: Plan) -> None:
        """Queue the run, which is in `runs` already, with its password in `passwords`."""

    @abstractmethod
    def shutdown(self) -> float | None:
        """Take no more runs and wait for those that are under way in this process.

        Returns when the last one ended (time.monotonic()); None where none ran here.
        """

    @abstractmethod
    def _interrupt(self, run_id: str) -> None:
        """Ask the thread of the run to stop."""

    def cancel(self, run_id: str) -> None:
        """End a queued or running run; idempotent."""
        if self.runs.end(run_id, RunState.CANCELLED, waiting=True):
            self.passwords.take(run_id)
        else:
            self._interrupt(run_id)

    def stop_for(self, run_id: str, *, forget: bool = False) -> None:
        """End the run for one person; a shared run goes on while it has other followers.

        forget: delete a run that is not shared. A shared one contains no personal data.
        """
        run = self.runs.get(run_id)
        shared = run is not None and run.shared
        if run is None or not run.ended:  # None: deleted, or sealed with a key unknown here
            target = self.runs.leave(run_id) if shared else run_id
            if target is not None:
                self.cancel(target)
        if forget and not shared:
            self.runs.forget(run_id)


class Runner:
    """Runs tests in the threads of one process."""

    def __init__(self, app: Flask, config: Config, runs: RunStore, passwords: PasswordStore) -> None:
        self._app = app
        self._runs = runs
        self._passwords = passwords
        self._limits: Limits = app.extensions["limits"]
        self._tls: ssl.SSLContext = probe.tls_context(config.tls_ca_file)
        self._cancelled: dict[str, threading.Event] = {}
        self.last_end: float | None = None  # of a run, by time.monotonic()

    @property
    def running(self) -> int:
        """How many runs are under way in this process."""
        return len(self._cancelled)

    def interrupt(self, run_id: str) -> None:
        """Ask the run's thread to stop; does nothing if it is in another process."""
        if event := self._cancelled.get(run_id):
            event.set()

    def work(self, run_id: str, plan: Plan) -> None:
        """Run the test, once. Raises nothing: a traceback could contain the password."""
        cancelled = self._cancelled[run_id] = threading.Event()
        try:
            with self._app.app_context():
                self._work(run_id, plan, cancelled)
        except Exception as error:
            logs.logger.error("connection test failed: %s", type(error).__name__)
            self._give_up(run_id)
        finally:
            self._cancelled.pop(run_id, None)
            self.last_end = time.monotonic()

    def _give_up(self, run_id: str) -> None:
        try:
            if self._runs.end(run_id, RunState.INTERRUPTED) and (run := self._runs.get(run_id)):
                with self._app.app_context():
                    self._announce(run)
        except Exception as error:  # it reads as interrupted once its deadline has passed
            logs.logger.error("the end of a connection test was not noted: %s", type(error).__name__)

    def _work(self, run_id: str, plan: Plan, cancelled: threading.Event) -> None:
        run = self._runs.begin(run_id, time.time() + plan.seconds + GRACE_SECONDS)
        if run is None:  # leave the password: another delivery may be about to take it
            late = self._runs.get(run_id)
            if late is not None and late.state in (RunState.EXPIRED, RunState.CANCELLED):
                self._settle(run_id, late.report)
            if late is not None:
                announce_end(self._app, self._runs, late)
            return
        logs.mark(run.report.reference)
        password = self._passwords.take(run_id) if plan.login else None
        if plan.login and password is None:
            self._settle(run_id, run.report)
            self._runs.end(run_id, RunState.EXPIRED)
        elif plan.login and not self._limits.begin(run_id):  # somebody has put it back into the queue
            self._runs.end(run_id, RunState.EXPIRED)
        else:
            if password is not None and plan.strip:
                password = probe.Secret(password.reveal().strip())
            report = self._probe(run, plan, password, cancelled)
            self._settle(run_id, report)
            self._runs.end(run_id, report.state, report)
        ended = self._runs.get(run_id)
        if ended is not None:
            self._announce(ended)

    def _probe(self, run: Run, plan: Plan, password: probe.Secret | None, cancelled: threading.Event) -> Report:
        providers = current_providers()
        account = plan.account(providers)
        shared: dict[str, Any] = {
            "vantage": Vantage.SERVER, "tls": self._tls, "on_stage": lambda stage: self._progress(run, stage),
            "cancelled": cancelled, "reference": run.report.reference, "started_at": run.report.started_at,
        }  # fmt: skip
        if plan.circle and password is not None:
            seconds = providers[plan.provider].seconds_between_pop3_logins
            return circle.run(account, password=password, seconds_between=seconds, bounds=probe.BOUNDS, **shared)
        return probe.run(account, login=plan.login, password=password, **shared)

    def _progress(self, run: Run, stage: Stage) -> None:
        """Callback of the probe's two threads."""
        self._runs.stage(run.id, stage)
        with self._app.app_context():
            self._announce(run, stage)

    def _announce(self, run: Run, stage: Stage | None = None) -> None:
        for follower in self._runs.followers(run.id):
            announce(self._app, replace(run, id=follower), stage)

    def _settle(self, run_id: str, report: Report) -> None:
        """Tell the limits how a login test ended. A test that is never settled counts as refused."""
        if report.login:
            try:
                self._limits.settle(run_id, _ending(report))
            except LimitsUnavailableError as error:
                logs.logger.error("the end of a login test was not counted: %s", error)


def _ending(report: Report) -> Ending:
    if not report.password_sent:
        return Ending.NOT_SENT
    if any(stage.failure.kind is FailureKind.AUTHENTICATION_FAILED for stage in report.failures() if stage.failure):
        return Ending.REFUSED
    return Ending.UNKNOWN if report.state is RunState.UNKNOWN else Ending.ANSWERED


def announce_end(app: Flask, runs: RunStore, run: Run) -> None:
    """Tell of a run that ended by time, once: whoever reads it first does, because nobody else was there."""
    if run.state in (RunState.EXPIRED, RunState.INTERRUPTED):
        for known_as in runs.close(run.id):
            announce(app, replace(run, id=known_as))


def announce(app: Flask, run: Run, stage: Stage | None = None) -> None:
    """Send `test_progressed`; needs an application context. A failing receiver does not affect the run."""
    logs.mark(run.report.reference)
    if stage is None:
        logs.logger.info("connection test: %s", run.state.value)
    diagnoses: tuple[str, ...] = ()
    if run.ended:
        diagnoses = tuple(d.id for d in explain(run.report, current_providers().get(run.report.provider)))
    try:
        test_progressed.send(
            app,
            run=run.id,
            state=run.state.value,
            protocol=stage.protocol.value if stage else None,
            stage=stage.stage if stage else None,
            status=stage.status.value if stage else None,
            failure=stage.failure.kind.value if stage and stage.failure else None,
            diagnosis=diagnoses,
        )
    except Exception as error:
        logs.logger.error("a receiver of test_progressed failed: %s", type(error).__name__)
