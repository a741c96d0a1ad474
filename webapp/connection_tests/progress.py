"""`RunStore`: the state of each run, with a TTL of RUN_STATE_SECONDS after its last change.

Here with the store in memory; `redis_stores` has the one for several processes. Times are Unix seconds, because they
are compared across processes.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from webapp.core.probe import Report, RunState, Stage, Status
from webapp.infrastructure.config import CHECK_CACHE_SECONDS, RUN_STATE_SECONDS

ENDED = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}
SHARED_ID = "check-"  # prefix of the ids of shared runs
CONCLUSIVE = frozenset({RunState.PASSED, RunState.FAILED})  # their result can be shared


@dataclass(frozen=True, slots=True)
class Run:
    """The state of a connection test.

    deadline: time-out of the present state. sequence: grows with every change. shared: it has several followers; `id`
    is that of one of them.
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

    def as_of(self, now: float) -> "Run":
        """Apply time-outs on read: past its deadline a queued run is EXPIRED and a running one INTERRUPTED."""
        if self.ended or now <= self.deadline:
            return self
        state = RunState.EXPIRED if self.state is RunState.QUEUED else RunState.INTERRUPTED
        return replace(self, state=state, sequence=self.sequence + 1, ended_at=self.deadline)


def password_may_be_out(report: Report, stage: Stage) -> bool:
    """Whether the password may have been sent if the run ends during `stage`."""
    return report.login and stage.stage == "authenticate" and stage.status not in (Status.SKIPPED, Status.PENDING)


class RunStore(ABC):
    """Runs by id. An ended run does not change any more."""

    @abstractmethod
    def add(self, run: Run) -> bool:
        """Add a run, last in the queue; False if the id exists."""

    @abstractmethod
    def get(self, run_id: str) -> Run | None:
        """Return the run by its id or that of a follower."""

    @abstractmethod
    def begin(self, run_id: str, deadline: float) -> Run | None:
        """Set a queued run to RUNNING; None if it is not queued any more."""

    @abstractmethod
    def stage(self, run_id: str, stage: Stage) -> None:
        """Store the new state of a stage."""

    @abstractmethod
    def end(self, run_id: str, state: RunState, report: Report | None = None, *, waiting: bool = False) -> bool:
        """Set the end of the run; waiting: only of a queued one. False if nothing changed."""

    @abstractmethod
    def close(self, run_id: str) -> list[str]:
        """Write down the end of a run that ended by time.

        Returns the ids it is known by (`followers`), for whoever tells of it; none where this was done before.
        """

    @abstractmethod
    def forget(self, run_id: str) -> None:
        """Delete the run; later changes have no effect."""

    @abstractmethod
    def position(self, run_id: str) -> int:
        """Return the place in the queue, from 1; 0 if the run is not queued."""

    @abstractmethod
    def wait(self, run_id: str, seconds: float) -> Run | None:
        """Return the run when it ends, or after `seconds`."""

    @abstractmethod
    def join(self, key: str, follower: str, run: Run) -> bool:
        """Make `follower` follow the running or recent shared run of `key`, else `run`, which is added.

        True if `run` was added and must be submitted.
        """

    @abstractmethod
    def leave(self, follower: str) -> str | None:
        """Remove `follower`; return the id of the shared run if it was the last one: the run must be cancelled."""

    @abstractmethod
    def followers(self, run_id: str) -> list[str]:
        """Return the ids of the followers of a shared run, else its own."""


class MemoryRunStore(RunStore):
    """In the memory of one process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._runs: dict[str, Run] = {}  # oldest first
        self._forget_at: dict[str, float] = {}
        self._keys: dict[str, str] = {}  # key → id of its shared run
        self._shared: dict[str, list[str]] = {}  # run id → followers
        self._following: dict[str, str] = {}  # follower → run id
        self._left: dict[str, Run] = {}  # former follower → the run as it last saw it

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

    def close(self, run_id: str) -> list[str]:
        with self._changed:
            own = self._following.get(run_id, run_id)
            run = self._runs.get(own)
            if run is None or run.ended or not (over := run.as_of(self._clock())).ended:
                return []
            self._runs[own] = over
            return self.followers(own)

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
                self._changed.wait(min(left, 0.5))  # a time-out notifies nobody

    def join(self, key: str, follower: str, run: Run) -> bool:
        with self._changed:
            found = self.get(self._keys.get(key, ""))
            is_new = found is None or (
                found.ended
                and not (found.state in CONCLUSIVE and self._clock() - (found.ended_at or 0) < CHECK_CACHE_SECONDS)
            )
            if is_new or found is None:
                self.add(run)
                self._keys[key], self._shared[run.id] = run.id, []
                found = run
            self._shared[found.id].append(follower)
            self._following[follower] = found.id
            self._forget_at[follower] = self._clock() + RUN_STATE_SECONDS
            return is_new

    def leave(self, follower: str) -> str | None:
        with self._changed:
            run = self.get(follower)
            own = self._following.get(follower)
            if run is None or own is None or run.ended:
                return None
            self._left[follower] = replace(
                run, state=RunState.CANCELLED, sequence=run.sequence + 1, ended_at=self._clock()
            )
            self._shared[own].remove(follower)
            self._changed.notify_all()
            if self._shared[own]:
                return None
            self._keys = {key: run_id for key, run_id in self._keys.items() if run_id != own}
            return own

    def followers(self, run_id: str) -> list[str]:
        with self._changed:
            return list(self._shared.get(run_id, [run_id]))

    def _open(self, run_id: str) -> Run | None:
        """Return the run unless it has ended."""
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
        for name in [name for name, at in self._forget_at.items() if at < now]:
            self._drop(name)

    def _drop(self, name: str) -> None:
        for kept in (self._runs, self._forget_at, self._shared, self._following, self._left):
            kept.pop(name, None)
