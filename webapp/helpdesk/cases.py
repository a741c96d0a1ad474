"""Cases: made, joined, watched, closed. Every function is one short transaction."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy import case as sql_case

from webapp.core.account import shorten_address
from webapp.core.text import new_reference
from webapp.helpdesk import audit, statistics
from webapp.helpdesk.check_words import two_words
from webapp.helpdesk.tokens import hashed, new_token
from webapp.helpdesk.vocabulary import CaseWord, Kind, checked
from webapp.infrastructure import codes, db, limits, outbox, sealing
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Case, CaseEvent, CaseNote, CaseRun, CaseState, CaseWatcher, Delivery, Outcome

CODE_LIFE: Final = timedelta(minutes=codes.CODE_MINUTES)
LINK_LIFE: Final = timedelta(hours=24)
GONE_AFTER: Final = timedelta(seconds=40)  # an open page asks every few seconds while somebody looks at it
EVENTS_MAX: Final = 2000  # of one case; more is a loop, not a person
_PREFILL: Final = "helpdesk prefill"
_CODE: Final = "helpdesk code"

OPEN: Final = (CaseState.WAITING, CaseState.INVITED, CaseState.CONFIRMING, CaseState.JOINED, CaseState.ENDED)
AWAITED: Final = (CaseState.WAITING, CaseState.CONFIRMING, CaseState.JOINED)

P = ParamSpec("P")
R = TypeVar("R")


def changing(
    *states: CaseState,
) -> Callable[[Callable[Concatenate[db.Session, Case, P], R]], Callable[Concatenate[int, P], R | None]]:
    """Make a function of a session and a case one of the case's id: one transaction, in which nobody else changes it.

    It returns None for a case that is gone, or in none of `states`, if any are named.
    """

    def decorate(change: Callable[Concatenate[db.Session, Case, P], R]) -> Callable[Concatenate[int, P], R | None]:
        @wraps(change)
        def run(case_id: int, /, *args: P.args, **kwargs: P.kwargs) -> R | None:
            with db.begin() as session:
                # Held against other writers: its sequence must grow by one with every change.
                case = session.get(Case, case_id, with_for_update=True)
                if case is None or (states and case.state not in states):
                    return None
                return change(session, case, *args, **kwargs)

        return run

    return decorate


def create(agent_id: int, login: str, ticket: str = "") -> tuple[str, str, str]:
    """Make a case of the agent; return its reference, the token of its link, and its code."""
    with db.begin() as session:
        case = new_case(session, CaseState.INVITED, new_reference())
        case.agent_id, case.ticket = agent_id, ticket
        link, code = _invite(case)
        audit.note(session, login, audit.Action.CASE_OPENED, case.reference)
        return case.reference, link, code


@changing(CaseState.INVITED, CaseState.CONFIRMING, CaseState.ENDED)
def renew_invitation(session: db.Session, case: Case) -> tuple[str, str]:
    """Return a new link and code for a case that nobody has joined, not yet, or no longer; the old ones are void.

    Who comes next may be somebody else: nothing is left of the person who was there. The agent's notes stay.
    """
    if case.state != CaseState.INVITED:
        case.state, case.person_hash, case.joined_at = CaseState.INVITED, None, None
        case.address, case.shares_address, case.check_words = "", False, ""
        for kind in (CaseEvent, CaseRun):
            session.execute(delete(kind).where(kind.case_id == case.id))
    touch(case)
    return _invite(case)


def ask_for_help(reference: str) -> tuple[str, str]:
    """Make the case `reference` of a person who needs somebody; return their token and the code they read out.

    It was taken from the limits under that reference, and is given back when the person waits no more.
    """
    with db.begin() as session:
        case = new_case(session, CaseState.WAITING, reference)
        token = new_token()
        case.person_hash = hashed(token)
        return token, give_code(case)


@changing(CaseState.WAITING)
def renew_code(_session: db.Session, case: Case) -> str:
    """Return a new code for a person who still waits."""
    touch(case)
    return give_code(case)


def exchange_code(code: str, secret: str) -> bool:
    """Use up the agent's code for the person who holds `secret`; False for unknown, expired, used: all alike."""
    return exchange(secret, _has_code(code), expires=Case.code_expires_at)


