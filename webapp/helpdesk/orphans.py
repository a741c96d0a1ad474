"""Cases whose agent is disabled, deleted or gone: none stays with nobody, and none is handed on unasked.

Whoever was connected, or about to be, waits in the queue again and is asked by the name of the next agent. Who was only
invited comes to the queue with the same link or code. An agent who is signed out keeps their cases, which stand on
everybody's page meanwhile.
"""

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from webapp.helpdesk.cases import end_watching, hide_address, record_in
from webapp.helpdesk.vocabulary import CaseWord, Kind
from webapp.infrastructure.models import Agent, Case, CaseState, CaseWatcher

_WITH_SOMEBODY = (CaseState.CONFIRMING, CaseState.JOINED)


def release(session: Session, agent_id: int) -> None:
    """Take every open case from an agent who helps no more, and let them look on nowhere."""
    _release(session, Case.agent_id == agent_id)
    _look_on_no_more(session, CaseWatcher.agent_id == agent_id)


def _look_on_no_more(session: Session, whose: ColumnElement[bool]) -> None:
    looked_on = select(CaseWatcher.case_id).where(whose)
    for case in session.scalars(select(Case).where(Case.id.in_(looked_on)).with_for_update()):
        end_watching(session, case)
        record_in(session, case, Kind.CASE, {"what": CaseWord.WATCH_ENDED})


def release_forgotten(session: Session) -> None:
    """The same for agents who were disabled or deleted past us, in the database."""
    disabled = select(Agent.id).where(Agent.disabled_at.is_not(None))
    _release(session, or_(Case.agent_id.is_(None), Case.agent_id.in_(disabled)))
    _look_on_no_more(session, CaseWatcher.agent_id.in_(disabled))


def _release(session: Session, whose: ColumnElement[bool]) -> None:
    for case in session.scalars(select(Case).where(whose, Case.state.in_(_WITH_SOMEBODY)).with_for_update()):
        case.agent_id, case.state, case.check_words, case.prefill = None, CaseState.WAITING, "", None
        hide_address(case)
        end_watching(session, case)
        record_in(session, case, Kind.CASE, {"what": CaseWord.RELEASED})
    kept = (CaseState.INVITED, CaseState.ENDED)
    session.execute(update(Case).where(whose, Case.state.in_(kept)).values(agent_id=None, prefill=None))
