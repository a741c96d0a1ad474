"""Files for many people as a job: an agent's table goes in, and for an hour there is a ZIP to fetch.

The job is a thread of the process that took the table, and a row of the database that every process reads. The table
stays in memory; what comes out is sealed. Whoever has the database and not the key reads no address and no name. A job
that was cut off is not begun again by itself: the agent has the table.
"""

import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import defer

from webapp.core.bulk import Result, TableError, bounded_table, read_table, write_exports
from webapp.core.text import N_, InputError, Word, translations_for
from webapp.helpdesk import audit
from webapp.helpdesk.tokens import new_token
from webapp.infrastructure import background, db, events, sealing, slow
from webapp.infrastructure.config import TABLE_CODES_MAX, TABLE_ROWS_MAX, current_config, current_providers
from webapp.infrastructure.models import BulkJob
from webapp.infrastructure.signing import signed

LIFE = timedelta(hours=1)
SILENCE = timedelta(seconds=60)  # a job that says nothing for so long was cut off
TELL_SECONDS = 0.5
TURN_SECONDS = 5.0  # between two words of a job that waits for its turn
REMARKS_MAX = 50  # bad rows that the page shows; index.csv has them all
_PURPOSE = "bulk files"


class JobState(Word):
    RUNNING = "running", N_("is being worked on")
    READY = "ready", N_("ready")
    INTERRUPTED = "interrupted", N_("interrupted")


@dataclass(frozen=True, slots=True)
class Remarks:
    """What an agent should know of the table: columns that mean nothing here, rows that have no file.

    same: rows whose address an earlier one has, with the number of that.
    """

    ignored: Sequence[str] = ()
    bad: Sequence[tuple[int, str]] = ()
    same: Sequence[tuple[int, int]] = ()


class _DeletedError(Exception):
    """The agent does not want the files any more."""


def begin(agent_id: int, login: str, content: bytes, locale: str) -> str:
    """Begin a job with the table `content` and return its id.

    Raises TableError where it is no table, InputError where a job of the agent is still running.
    """
    _, rows = bounded_table(content, TABLE_ROWS_MAX, TABLE_CODES_MAX)
    if not rows:
        raise TableError(N_("The table has no row below the names of its columns."))
    now = datetime.now(UTC)
    job = BulkJob(
        id=new_token(), agent_id=agent_id, state=JobState.RUNNING, created_at=now, seen_at=now, rows=rows, done=0, bad=0
    )
    with db.begin() as session:
        db.acquire(session.connection(), db.AdvisoryLock.BULK_FILES)  # between this look and the row that is added
        if any(state_of(other, now) is JobState.RUNNING for other in _of_agent(session, agent_id, now)):
            raise InputError(N_("Your last table is still being worked on. Wait for it, or delete it."))
        session.add(job)
        audit.note(session, login, audit.Action.BULK_MADE, str(rows))
        job_id = job.id
    background.run(events.running_app(), "bulk", lambda _app: _run(job_id, content, locale))
    return job_id


def state_of(job: BulkJob, now: datetime | None = None) -> JobState:
    if job.state == JobState.RUNNING and job.seen_at < (now or datetime.now(UTC)) - SILENCE:
        return JobState.INTERRUPTED
    return JobState(job.state)


def jobs_of(agent_id: int) -> list[BulkJob]:
    """Return the jobs of the last hour, the newest first, without what they made."""
    with db.read() as session:
        return _of_agent(session, agent_id, datetime.now(UTC))


def find(job_id: str, agent_id: int) -> BulkJob | None:
    """Return the agent's own job, without what it made."""
    return next((job for job in jobs_of(agent_id) if job.id == job_id), None)


def remarks_of(job_id: str) -> Remarks:
    with db.read() as session:
        sealed = session.scalar(select(BulkJob.remarks).where(BulkJob.id == job_id))
    opened = sealing.unseal(current_config(), _PURPOSE, sealed)
    if opened is None:
        return Remarks()
    found = json.loads(opened)
    pairs = {name: [(number, said) for number, said in found.get(name, ())] for name in ("bad", "same")}
    return Remarks(found["ignored"], **pairs)


def archive_of(job_id: str) -> bytes | None:
    """Return the ZIP; None before it is made, and where its key is gone."""
    with db.read() as session:
        sealed = session.scalar(select(BulkJob.archive).where(BulkJob.id == job_id))
    return sealing.unseal(current_config(), _PURPOSE, sealed)


def remove(job_id: str, agent_id: int) -> None:
    """Delete the job with all it made; one that is running stops."""
    with db.begin() as session:
        session.execute(delete(BulkJob).where(BulkJob.id == job_id, BulkJob.agent_id == agent_id))


def _of_agent(session: db.Session, agent_id: int, now: datetime) -> list[BulkJob]:
    query = (
        select(BulkJob)
        .where(BulkJob.agent_id == agent_id, BulkJob.created_at >= now - LIFE)
        .order_by(BulkJob.created_at.desc())
        .options(defer(BulkJob.archive, raiseload=True), defer(BulkJob.remarks, raiseload=True))
    )
    return list(session.scalars(query))


def _run(job_id: str, content: bytes, locale: str) -> None:
    try:
        while not _worked(job_id, content, locale):
            if not _change(job_id):
                return
    except _DeletedError:
        pass
    except Exception:
        _change(job_id, state=JobState.INTERRUPTED)  # where that fails, after its silence it reads as interrupted
        raise


def _worked(job_id: str, content: bytes, locale: str) -> bool:
    """Do the work when it is its turn; False where others were at it for as long as TURN_SECONDS."""
    try:
        with slow.tables.turn(TURN_SECONDS):
            _work(job_id, content, locale)
    except slow.BusyError:
        return False
    return True


def _work(job_id: str, content: bytes, locale: str) -> None:
    config, translations = current_config(), translations_for(locale)
    options = config.export_options(locale)
    done, bad, same, told = 0, list[tuple[int, str]](), list[tuple[int, int]](), time.monotonic()

    def on_result(result: Result) -> None:
        nonlocal done, told
        done += 1
        if result.error is not None:
            bad.append((result.row.number, result.error.translated(translations)))
        if result.same_as is not None:
            same.append((result.row.number, result.same_as))
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            if not _change(job_id, done=done, bad=len(bad)):
                raise _DeletedError

    table, target = read_table(io.BytesIO(content)), io.BytesIO()
    write_exports(table, target, current_providers(), options, on_result, finish=signed)
    shown = {"ignored": table.ignored, "bad": bad[:REMARKS_MAX], "same": same[:REMARKS_MAX]}
    remarks = sealing.seal(config, _PURPOSE, json.dumps(shown, ensure_ascii=False).encode())
    archive = sealing.seal(config, _PURPOSE, target.getvalue())
    _change(job_id, state=JobState.READY, done=done, bad=len(bad), remarks=remarks, archive=archive)


def _change(job_id: str, **values: object) -> bool:
    """Write down how the job stands; return whether it is still there."""
    with db.begin() as session:
        query = update(BulkJob).where(BulkJob.id == job_id).values(seen_at=datetime.now(UTC), **values)
        return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]
