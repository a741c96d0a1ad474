"""What an agent notes about a case: plain text, for the report."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from webapp.core.text import N_, InputError
from webapp.helpdesk.cases import changing, touch
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