def exchange_link(token: str, secret: str) -> bool:
    """Use up the token of an invitation for the person who holds `secret`.

    A link may have been sent to anybody: the agent reads two words to whoever comes by it. Of a code the telephone is
    the proof.
    """
    return exchange(secret, Case.link_hash == hashed(token), expires=Case.link_expires_at, words=two_words())


def link_is_good(token: str) -> bool:
    """Whether an invitation can still be used; changes nothing."""
    with db.read() as session:
        query = select(Case.id).where(
            Case.link_hash == hashed(token), Case.link_expires_at > datetime.now(UTC), Case.state == CaseState.INVITED
        )
        return session.scalar(query) is not None


def exchange(secret: str, *leads_to: ColumnElement[bool], expires: Any, words: str = "") -> bool:
    """Use up what leads to an invited case; from now on it is of the person who holds `secret`."""
    now = datetime.now(UTC)
    burnt: dict[str, Any] = {
        "link_hash": None, "code_hash": None, "person_hash": hashed(secret), "check_words": words,
        # Whoever is invited by somebody who helps no more waits for the next one.
        "state": sql_case((Case.agent_id.is_(None), CaseState.WAITING), else_=CaseState.CONFIRMING),
        "touched_at": now, "sequence": Case.sequence + 1,
    }  # fmt: skip
    with db.begin() as session:  # one statement: of two who come at once, one is too late
        good = (*leads_to, expires > now, Case.state == CaseState.INVITED)
        used = session.scalar(update(Case).where(*good).values(**burnt).returning(Case.reference))
        if used is not None:
            limits.current().give_back(used, session)
    return used is not None


def accept(agent_id: int, login: str, *, code: str | None = None, reference: str | None = None) -> str | None:
    """Give a waiting person to the agent, by the code they read out or from the queue; return the reference."""
    now = datetime.now(UTC)
    chosen = (_has_code(code), Case.code_expires_at > now) if code is not None else (Case.reference == reference,)
    values: dict[str, Any] = {
        "agent_id": agent_id, "code_hash": None, "state": CaseState.CONFIRMING, "touched_at": now,
        "sequence": Case.sequence + 1,
    }  # fmt: skip
    with db.begin() as session:
        calls = (Case.state == CaseState.BOOKED) & (Case.call_from <= now) & (Case.code_expires_at > now)
        waiting = (*chosen, (Case.state == CaseState.WAITING) | calls)
        taken = session.execute(update(Case).where(*waiting).values(**values).returning(Case.reference)).first()
        if taken is None:
            return None
        audit.note(session, login, audit.Action.CASE_OPENED, taken[0])
        limits.current().give_back(taken[0], session)
        return str(taken[0])


def of_person(session: db.Session, token: str) -> Case | None:
    """Return the case whose person holds `token`."""
    return session.scalar(select(Case).where(Case.person_hash == hashed(token)))


@changing(CaseState.CONFIRMING)
def confirm(session: db.Session, case: Case, mark: str, secret: str) -> bool | None:
    """Connect the person, who has agreed to what `mark` stands for; None where it is not that any more.

    They hold the case by `secret` from now on: what somebody copied of their browser before opens it no more.
    """
    if mark != prefill_mark(case):
        return None
    case.person_hash = hashed(secret)
    case.state, case.joined_at = CaseState.JOINED, case.joined_at or datetime.now(UTC)
    record_in(session, case, Kind.CASE, {"what": CaseWord.JOINED})
    return True


