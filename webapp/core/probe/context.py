"""What both sides of a run share: its report, its deadline, the result of the POP3 login."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace

from webapp.core.account import Username
from webapp.core.probe.bounds import BOUNDS, Bounds
from webapp.core.probe.connection import Clock, tls_context
from webapp.core.probe.redaction import Redaction
from webapp.core.probe.report import Mailbox, Report, RunState, Stage
from webapp.core.probe.secret import Secret

log = logging.getLogger(__name__)


class Recorder:
    """Builds the report of a run; thread-safe, because both protocols write to it."""

    def __init__(self, report: Report, on_stage: Callable[[Stage], None] | None) -> None:
        self._lock = threading.Lock()
        self._on_stage = on_stage
        self._report = report  # as planned
        self._stages = {(stage.protocol, stage.stage): stage for stage in report.all_stages}
        self._password_sent = report.password_sent
        self._mailbox = report.mailbox
        self.unanswered = False  # the password was sent, without an intelligible reply
        self.cancelled = False

    @property
    def report(self) -> Report:
        with self._lock:
            begun, known = self._report, tuple(self._stages.values())
            own = len(begun.stages)
            circle = begun.circle and replace(begun.circle, stages=known[own:])
            return replace(
                begun, stages=known[:own], circle=circle, password_sent=self._password_sent, mailbox=self._mailbox
            )

    def stage(self, stage: Stage) -> None:
        with self._lock:
            self._stages[stage.protocol, stage.stage] = stage
            if self._on_stage is None:
                return
            try:
                self._on_stage(stage)
            except Exception as error:
                # A failing callback must not end a run: it may be in the middle of a login.
                log.warning("nobody was told of %s %s: %s", stage.protocol.value, stage.stage, type(error).__name__)

    @property
    def ended(self) -> Report:
        """The report with the state in which the run has ended."""
        report = self.report
        if self.unanswered:
            return replace(report, state=RunState.UNKNOWN)
        if self.cancelled:
            return replace(report, state=RunState.CANCELLED)
        return replace(report, state=RunState.FAILED if report.failures() else RunState.PASSED)

    def password_sent(self) -> None:
        with self._lock:
            self._password_sent = True

    def mailbox(self, mailbox: Mailbox) -> None:
        with self._lock:
            self._mailbox = mailbox


class LoginResult:
    """Whether POP3 accepted the login: set once by POP3, awaited by SMTP."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._open = False

    def set(self, opened: bool) -> None:
        """Set the result; only the first call counts."""
        if not self._known.is_set():
            self._open = opened
            self._known.set()

    def wait(self, clock: Clock) -> bool:
        """Wait for the result; False after the deadline. Raises Cancelled."""
        for wait in clock.waits(clock.left):
            if self._known.wait(wait):
                return self._open
        return False


class RunContext:
    """What both protocols of a run share. password: None for no login."""

    def __init__(
        self,
        recorder: Recorder,
        clock: Clock,
        bounds: Bounds = BOUNDS,
        *,
        password: Secret | None = None,
        tls: ssl.SSLContext | None = None,
        login: Username = Username.ADDRESS,
    ) -> None:
        self.recorder = recorder
        self.clock = clock
        self.bounds = bounds
        self.password = password
        self.tls = tls or tls_context()
        self.address = recorder.report.address
        self.login = login
        self.user = login.of(self.address)
        self.pop3_login = LoginResult()
        self.redact = Redaction(self.address, password, self.user)
