"""The audit log: who of the helpdesk did what, and when. Agents and case references only, never a person."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.core.text import N_
from webapp.infrastructure.models import AuditEntry

KEPT_DAYS = 180
PAGE = 200  # entries


class Action(StrEnum):
    """What is written down."""

    AGENT_ADDED = "agent-added"
    AGENT_DISABLED = "agent-disabled"
    AGENT_ENABLED = "agent-enabled"
    LINK_MADE = "link-made"
    PASSWORD_SET = "password-set"  # noqa: S105  a word
    SIGNED_IN = "signed-in"
    SIGN_IN_REFUSED = "sign-in-refused"
    SIGNED_OUT = "signed-out"
    SESSION_ENDED = "session-ended"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    RECOVERY_USED = "recovery-used"
    CASE_OPENED = "case-opened"
    CASE_TAKEN = "case-taken"
    CASE_CLOSED = "case-closed"
    CASE_WATCHED = "case-watched"
    COURSE_MADE = "course-made"
    COURSE_OPENED = "course-opened"
    COURSE_CLOSED = "course-closed"
    COURSE_TAKEN = "course-taken"
    COURSE_DELETED = "course-deleted"
    DELIVERY_RETRIED = "delivery-retried"
    BULK_ALLOWED = "bulk-allowed"
    BULK_FORBIDDEN = "bulk-forbidden"
    BULK_MADE = "bulk-made"


LABELS = {
    Action.AGENT_ADDED: N_("added an agent"),
    Action.AGENT_DISABLED: N_("disabled an agent"),
    Action.AGENT_ENABLED: N_("enabled an agent"),
    Action.LINK_MADE: N_("made a first-run link"),
    Action.PASSWORD_SET: N_("set a password"),
    Action.SIGNED_IN: N_("signed in"),
    Action.SIGN_IN_REFUSED: N_("was refused at sign-in"),
    Action.SIGNED_OUT: N_("signed out"),
    Action.SESSION_ENDED: N_("ended a session"),
    Action.FACTOR_ADDED: N_("set up a second factor"),
    Action.FACTOR_REMOVED: N_("removed a second factor"),
    Action.RECOVERY_USED: N_("used a recovery code"),
    Action.CASE_OPENED: N_("opened a case"),
    Action.CASE_TAKEN: N_("took over a case"),
    Action.CASE_CLOSED: N_("closed a case"),
    Action.CASE_WATCHED: N_("invited a colleague to look on"),
    Action.COURSE_MADE: N_("made a course"),
    Action.COURSE_OPENED: N_("opened a course"),
    Action.COURSE_CLOSED: N_("closed a course"),
    Action.COURSE_TAKEN: N_("took over a course"),
    Action.COURSE_DELETED: N_("deleted a course"),
    Action.DELIVERY_RETRIED: N_("sent a report again"),
    Action.BULK_ALLOWED: N_("allowed files for many people to"),
    Action.BULK_FORBIDDEN: N_("took back files for many people from"),
    Action.BULK_MADE: N_("made files for many people, rows:"),
}


def note(session: Session, agent: str, action: Action, subject: str = "") -> None:
    """Write down that the agent with the login `agent` did `action`, in the transaction of `session`."""
    session.add(AuditEntry(at=datetime.now(UTC), agent=agent, action=action.value, subject=subject))


def page(session: Session, before: int | None = None, *, refusals: bool = True) -> tuple[list[AuditEntry], int | None]:
    """Return the newest entries, those before an id, and from where the next page goes on; None for the last one.

    refusals: with those of sign-ins, of which a stranger can make as many as they like.
    """
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    if not refusals:
        query = query.where(AuditEntry.action != Action.SIGN_IN_REFUSED.value)
    found = list(session.scalars(query))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def purge(session: Session, now: datetime) -> int:
    return session.execute(delete(AuditEntry).where(AuditEntry.at < now - timedelta(days=KEPT_DAYS))).rowcount  # type: ignore[attr-defined,no-any-return]
