"""The seam behind which runs are carried to the threads that work on them, and what such a thread does.

`Engine` is all that the pages know: put a run into its store, the password into its own, then `submit`; `cancel`;
`shutdown`. `jobs.EmbeddedEngine` works in this process, `redis_engine.RedisEngine` hands on to worker processes. Both
use Huey, which takes a job off the queue before it runs it: a run that was cut off is not run again. The store guards
against that too: a run begins once.

The queue carries the id of a run and its plan, sealed. The plan names a provider and no host.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from huey import Huey
from huey.consumer import Consumer
from huey.registry import Message as HueyMessage
from huey.serializer import Serializer

from webapp import probe
from webapp.config import Config, current_providers
from webapp.connection_tests.limits import Limits, LimitsUnavailableError
from webapp.connection_tests.progress import Run, RunStore
from webapp.connection_tests.sealing import PasswordStore, Sealer
from webapp.diagnosis import explain
from webapp.events import test_progressed
from webapp.logs import logger
from webapp.probe import circle
from webapp.probe.report import FailureKind, Report, RunState, Stage, Vantage

if TYPE_CHECKING:
    from flask import Flask

    from webapp.account import MailAccount
    from webapp.providers import Provider

EXPIRES_SECONDS = 45  # that a run may wait for a thread
GRACE_SECONDS = 5  # beyond a run's own time, until it is taken for interrupted
STOP_SECONDS = 95  # for running tests to end; a full circle takes 90 at most
NOBODY = "x@test.invalid"  # whose check it is where no login is made: everybody's


class UnavailableError(RuntimeError):
    """Nobody is there to run a test. Nothing was tried."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to test: an account by its address and provider, whether to log in, and what to do with blanks.

    strip: take the blanks around the password away, as the person said. circle: send a mail too, and look for it.
    """

    provider: str
    address: str
    login: bool = False
    strip: bool = False
    circle: bool = False

    @property
    def seconds(self) -> float:
        """How long a run of this plan takes at most."""
        if self.circle:
            return probe.LIMITS.circle
        return probe.LIMITS.run_with_login if self.login else probe.LIMITS.run

    def account(self, providers: Mapping[str, Provider]) -> MailAccount:
        """Return the account, its servers from provider data; raises KeyError for a provider that is not there."""
        return providers[self.provider].account(self.address)

    def run(self, run_id: str, providers: Mapping[str, Provider]) -> Run:
        """Return the run of this plan, waiting."""
        account = self.account(providers)
        if self.circle:
            report = circle.planned(account, vantage=Vantage.SERVER)
        else:
            report = probe.planned(account, vantage=Vantage.SERVER, login=self.login)
        now = time.time()
        return Run(run_id, report, queued_at=now, deadline=now + EXPIRES_SECONDS)


class Engine(ABC):
    """Carries runs to the threads that work on them. Methods raise UnavailableError where nobody can be reached."""

    runs: RunStore
    passwords: PasswordStore

    @abstractmethod
    def start(self) -> None:
        """Begin; called once, after fork."""

    @abstractmethod
    def check_ready(self) -> None:
        """Raise UnavailableError where nobody would work on a run."""

    @abstractmethod
    def submit(self, run_id: str, plan: Plan) -> None:
        """Queue the run; it lies in `runs` already, and its password in `passwords`."""

    @abstractmethod
    def shutdown(self) -> None:
        """Take no more runs and wait for those that are under way."""

    @abstractmethod
    def _interrupt(self, run_id: str) -> None:
        """Tell the thread that works on the run to stop."""

    def cancel(self, run_id: str) -> None:
        """End the run, whether it waits or is under way; one that has ended stays as it is."""
        if self.runs.end(run_id, RunState.CANCELLED, waiting=True):
            self.passwords.take(run_id)
        else:
            self._interrupt(run_id)

    def stop_for(self, run_id: str, *, forget: bool = False) -> None:
        """End the run for the person who knows it by `run_id`; a shared one goes on while others look at it.

        forget: keep nothing of a run that is theirs alone. A shared one names nobody.
        """
        run = self.runs.get(run_id)
        if run is None:
            return
        if not run.ended:
            target = self.runs.leave(run_id) if run.shared else run_id
            if target is not None:
                self.cancel(target)
        if forget and not run.shared:
            self.runs.forget(run_id)


class Runner:
    """What a thread does with a run."""

    def __init__(self, app: Flask, config: Config, runs: RunStore, passwords: PasswordStore) -> None:
        self._app = app
        self._runs = runs
        self._passwords = passwords
        self._limits = Limits(config)
        self._tls: ssl.SSLContext = probe.tls_context(config.tls_ca_file)
        self._cancelled: dict[str, threading.Event] = {}

    def interrupt(self, run_id: str) -> None:
        """Tell the thread that works on the run to stop, if it is one of this process."""
        if event := self._cancelled.get(run_id):
            event.set()

    def work(self, run_id: str, plan: Plan) -> None:
        """Take the run once, and to its end. Raises nothing: a traceback could hold what must not be kept."""
        cancelled = self._cancelled[run_id] = threading.Event()
        try:
            with self._app.app_context():
                self._work(run_id, plan, cancelled)
        except Exception as error:
            logger.error("connection test failed: %s", type(error).__name__)
            self._give_up(run_id)
        finally:
            self._cancelled.pop(run_id, None)

    def _give_up(self, run_id: str) -> None:
        try:
            self._runs.end(run_id, RunState.INTERRUPTED)
        except Exception as error:  # it reads as interrupted when its time is over
            logger.error("the end of a connection test was not noted: %s", type(error).__name__)

    def _work(self, run_id: str, plan: Plan, cancelled: threading.Event) -> None:
        run = self._runs.begin(run_id, time.time() + plan.seconds + GRACE_SECONDS)
        if run is None:  # not ours to take the password then: another delivery may be about to
            late = self._runs.get(run_id)
            if late is not None and late.state is RunState.EXPIRED:
                self._tell_end(late)
            return
        password = self._passwords.take(run_id) if plan.login else None
        if plan.login and password is None:
            self._runs.end(run_id, RunState.EXPIRED)
        else:
            if password is not None and plan.strip:
                password = probe.Secret(password.reveal().strip())
            report = self._probe(run, plan, password, cancelled)
            self._count_refusal(report)
            self._runs.end(run_id, report.state, report)
        ended = self._runs.get(run_id)
        if ended is not None:
            self._tell_end(ended)

    def _probe(self, run: Run, plan: Plan, password: probe.Secret | None, cancelled: threading.Event) -> Report:
        providers = current_providers()
        if plan.circle and password is not None:
            return circle.run(
                plan.account(providers),
                vantage=Vantage.SERVER,
                password=password,
                seconds_between=providers[plan.provider].seconds_between_pop3_logins,
                tls=self._tls,
                on_stage=lambda stage: self._progress(run, stage),
                cancelled=cancelled,
                limits=probe.LIMITS,
                reference=run.report.reference,
                started_at=run.report.started_at,
            )
        return probe.run(
            plan.account(providers),
            vantage=Vantage.SERVER,
            login=plan.login,
            password=password,
            tls=self._tls,
            on_stage=lambda stage: self._progress(run, stage),
            cancelled=cancelled,
            reference=run.report.reference,
            started_at=run.report.started_at,
        )

    def _progress(self, run: Run, stage: Stage) -> None:
        """Called from two threads of the probe."""
        self._runs.stage(run.id, stage)
        with self._app.app_context():
            for follower in self._runs.followers(run.id):
                tell(self._app, replace(run, id=follower), stage)

    def _tell_end(self, run: Run) -> None:
        for follower in self._runs.followers(run.id):
            tell(self._app, replace(run, id=follower))

    def _count_refusal(self, report: Report) -> None:
        kinds = {stage.failure.kind for stage in report.failures() if stage.failure}
        if report.login and FailureKind.AUTHENTICATION_FAILED in kinds:
            try:
                self._limits.refused(report.address)
            except LimitsUnavailableError as error:
                logger.error("a refusal was not counted: %s", error)


def tell(app: Flask, run: Run, stage: Stage | None = None) -> None:
    """Send `test_progressed`; needs an application context. Who listens cannot disturb a run."""
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
        logger.error("nobody was told of a connection test: %s", type(error).__name__)


class SealedSerializer(Serializer):
    """What lies in the queue: JSON, sealed. Huey's own way is pickle: whoever writes to the queue would run code."""

    def __init__(self, sealer: Sealer) -> None:
        super().__init__()
        self._sealer = sealer

    def _serialize(self, data: Any) -> bytes:
        return self._sealer.seal([data.id, data.name, list(data.args)], "job")

    def _deserialize(self, data: bytes) -> HueyMessage:
        identifier, name, arguments = self._sealer.open(data, "job")
        return HueyMessage(id=identifier, name=name, retries=0, args=tuple(arguments), kwargs={})


