"""What is known of each run while it is of interest: ten minutes after its last change it is forgotten.

`RunStore` says what a store does; here is the one in the memory of a process, `redis_stores` has the one that several
processes share. Times are Unix seconds, because they are compared across processes.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from webapp.config import CHECK_CACHE_SECONDS, RUN_STATE_SECONDS
from webapp.probe.report import Report, RunState, Stage, Status

ENDED = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}
SHARED_ID = "check-"  # how the id of a shared run begins
TOLD = frozenset({RunState.PASSED, RunState.FAILED})  # ends that say something about the servers


@dataclass(frozen=True, slots=True)
class Run:
    """A connection test as people see it.

    deadline: one that waits until then has expired, one that runs until then was interrupted.
    sequence: grows with every change.
    shared: several people look at it; `id` is then the one they know it by.
    """

    id: str
    report: Report
    queued_at: float
    deadline: float
    state: RunState = RunState.QUEUED
    sequence: int = 0
    ended_at: float | None = None
    shared: bool = False

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def as_of(self, now: float) -> Run:
        """Return the run as it must be read at `now`; nobody writes down that something did not happen."""
        if self.ended or now <= self.deadline:
            return self
        state = RunState.EXPIRED if self.state is RunState.QUEUED else RunState.INTERRUPTED
        return replace(self, state=state, sequence=self.sequence + 1, ended_at=self.deadline)


def password_may_be_out(report: Report, stage: Stage) -> bool:
    """Whether a run that ends in the middle of `stage` may have sent the password."""
    return report.login and stage.stage == "authenticate" and stage.status not in (Status.SKIPPED, Status.PENDING)


class RunStore(ABC):
    """Runs by id. What has ended stays as it ended."""

    @abstractmethod
    def add(self, run: Run) -> bool:
        """Keep a new run, last in the queue; False where there is one of that id."""

    @abstractmethod
    def get(self, run_id: str) -> Run | None:
        """Return the run as it is now, by its own id or that of a person who looks at a shared one."""

    @abstractmethod
    def begin(self, run_id: str, deadline: float) -> Run | None:
        """Note that the run begins. None where it may not: it began before, has ended, or waited too long."""

    @abstractmethod
    def stage(self, run_id: str, stage: Stage) -> None:
        """Note that a stage began or ended."""

    @abstractmethod
    def end(self, run_id: str, state: RunState, report: Report | None = None, *, waiting: bool = False) -> bool:
        """Note how the run ended; with `waiting` only where it has not begun. False where nothing changed."""

    @abstractmethod
    def forget(self, run_id: str) -> None:
        """Keep nothing of the run; whoever still works on it changes nothing any more."""

    @abstractmethod
    def position(self, run_id: str) -> int:
        """Return the place of the run among those that wait, 1 for the next; 0 where it does not wait."""

    @abstractmethod
    def wait(self, run_id: str, seconds: float) -> Run | None:
        """Return the run as soon as it has ended, or as it is after `seconds`."""

    @abstractmethod
    def join(self, key: str, follower: str, run: Run) -> bool:
        """Let `follower` look at the shared run of `key`, young enough or still under way; else at `run`, added now.

        True where `run` was taken and must be submitted.
        """

    @abstractmethod
    def leave(self, follower: str) -> str | None:
        """Let `follower` look no more; return the id of the shared run where nobody is left who looks.

        That run is to be cancelled, so nobody joins it any more.
        """

    @abstractmethod
    def followers(self, run_id: str) -> list[str]:
        """Return the ids under which people look at the run: its own, or those of a shared one."""


@dataclass(slots=True)
class _Shared:
    followers: list[str] = field(default_factory=list)


class MemoryRunStore(RunStore):
    """In the memory of one process, which forgets all of it when it ends: so do the runs themselves."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._runs: dict[str, Run] = {}  # in the order in which they came
        self._forget_at: dict[str, float] = {}
        self._keys: dict[str, str] = {}  # key → id of its shared run
        self._shared: dict[str, _Shared] = {}
        self._following: dict[str, str] = {}
        self._left: dict[str, Run] = {}

    def add(self, run: Run) -> bool:
        with self._changed:
            self._forget()
            if run.id in self._runs or run.id in self._following:
                return False
            self._runs[run.id] = run
            self._forget_at[run.id] = self._clock() + RUN_STATE_SECONDS
            return True

    def get(self, run_id: str) -> Run | None:
        with self._changed:
            if run_id in self._left:
                return self._left[run_id]
            run = self._runs.get(self._following.get(run_id, run_id))
            if run is None:
                return None
            run = run.as_of(self._clock())
            return replace(run, id=run_id, shared=True) if run_id in self._following else run

    def begin(self, run_id: str, deadline: float) -> Run | None:
        with self._changed:
            run = self._open(run_id)
            if run is None or run.state is not RunState.QUEUED:
                return None
            return self._set(run, state=RunState.RUNNING, deadline=deadline)

    def stage(self, run_id: str, stage: Stage) -> None:
        with self._changed:
            if run := self._open(run_id):
                sent = run.report.password_sent or password_may_be_out(run.report, stage)
                self._set(run, report=replace(run.report.with_stage(stage), password_sent=sent))

    def end(self, run_id: str, state: RunState, report: Report | None = None, *, waiting: bool = False) -> bool:
        with self._changed:
            run = self._open(run_id)
            if run is None or (waiting and run.state is not RunState.QUEUED):
                return False
            self._set(run, report=report or run.report, state=state, ended_at=self._clock())
            return True

    def forget(self, run_id: str) -> None:
        with self._changed:
            self._drop(run_id)
            self._changed.notify_all()

    def position(self, run_id: str) -> int:
        with self._changed:
            now = self._clock()
            waiting = [run.id for run in self._runs.values() if run.as_of(now).state is RunState.QUEUED]
            own = self._following.get(run_id, run_id)
            return waiting.index(own) + 1 if own in waiting else 0

    def wait(self, run_id: str, seconds: float) -> Run | None:
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                run = self.get(run_id)
                left = end - time.monotonic()
                if run is None or run.ended or left <= 0:
                    return run
                self._changed.wait(min(left, 0.5))  # a deadline passes without a word

    def join(self, key: str, follower: str, run: Run) -> bool:
        with self._changed:
            found = self.get(self._keys.get(key, ""))
            fresh = found is None or (
                found.ended
                and not (found.state in TOLD and self._clock() - (found.ended_at or 0) < CHECK_CACHE_SECONDS)
            )
            if fresh or found is None:
                self.add(run)
                self._keys[key], self._shared[run.id] = run.id, _Shared()
                found = run
            self._shared[found.id].followers.append(follower)
            self._following[follower] = found.id
            self._forget_at[follower] = self._clock() + RUN_STATE_SECONDS
            return fresh

    def leave(self, follower: str) -> str | None:
        with self._changed:
            run = self.get(follower)
            own = self._following.get(follower)
            if run is None or own is None or run.ended:
                return None
            self._left[follower] = replace(
                run, state=RunState.CANCELLED, sequence=run.sequence + 1, ended_at=self._clock()
            )
            self._shared[own].followers.remove(follower)
            self._changed.notify_all()
            if self._shared[own].followers:
                return None
            self._keys = {key: run_id for key, run_id in self._keys.items() if run_id != own}
            return own

    def followers(self, run_id: str) -> list[str]:
        with self._changed:
            return list(self._shared[run_id].followers) if run_id in self._shared else [run_id]

    def _open(self, run_id: str) -> Run | None:
        """Return the run where it can still change."""
        run = self._runs.get(run_id)
        return None if run is None or run.as_of(self._clock()).ended else run

    def _set(self, run: Run, **changes: object) -> Run:
        changed = replace(run, sequence=run.sequence + 1, **changes)  # type: ignore[arg-type]
        self._runs[run.id] = changed
        self._forget_at[run.id] = self._clock() + RUN_STATE_SECONDS
        self._changed.notify_all()
        return changed

    def _forget(self) -> None:
        now = self._clock()
        old = [name for name, at in self._forget_at.items() if at < now]
        for name in old:
            self._drop(name)

    def _drop(self, name: str) -> None:
        for kept in (self._runs, self._forget_at, self._shared, self._following, self._left):
            kept.pop(name, None)
