"""A second pair of eyes: a colleague whom the agent lets look on, once the person has agreed to that name.

The colleague sees the live view of a connected person and can change nothing. It ends with the connection, when another
agent takes over, and whenever person or agent end it.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.account import shorten_address
from webapp.helpdesk import audit
from webapp.helpdesk.cases import changing, end_watching, record_in
from webapp.helpdesk.vocabulary import CaseWord, Kind
from webapp.infrastructure.models import Agent, Case, CaseState, CaseWatcher


@dataclass(frozen=True, slots=True)
class Watcher:
    """The colleague of a case. agreed: whether the person lets them look on."""

    agent_id: int
    name: str
    agreed: bool


def of_case(session: Session, case: Case) -> Watcher | None:
    query = (
        select(Agent.id, Agent.name, CaseWatcher.agreed)
        .join(CaseWatcher, CaseWatcher.agent_id == Agent.id)
        .where(CaseWatcher.case_id == case.id, Agent.disabled_at.is_(None))
    )
    row = session.execute(query).first() if case.state == CaseState.JOINED else None
    return Watcher(*row) if row is not None else None


def may_watch(session: Session, case: Case, agent_id: int) -> bool:
    found = of_case(session, case)
    return found is not None and found.agreed and found.agent_id == agent_id


def address_for(case: Case, agent_id: int) -> str:
    """Return the address as this agent may see it: whole for nobody but the one to whom the person shows it."""
    return shorten_address(case.address) if case.shares_address and case.agent_id != agent_id else case.address


@changing(CaseState.JOINED)
def invite(session: Session, case: Case, agent_id: int, login: str) -> None:
    """Ask the person whether the colleague may look on; whoever was asked or looked on before is out."""
    end_watching(session, case)
    session.add(CaseWatcher(case_id=case.id, agent_id=agent_id, agreed=False))
    record_in(session, case, Kind.CASE, {"what": CaseWord.WATCH_ASKED})
    audit.note(session, login, audit.Action.CASE_WATCHED, case.reference)


@changing(CaseState.JOINED)
def agree(session: Session, case: Case, agent_id: int) -> None:
    """The person lets the colleague look on whose name they read, and nobody else."""
    kept = session.get(CaseWatcher, case.id)
    if kept is not None and kept.agent_id == agent_id and not kept.agreed:
        kept.agreed = True
        record_in(session, case, Kind.CASE, {"what": CaseWord.WATCH_AGREED})


@changing(CaseState.JOINED)
def end(session: Session, case: Case) -> None:
    """Nobody looks on any more."""
    if session.get(CaseWatcher, case.id) is not None:
        end_watching(session, case)
        record_in(session, case, Kind.CASE, {"what": CaseWord.WATCH_ENDED})