class Queue(Huey):
    """Huey with what all engines share: no results, no retries, no schedule, nothing revoked."""

    def __init__(self, storage: Callable[..., Any], sealer: Sealer, **settings: Any) -> None:
        super().__init__(
            "connection-tests", results=False, storage_class=storage, serializer=SealedSerializer(sealer), **settings
        )
        self.worker: Runner | None = None  # where runs are only handed on, nobody works here

        def check(run_id: str, plan: str) -> None:
            if self.worker is not None:
                self.worker.work(run_id, Plan(**json.loads(plan)))

        self._check = self.task(retries=0, name="check")(check)

    def is_revoked(self, *_: Any, **__: Any) -> bool:
        return False  # without asking the storage before each job

    def submit(self, run_id: str, plan: Plan) -> None:
        self._check(run_id, json.dumps(asdict(plan)))


class QuietConsumer(Consumer):
    """Consumer threads in a process that is not Huey's: it handles signals by itself."""

    def __init__(self, queue: Queue, threads: int) -> None:
        super().__init__(
            queue, workers=threads, periodic=False, check_worker_health=False, max_delay=1.0,
            scheduler_interval=60, shutdown_timeout=STOP_SECONDS,
        )  # fmt: skip

    def _set_signal_handlers(self) -> None:
        """The process has its own."""
