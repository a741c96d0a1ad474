"""What is deleted by time: cases and all that hangs on them, reports and dead letters, sessions, old log."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from webapp.helpdesk import audit, bulk_jobs, cases, courses, orphans, sessions
from webapp.infrastructure import db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import AgentSession, AuditEntry, Base, BulkJob, Case, CaseState, Course, Delivery


def purge(config: Config, now: datetime | None = None) -> dict[str, int]:
    """Delete what is older than it may be; return how many rows of each kind. Needs an application context."""
    now = now or datetime.now(UTC)
    end = now - timedelta(hours=config.helpdesk_retention)
    with db.begin(config) as session:
        old = list(session.scalars(select(Case).where(Case.touched_at < end, Case.state != CaseState.BOOKED)))
        old += session.scalars(select(Case).where(Case.state == CaseState.BOOKED, Case.code_expires_at < now))
        for case in old:
            cases.delete_with_traces(session, case)
        session.flush()
        orphans.release_forgotten(session)
        # A report whose case is gone already: the person's wish or an older retention.
        reports = outbox.forget(session, Delivery.reference != "", Delivery.created_at < end)
        ended = (AgentSession.created_at < now - sessions.ABSOLUTE) | (AgentSession.seen_at < now - sessions.IDLE)
        return {
            "cases": len(old),
            "reports": reports,
            "sessions": _delete(session, AgentSession, ended),
            "log": _delete(session, AuditEntry, AuditEntry.at < now - timedelta(days=audit.KEPT_DAYS)),
            # Their links are dead, their cases go their own way.
            "courses": _delete(session, Course, Course.day < courses.today(config)),
            "bulk": _delete(session, BulkJob, BulkJob.created_at < now - bulk_jobs.LIFE),
        }


def _delete(session: db.Session, table: type[Base], is_over: ColumnElement[bool]) -> int:
    return session.execute(delete(table).where(is_over)).rowcount  # type: ignore[attr-defined,no-any-return]
