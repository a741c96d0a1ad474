"""Cases: made, joined, watched, closed. Every function is one short transaction."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp import db
from webapp.config import current_config
from webapp.helpdesk import audit, statistics
from webapp.helpdesk.audit import Action
from webapp.helpdesk.tokens import hashed, keyed, new_code, new_token, seal, unseal
from webapp.helpdesk.vocabulary import CaseWord, Kind, checked
from webapp.helpdesk.words import two_words
from webapp.models import Case, CaseEvent, CaseNote, CaseRun
from webapp.probe.report import new_reference
from webapp.text import N_, InputError

CODE_LIFE: Final = timedelta(minutes=10)
LINK_LIFE: Final = timedelta(hours=24)
EVENTS_MAX: Final = 2000  # of one case; more is a loop, not a person
NOTE_MAX: Final = 1000
TICKET: Final = re.compile(r"[A-Za-z0-9#._-]{1,40}")
_PREFILL: Final = "helpdesk prefill"
_CODE: Final = "helpdesk code"


class State(StrEnum):
    WAITING = "waiting"  # the person pressed “Hilfe holen”; nobody helps yet
    INVITED = "invited"  # the agent made the case; nobody has come yet
    CONFIRMING = "confirming"  # link or code was used; the person has not yet agreed
    JOINED = "joined"
    ENDED = "ended"  # by the person
    CLOSED = "closed"  # by the agent, or by time


OPEN: Final = (State.WAITING, State.INVITED, State.CONFIRMING, State.JOINED, State.ENDED)

STATE_NAMES: Mapping[str, str] = {
    State.WAITING: N_("waits for help"),
    State.INVITED: N_("invited"),
    State.CONFIRMING: N_("about to connect"),
    State.JOINED: N_("connected"),
    State.ENDED: N_("ended by the person"),
    State.CLOSED: N_("closed"),
}


class Outcome(StrEnum):
    SOLVED = "solved"
    BY_HAND = "by-hand"
    NOT_SOLVED = "not-solved"
    BROKEN_OFF = "broken-off"
    EXPIRED = "expired"  # nobody closed it


OUTCOME_LABELS: Mapping[Outcome, str] = {
    Outcome.SOLVED: N_("Solved: mail arrives in the program"),
    Outcome.BY_HAND: N_("Solved another way"),
    Outcome.NOT_SOLVED: N_("Not solved"),
    Outcome.BROKEN_OFF: N_("The call broke off"),
    Outcome.EXPIRED: N_("Never closed"),
}


def parse_ticket(text: str) -> str:
    """Return the ticket reference, "" for none; raises InputError."""
    ticket = text.strip()
    if ticket and not TICKET.fullmatch(ticket):
        raise InputError(N_("A ticket reference has letters, digits and # . _ - only, at most 40."))
    return ticket


def create(agent_id: int, login: str, ticket: str = "") -> tuple[str, str, str]:
    """Make a case of the agent; return its reference, the token of its link, and its code."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _new(session, State.INVITED, now)
        case.agent_id, case.ticket = agent_id, ticket
        link, code = _invite(case, now)
        audit.note(session, login, Action.CASE_OPENED, case.reference)
        return case.reference, link, code


def renew_invitation(case_id: int) -> tuple[str, str] | None:
    """Return a new link and code for a case that nobody has joined, or no longer; the old ones are void.

    Who comes next may be somebody else: nothing is left of the person who was there. The agent's notes stay.
    """
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None or case.state not in (State.INVITED, State.ENDED):
            return None
        if case.state == State.ENDED:
            case.state, case.person_hash, case.joined_at = State.INVITED, None, None
            for kind in (CaseEvent, CaseRun):
                session.execute(delete(kind).where(kind.case_id == case.id))
        found = _invite(case, now)
        _touch(case, now)
        return found


def ask_for_help() -> tuple[str, str]:
    """Make a case of a person who needs somebody; return the person's token and the code they read out."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _new(session, State.WAITING, now)
        token, code = new_token(), new_code()
        case.person_hash = hashed(token)
        case.code_hash, case.code_expires_at = keyed(current_config(), _CODE, code), now + CODE_LIFE
        return token, code


def renew_code(case_id: int) -> str | None:
    """Return a new code for a person who still waits."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None or case.state != State.WAITING:
            return None
        code = new_code()
        case.code_hash, case.code_expires_at = keyed(current_config(), _CODE, code), now + CODE_LIFE
        _touch(case, now)
        return code


def exchange_code(code: str) -> str | None:
    """Use up the agent's code; return the person's new token, or None for unknown, expired, used: all alike."""
    return _exchange(Case.code_hash == keyed(current_config(), _CODE, code), Case.code_expires_at)


