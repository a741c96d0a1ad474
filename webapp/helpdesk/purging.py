"""What is deleted by time: cases and all that hangs on them, reports and dead letters, sessions, old log."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from webapp.helpdesk import audit, bulk_jobs, cases, courses, orphans, sessions
from webapp.helpdesk.cases import CaseState
from webapp.infrastructure import db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Case, Delivery


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
        return {
            "cases": len(old),
            "reports": reports,
            "sessions": sessions.purge(session, now),
            "log": audit.purge(session, now),
            "courses": courses.purge(session, config),
            "bulk": bulk_jobs.purge(session, now),
        }
