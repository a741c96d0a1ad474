"""What an agent notes about a case: plain text, for the report; and that what a test found is settled."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from webapp.core.text import N_, InputError
from webapp.helpdesk.cases import CaseState, changing, events_of, record_in, touch
from webapp.helpdesk.live_view import runs_of, unsolved
from webapp.helpdesk.vocabulary import CaseWord, Kind
from webapp.infrastructure.models import Case, CaseNote

NOTE_MAX = 1000


@changing()
def _keep_note(session: Session, case: Case, agent_name: str, text: str) -> None:
    session.add(CaseNote(case_id=case.id, agent=agent_name, at=datetime.now(UTC), text=text))
    touch(case)


def add_note(case_id: int, agent_name: str, text: str) -> None:
    """Add a note; raises InputError for none or one that is too long."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not plain:
        raise InputError(N_("Write the note before you save it."))
    if len(plain) > NOTE_MAX:
        raise InputError(N_("A note has at most 1,000 characters."))
    plain = "".join(character for character in plain if character == "\n" or character.isprintable())
    _keep_note(case_id, agent_name, plain)


@changing(CaseState.JOINED)
def settle(session: Session, case: Case) -> None:
    """Put away why the last test failed; nothing happens where that stands nowhere."""
    if unsolved(runs_of(events_of(session, case.id))) is not None:
        record_in(session, case, Kind.CASE, {"what": CaseWord.CAUSE_SETTLED})