@changing()
def leave(session: db.Session, case: Case) -> None:
    """The person ends the help, or does not want it: nobody sees anything of theirs from now on."""
    case.prefill = None
    end_watching(session, case)
    if case.joined_at is None:  # else the sheet after the call is theirs
        case.person_hash = None
    if case.state in (CaseState.WAITING, CaseState.BOOKED):
        limits.current().give_back(case.reference, session)
    if case.state == CaseState.BOOKED or (case.state == CaseState.WAITING and not _holds_anything(session, case)):
        session.delete(case)
    elif case.state in (CaseState.WAITING, CaseState.CONFIRMING, CaseState.JOINED):
        word = CaseWord.DECLINED if case.state == CaseState.CONFIRMING else CaseWord.ENDED
        if word == CaseWord.DECLINED and case.joined_at is not None:
            case.agent_id = None  # took over, and was not let in: what another one saw is not theirs
        case.state, case.address, case.shares_address = CaseState.ENDED, "", False
        record_in(session, case, Kind.CASE, {"what": word})


def _holds_anything(session: db.Session, case: Case) -> bool:
    """Whether somebody was helped in the case, or an agent has written something on it."""
    return bool(case.joined_at or case.label or case.ticket or notes_of(session, case.id))


@changing()
def erase(session: db.Session, case: Case) -> None:
    """The person wants everything deleted now: the case goes with all that hangs on it; only counts remain."""
    limits.current().give_back(case.reference, session)
    delete_with_traces(session, case)


def delete_with_traces(session: db.Session, case: Case) -> None:
    """Delete the case; its events, notes, runs and reports go with it, its counts are taken before."""
    if case.agent_id is not None or case.joined_at is not None:
        statistics.count(session, case, case.outcome or Outcome.EXPIRED)
    outbox.forget(session, Delivery.reference == case.reference)
    session.delete(case)


@changing(CaseState.JOINED)
def record(
    session: db.Session, case: Case, kind: Kind, words: Mapping[str, Any], *, address: str | None = None
) -> None:
    """Add an event to a joined case; raises ValueError for a word outside the vocabulary.

    The same step, choice or step of the guide twice in a row is one event: a page that is reloaded is no news.
    """
    plain = checked(kind, words)
    if address is not None and case.address != address:
        case.address = address
        touch(case)
    newest = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id.desc()).limit(1)
    last = session.scalar(newest) if kind in (Kind.STEP, Kind.CHOICE, Kind.GUIDE) else None
    is_news = last is None or (last.kind, last.details) != (kind, plain)
    if is_news and case.sequence < EVENTS_MAX:
        record_in(session, case, kind, plain)


@changing(CaseState.JOINED)
def share_address(session: db.Session, case: Case, address: str, *, whole: bool) -> None:
    """Keep the address as the person wants it seen."""
    case.address, case.shares_address = address, whole
    record_in(session, case, Kind.CASE, {"what": CaseWord.SHARED if whole else CaseWord.HIDDEN})


@changing(CaseState.INVITED, CaseState.CONFIRMING, CaseState.JOINED)
def take_over(session: db.Session, case: Case, agent_id: int, login: str) -> bool:
    """Make the case the agent's, None where there is none: a connected person is asked anew before more is seen."""
    case.agent_id = agent_id
    end_watching(session, case)
    if case.state == CaseState.JOINED:
        case.state = CaseState.CONFIRMING
    hide_address(case)
    record_in(session, case, Kind.CASE, {"what": CaseWord.TAKEN})
    audit.note(session, login, audit.Action.CASE_TAKEN, case.reference)
    return True


def hide_address(case: Case) -> None:
    """Shorten what was shown to one agent: the next one sees it whole only when the person says so anew."""
    if case.shares_address:
        case.address, case.shares_address = shorten_address(case.address), False


@changing()
def describe(_session: db.Session, case: Case, label: str, ticket: str) -> None:
    """Keep by what the agent knows the case, and its ticket."""
    case.label, case.ticket = label, ticket
    touch(case)


@changing()
def add_note(session: db.Session, case: Case, agent_name: str, text: str) -> None:
    session.add(CaseNote(case_id=case.id, agent=agent_name, at=datetime.now(UTC), text=text))
    touch(case)