def exchange_link(token: str) -> str | None:
    """Use up the token of an invitation; return the person's new token, or None."""
    return _exchange(Case.link_hash == hashed(token), Case.link_expires_at)


def link_is_good(token: str) -> bool:
    """Whether an invitation can still be used; changes nothing."""
    with db.read() as session:
        query = select(Case.id).where(
            Case.link_hash == hashed(token), Case.link_expires_at > datetime.now(UTC), Case.state == State.INVITED
        )
        return session.scalar(query) is not None


def _exchange(secret: Any, expires: Any) -> str | None:
    now, token = datetime.now(UTC), new_token()
    burnt: dict[str, Any] = {
        "link_hash": None, "code_hash": None, "state": State.CONFIRMING, "person_hash": hashed(token),
        "words": two_words(), "touched_at": now, "sequence": Case.sequence + 1,
    }  # fmt: skip
    with db.begin() as session:  # one statement: of two who come at once, one is too late
        good = (secret, expires > now, Case.state == State.INVITED)
        used = session.execute(update(Case).where(*good).values(**burnt).returning(Case.id)).first()
    return token if used else None


def accept(agent_id: int, login: str, *, code: str | None = None, reference: str | None = None) -> str | None:
    """Give a waiting person to the agent, by the code they read out or from the queue; return the reference."""
    now = datetime.now(UTC)
    if code is not None:
        chosen = (Case.code_hash == keyed(current_config(), _CODE, code), Case.code_expires_at > now)
    else:
        chosen = (Case.reference == reference,)  # type: ignore[assignment]
    values: dict[str, Any] = {
        "agent_id": agent_id, "code_hash": None, "state": State.CONFIRMING, "words": two_words(), "touched_at": now,
        "sequence": Case.sequence + 1,
    }  # fmt: skip
    with db.begin() as session:
        waiting = (*chosen, Case.state == State.WAITING)
        taken = session.execute(update(Case).where(*waiting).values(**values).returning(Case.reference)).first()
        if taken is None:
            return None
        audit.note(session, login, Action.CASE_OPENED, taken[0])
        return str(taken[0])


def of_person(session: Session, token: str) -> Case | None:
    """Return the case whose person holds `token`."""
    return session.scalar(select(Case).where(Case.person_hash == hashed(token)))


def confirm(case_id: int) -> bool:
    """Connect the person, who has agreed; False where there is nothing to agree to any more."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None or case.state != State.CONFIRMING:
            return False
        case.state, case.joined_at = State.JOINED, now
        _record(session, case, Kind.CASE, {"what": CaseWord.JOINED}, now)
        return True


def leave(case_id: int) -> None:
    """The person ends the help, or does not want it: nobody sees anything of theirs from now on."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None:
            return
        case.person_hash = case.prefill = None
        if case.state == State.WAITING:
            session.delete(case)
        elif case.state in (State.CONFIRMING, State.JOINED):
            word = CaseWord.ENDED if case.state == State.JOINED else CaseWord.DECLINED
            case.state, case.address, case.shares_address = State.ENDED, "", False
            _record(session, case, Kind.CASE, {"what": word}, now)


def erase(case_id: int) -> None:
    """The person wants everything deleted now: the case goes with all that hangs on it; only counts remain."""
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is not None:
            delete_with_traces(session, case)


def delete_with_traces(session: Session, case: Case) -> None:
    """Delete the case; its events, notes, runs and reports go with it, its counts are taken before."""
    from webapp.models import Delivery

    if case.agent_id is not None or case.joined_at is not None:
        statistics.count(session, case, case.outcome or Outcome.EXPIRED)
    session.query(Delivery).filter_by(reference=case.reference).delete()
    session.delete(case)


def record(case_id: int, kind: Kind, words: Mapping[str, Any], *, address: str | None = None) -> None:
    """Add an event to a joined case; raises ValueError for a word outside the vocabulary.

    The same step or choice twice in a row is one event: a page that is reloaded is no news.
    """
    now, plain = datetime.now(UTC), checked(kind, words)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None or case.state != State.JOINED:
            return
        if address is not None and case.address != address:
            case.address = address
            _touch(case, now)
        last = session.scalars(
            select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id.desc()).limit(1)
        ).first()
        if last is not None and kind in (Kind.STEP, Kind.CHOICE) and (last.kind, last.words) == (kind, plain):
            return
        if case.sequence < EVENTS_MAX:
            _record(session, case, kind, plain, now)


