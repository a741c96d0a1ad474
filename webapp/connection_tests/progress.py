"""What is known of each run while it is of interest: in memory, ten minutes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from webapp.config import RUN_STATE_SECONDS
from webapp.probe.report import Report, RunState, Stage, Status

ENDED = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}


@dataclass(frozen=True, slots=True)
class Run:
    """A connection test as people see it. `sequence` grows with every change; it is the ETag of the page."""

    id: str
    report: Report
    deadline: float  # clock seconds; one still running past it was interrupted
    forget_at: float
    state: RunState = RunState.QUEUED
    sequence: int = 0

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class RunStore:
    """Runs by id; `wait` blocks until a run changes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._runs: dict[str, Run] = {}

    def add(self, run_id: str, report: Report, seconds: float) -> Run:
        now = self._clock()
        run = Run(run_id, report, deadline=now + seconds, forget_at=now + RUN_STATE_SECONDS)
        with self._changed:
            for old in [key for key, known in self._runs.items() if known.forget_at < now]:
                del self._runs[old]
            self._runs[run_id] = run
        return run

    def get(self, run_id: str) -> Run | None:
        with self._changed:
            run = self._runs.get(run_id)
            if run is not None and not run.ended and run.deadline < self._clock():
                run = self._set(run, state=RunState.INTERRUPTED)
            return run

    def stage(self, run_id: str, stage: Stage) -> None:
        """Note that a stage began or ended."""
        with self._changed:
            if (run := self._runs.get(run_id)) and not run.ended:
                begun = run.report.login and stage.stage == "authenticate" and stage.status is not Status.SKIPPED
                report = replace(run.report.with_stage(stage), password_sent=run.report.password_sent or begun)
                self._set(run, report=report, state=RunState.RUNNING)

    def end(self, run_id: str, report: Report) -> None:
        with self._changed:
            if (run := self._runs.get(run_id)) and not run.ended:
                self._set(run, report=report, state=report.state)

    def interrupt(self, run_id: str) -> None:
        """Note that the run was cut off; it is never run again."""
        with self._changed:
            if (run := self._runs.get(run_id)) and not run.ended:
                self._set(run, state=RunState.INTERRUPTED)

    def wait(self, run_id: str, sequence: int, seconds: float) -> Run | None:
        """Return the run as soon as it has ended, or as it is after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            run = self.get(run_id)
            left = end - time.monotonic()
            if run is None or run.ended or left <= 0:
                return run
            with self._changed:
                self._changed.wait(min(left, 0.5))

    def _set(self, run: Run, **changes: object) -> Run:
        changed = replace(run, sequence=run.sequence + 1, **changes)  # type: ignore[arg-type]
        self._runs[run.id] = changed
        self._changed.notify_all()
        return changed
