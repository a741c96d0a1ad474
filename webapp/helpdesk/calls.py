"""A call at a time: the person gets a time and a code that is good then, and calls. No number is stored."""

from datetime import UTC, datetime
from itertools import groupby

from flask import redirect, render_template, request, session, url_for
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from webapp.core.text import new_reference
from webapp.helpdesk import agents, cases, hours, tokens
from webapp.helpdesk.live import CODE_KEY, SESSION_KEY, begin, person_case
from webapp.helpdesk.room import Answer, blueprint
from webapp.infrastructure import codes, db, limits
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Case, CaseState

_GIVES_WAY = (CaseState.WAITING, CaseState.ENDED, CaseState.CLOSED)
_FREE = (*_GIVES_WAY, CaseState.BOOKED)


def book(token: str, code: str, reference: str, window: hours.Window, before: int | None) -> bool:
    """Let the person who holds `token` call at `window`; False where no booking was made, but the one there was moved.

    A browser has one booking, and two clicks make one: the token is the browser's own. The code that the person may
    have written down stays. before: the person's case so far.
    """
    try:
        with db.begin() as writing:
            former = _locked(writing, token, before)
            if former is None or former.state in _GIVES_WAY:
                _free(writing, former, token)
                booked = cases.new_case(writing, CaseState.BOOKED, reference)
                booked.person_hash = tokens.hashed(token)
                _fill(booked, code, window)
                return True
            if former.state == CaseState.BOOKED:
                _fill(former, code, window)
    except IntegrityError:  # the other one of two clicks was faster
        pass
    return False


def _locked(writing: db.Session, token: str, before: int | None) -> Case | None:
    """Return the person's case as it stands now: somebody may take it from the queue meanwhile."""
    former = cases.of_person(writing, token) or (writing.get(Case, before) if before is not None else None)
    if former is not None:
        writing.refresh(former, with_for_update=True)
    return former


def _free(writing: db.Session, former: Case | None, token: str) -> None:
    """Let go of code and token of the case before: each is good once."""
    if former is not None:
        former.code_hash = None
        if former.person_hash == tokens.hashed(token):
            former.person_hash = None
        writing.flush()


def _fill(case: Case, code: str, window: hours.Window) -> None:
    cases.give_code(case, code)
    case.call_from, case.code_expires_at = window.begin, window.end
    cases.touch(case)


def expected(session_: db.Session) -> list[tuple[hours.Window, int]]:
    """Return the times at which people call, and how many at each."""
    query = (
        select(Case.call_from, Case.code_expires_at, func.count())
        .where(Case.state == CaseState.BOOKED, Case.code_expires_at > datetime.now(UTC))
        .group_by(Case.call_from, Case.code_expires_at)
        .order_by(Case.call_from)
    )
    rows = session_.execute(query)
    return [(hours.Window(begin, end), number) for begin, end, number in rows if begin is not None and end is not None]


def offered() -> list[hours.Window]:
    """Return the times to choose from: those at which fewest call stay, so that not everybody calls at once."""
    there = hours.windows(current_config())
    with db.read() as reading:
        taken = {window.begin: number for window, number in expected(reading)}
    fewest = min((taken.get(window.begin, 0) for window in there), default=0)
    return [window for window in there if taken.get(window.begin, 0) <= fewest + 1]


@blueprint.get("/join/call")
def call() -> Answer:
    """Show the time and the code of the call, or the times to choose from."""
    case = person_case()
    if case is not None and case.state not in _FREE:
        return redirect(url_for("helpdesk.wait"), 303)
    window = hours.window_of(case) if case is not None else None
    if case is not None and window is not None and request.args.get("change") is None:
        return render_template("helpdesk/call.html", window=window, code=codes.spoken(session.get(CODE_KEY, "")))
    if not agents.any_active():
        return redirect(url_for("helpdesk.join"), 303)
    days = [(day, list(times)) for day, times in groupby(offered(), lambda one: one.day)]
    if days:
        _prepare(case)
    return render_template(
        "helpdesk/choose-call.html", days=days, opens=hours.opens_next(current_config()),
        waits=case is not None and case.state == CaseState.WAITING,
    )  # fmt: skip


def _prepare(case: Case | None) -> None:
    """Have the browser's token and the code it will show ready before the click: two clicks have the same."""
    has_code = case is not None and case.state in (CaseState.WAITING, CaseState.BOOKED) and case.code_hash is not None
    if not has_code:
        session[CODE_KEY] = codes.new_code()
    session.setdefault(CODE_KEY, codes.new_code())
    session.setdefault(SESSION_KEY, tokens.new_token())


def _token_of_call(case: Case | None) -> str:
    """Return the token of this browser's booking; one that was helped keeps its own for the sheet after the call."""
    token = str(session[SESSION_KEY])
    if case is None or case.joined_at is None:
        return token
    return tokens.as_token(tokens.hashed(f"call {token}"))  # the same for each of two clicks


@blueprint.post("/join/call")
def choose_call() -> Answer:
    """Keep the time that the person chose; a place in the queue or another time is given up for it."""
    case = person_case()
    if case is not None and case.state not in _FREE:
        return redirect(url_for("helpdesk.wait"), 303)
    if not agents.any_active():
        return redirect(url_for("helpdesk.join"), 303)
    chosen, own = request.form.get("time", ""), hours.window_of(case) if case is not None else None
    if own is not None and own.id == chosen:
        return redirect(url_for("helpdesk.call"), 303)
    window = next((window for window in offered() if window.id == chosen), None)
    if window is None:
        return redirect(url_for("helpdesk.call", change="yes"), 303)
    reference, moves = new_reference(), case is not None and case.state == CaseState.BOOKED
    if not moves and limits.current().take_call(request.remote_addr or "", reference) is not None:
        return render_template(
            "helpdesk/calls-full.html", waits=case is not None and case.state == CaseState.WAITING
        ), 429
    if SESSION_KEY not in session or CODE_KEY not in session:
        _prepare(case)
    token = _token_of_call(case)
    if not book(token, session[CODE_KEY], reference, window, None if case is None else case.id):
        limits.current().give_back(reference)
    elif case is not None and case.state == CaseState.WAITING:
        cases.leave(case.id)  # the place in the queue is given up for the call
    begin(token)
    return redirect(url_for("helpdesk.call"), 303)
