"""The audit log: who of the helpdesk did what, and when. Agents and case references only, never a person."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.text import N_, Word
from webapp.infrastructure.models import AuditEntry

KEPT_DAYS = 180
PAGE = 200  # entries
ID_MAX = 2**31 - 1  # of an INTEGER; a database fails on more


class Action(Word):
    AGENT_ADDED = "agent-added", N_("added an agent")
    AGENT_DISABLED = "agent-disabled", N_("disabled an agent")
    AGENT_ENABLED = "agent-enabled", N_("enabled an agent")
    LINK_MADE = "link-made", N_("made a first-run link")
    PASSWORD_SET = "password-set", N_("set a password")
    SIGNED_IN = "signed-in", N_("signed in")
    SIGN_IN_REFUSED = "sign-in-refused", N_("was refused at sign-in")
    SIGNED_OUT = "signed-out", N_("signed out")
    SESSION_ENDED = "session-ended", N_("ended a session")
    FACTOR_ADDED = "factor-added", N_("set up a second factor")
    FACTOR_REMOVED = "factor-removed", N_("removed a second factor")
    RECOVERY_USED = "recovery-used", N_("used a recovery code")
    CASE_OPENED = "case-opened", N_("opened a case")
    CASE_TAKEN = "case-taken", N_("took over a case")
    CASE_CLOSED = "case-closed", N_("closed a case")
    CASE_WATCHED = "case-watched", N_("invited a colleague to look on")
    COURSE_MADE = "course-made", N_("made a course")
    COURSE_OPENED = "course-opened", N_("opened a course")
    COURSE_CLOSED = "course-closed", N_("closed a course")
    COURSE_TAKEN = "course-taken", N_("took over a course")
    COURSE_DELETED = "course-deleted", N_("deleted a course")
    DELIVERY_RETRIED = "delivery-retried", N_("sent a report again")
    BULK_ALLOWED = "bulk-allowed", N_("allowed files for many people to")
    BULK_FORBIDDEN = "bulk-forbidden", N_("took back files for many people from")
    BULK_MADE = "bulk-made", N_("made files for many people, rows:")


def note(session: Session, agent: str, action: Action, subject: str = "") -> None:
    """Write down that the agent with the login `agent` did `action`, in the transaction of `session`."""
    session.add(AuditEntry(at=datetime.now(UTC), agent=agent, action=action.value, subject=subject))


def page(session: Session, before: int | None = None, *, refusals: bool = True) -> tuple[list[AuditEntry], int | None]:
    """Return the newest entries, those before an id, and from where the next page goes on; None for the last one.

    refusals: with those of sign-ins, of which a stranger can make as many as they like.
    """
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(AuditEntry.id < min(max(before, 0), ID_MAX))
    if not refusals:
        query = query.where(AuditEntry.action != Action.SIGN_IN_REFUSED.value)
    found = list(session.scalars(query))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None