def share_address(case_id: int, address: str, *, whole: bool) -> None:
    """Keep the address as the person wants it seen."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is not None and case.state == State.JOINED:
            case.address, case.shares_address = address, whole
            _record(session, case, Kind.CASE, {"what": CaseWord.SHARED if whole else CaseWord.HIDDEN}, now)


def take_over(case_id: int, agent_id: int, login: str) -> bool:
    """Make the case another agent's; False where there is none to take."""
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None or case.state in (State.CLOSED, State.WAITING):
            return False
        case.agent_id = agent_id
        _record(session, case, Kind.CASE, {"what": CaseWord.TAKEN}, now)
        audit.note(session, login, Action.CASE_TAKEN, case.reference)
        return True


def show_hint(case_id: int, hint: str, step: str | None) -> bool:
    """Put a sentence on the person's page; False where nobody is connected."""
    now = datetime.now(UTC)
    words = checked(Kind.HINT, {"hint": hint, "step": step})
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is None or case.state != State.JOINED:
            return False
        _record(session, case, Kind.HINT, words, now)
        return True


def add_note(case_id: int, agent_name: str, text: str) -> None:
    """Add a note; raises InputError for none or one that is too long."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not plain:
        raise InputError(N_("Write the note before you save it."))
    if len(plain) > NOTE_MAX:
        raise InputError(N_("A note has at most 1,000 characters."))
    plain = "".join(character for character in plain if character == "\n" or character.isprintable())
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is not None:
            session.add(CaseNote(case_id=case_id, agent=agent_name, at=now, text=plain))
            _touch(case, now)


def close(session: Session, case: Case, outcome: Outcome, login: str = "") -> None:
    """Close the case in the transaction of `session`: the connection to the person ends, the counts are taken."""
    now = datetime.now(UTC)
    case.state, case.outcome, case.closed_at = State.CLOSED, outcome, now
    case.link_hash = case.code_hash = case.prefill = None
    _record(session, case, Kind.CASE, {"what": CaseWord.CLOSED}, now)
    statistics.count(session, case, outcome)
    if login:
        audit.note(session, login, Action.CASE_CLOSED, case.reference)


def keep_prefill(case_id: int, prefill: Mapping[str, str]) -> None:
    """Keep what the agent prepared for the person, sealed, until they join."""
    sealed = seal(current_config(), _PREFILL, json.dumps(dict(prefill)).encode()) if any(prefill.values()) else None
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is not None and case.state in (State.INVITED, State.CONFIRMING):
            if prefill_of(case) != dict(prefill):  # sealed anew it would be another one for whoever is looking at it
                case.prefill = sealed
            _touch(case, datetime.now(UTC))


def prefill_mark(case: Case) -> str:
    """Return what stands for the agent's preparation in the form that agrees to it; "" for none."""
    return hashlib.sha256(case.prefill).hexdigest()[:16] if case.prefill else ""


def prefill_of(case: Case) -> dict[str, str]:
    """Return what the agent prepared: email_address, client, device."""
    plain = unseal(current_config(), _PREFILL, case.prefill) if case.prefill else None
    found: dict[str, str] = json.loads(plain) if plain else {}
    return found


def drop_prefill(case_id: int, *, used: bool) -> None:
    now = datetime.now(UTC)
    with db.begin() as session:
        case = _locked(session, case_id)
        if case is not None:
            case.prefill = None
            if used:
                _record(session, case, Kind.CASE, {"what": CaseWord.PREFILLED}, now)


def events_of(session: Session, case_id: int) -> list[CaseEvent]:
    return list(session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)))


def notes_of(session: Session, case_id: int) -> list[CaseNote]:
    return list(session.scalars(select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id)))


def waiting_number() -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Case).where(Case.state == State.WAITING)) or 0


def _locked(session: Session, case_id: int) -> Case | None:
    """Return the case, held against other writers: its sequence must grow by one with every change."""
    return session.get(Case, case_id, with_for_update=True)


def _new(session: Session, state: State, now: datetime) -> Case:
    case = Case(reference=new_reference(), state=state, created_at=now, touched_at=now, sequence=0, ticket="")
    session.add(case)
    session.flush()
    return case


def _invite(case: Case, now: datetime) -> tuple[str, str]:
    link, code = new_token(), new_code()
    case.link_hash, case.link_expires_at = hashed(link), now + LINK_LIFE
    case.code_hash, case.code_expires_at = keyed(current_config(), _CODE, code), now + CODE_LIFE
    return link, code


def _touch(case: Case, now: datetime) -> None:
    case.touched_at = now
    case.sequence += 1


def _record(session: Session, case: Case, kind: Kind, words: Mapping[str, Any], now: datetime) -> None:
    session.add(CaseEvent(case_id=case.id, at=now, kind=kind.value, words=checked(kind, words)))
    _touch(case, now)