def close(session: db.Session, case: Case, outcome: Outcome, login: str = "") -> None:
    """Close the case in the transaction of `session`: the connection to the person ends, the counts are taken."""
    case.state, case.outcome, case.closed_at = CaseState.CLOSED, outcome, datetime.now(UTC)
    case.link_hash = case.code_hash = case.prefill = None
    end_watching(session, case)
    record_in(session, case, Kind.CASE, {"what": CaseWord.CLOSED})
    statistics.count(session, case, outcome)
    if login:
        audit.note(session, login, audit.Action.CASE_CLOSED, case.reference)


@changing(CaseState.INVITED, CaseState.CONFIRMING)
def keep_prefill(_session: db.Session, case: Case, prefill: Mapping[str, str]) -> None:
    """Keep what the agent prepared for the person, sealed, until they join."""
    if prefill_of(case) != dict(prefill):  # sealed anew it would be another one for whoever is looking at it
        plain = json.dumps(dict(prefill)).encode()
        case.prefill = sealing.seal(current_config(), _PREFILL, plain) if any(prefill.values()) else None
    touch(case)


def prefill_mark(case: Case) -> str:
    """Return what stands for the agent and their preparation in the form that agrees to both."""
    return hashlib.sha256(f"{case.agent_id} ".encode() + (case.prefill or b"")).hexdigest()[:16]


def prefill_of(case: Case) -> dict[str, str]:
    """Return what the agent prepared: email_address, client, device."""
    plain = sealing.unseal(current_config(), _PREFILL, case.prefill)
    found: dict[str, str] = json.loads(plain) if plain else {}
    return found


@changing()
def drop_prefill(session: db.Session, case: Case, *, used: bool) -> None:
    """Forget what the agent prepared, which the person has agreed to or not."""
    case.prefill = None
    if used:
        record_in(session, case, Kind.CASE, {"what": CaseWord.PREFILLED})


def end_watching(session: db.Session, case: Case) -> None:
    """Let no colleague look on any more, nor be asked about."""
    session.execute(delete(CaseWatcher).where(CaseWatcher.case_id == case.id))


def is_away(state: str, seen_at: datetime | None) -> bool:
    """Whether the page of somebody who should be there is silent: hidden behind another one, or closed."""
    return state in AWAITED and seen_at is not None and datetime.now(UTC) - seen_at > GONE_AFTER


def away(case: Case) -> bool:
    return is_away(case.state, case.seen_at)


def events_of(session: db.Session, case_id: int) -> list[CaseEvent]:
    return list(session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)))


def notes_of(session: db.Session, case_id: int) -> list[CaseNote]:
    return list(session.scalars(select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id)))


def new_case(session: db.Session, state: CaseState, reference: str) -> Case:
    now = datetime.now(UTC)
    case = Case(reference=reference, state=state, created_at=now, touched_at=now, sequence=0, ticket="")
    session.add(case)
    session.flush()
    return case


def _invite(case: Case) -> tuple[str, str]:
    link = new_token()
    case.link_hash, case.link_expires_at = hashed(link), datetime.now(UTC) + LINK_LIFE
    return link, give_code(case)


def give_code(case: Case, code: str = "") -> str:
    """Give the case `code`, or a new one."""
    code = code or codes.new_code()
    case.code_hash = sealing.keyed_hash(current_config(), _CODE, code)
    case.code_expires_at = datetime.now(UTC) + CODE_LIFE
    return code


def _has_code(code: str) -> ColumnElement[bool]:
    """Return the condition that a case has `code`, whichever key of the site it was kept under."""
    return Case.code_hash.in_(sealing.keyed_hashes(current_config(), _CODE, code))


def touch(case: Case) -> None:
    case.touched_at = datetime.now(UTC)
    case.sequence += 1


def record_in(session: db.Session, case: Case, kind: Kind, words: Mapping[str, Any]) -> None:
    session.add(CaseEvent(case_id=case.id, at=datetime.now(UTC), kind=kind.value, details=checked(kind, words)))
    touch(case)
