"""A call at a time: the person gets a time and a code that is good then, and calls. No number is stored."""

from datetime import UTC, datetime
from itertools import groupby

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.core.text import new_reference
from webapp.helpdesk import cases, hours
from webapp.helpdesk.cases import CaseState
from webapp.helpdesk.hours import Window
from webapp.helpdesk.join import CODE_KEY
from webapp.helpdesk.live import begin, person_case
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.tokens import hashed, new_token
from webapp.infrastructure import db, limits
from webapp.infrastructure.codes import spoken
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Case

_FREE = (CaseState.WAITING, CaseState.BOOKED, CaseState.ENDED, CaseState.CLOSED)


def book(reference: str, window: Window) -> tuple[str, str]:
    """Make the case of somebody who calls at `window`; return their token and the code they read out then."""
    with db.begin() as writing:
        case = cases.new_case(writing, CaseState.BOOKED, reference)
        token = new_token()
        code = cases.give_code(case)
        case.person_hash, case.call_from, case.code_expires_at = hashed(token), window.begin, window.end
        return token, code


def expected(session_: Session) -> list[tuple[Window, int]]:
    """Return the times at which people call, and how many at each."""
    query = (
        select(Case.call_from, Case.code_expires_at, func.count())
        .where(Case.state == CaseState.BOOKED, Case.code_expires_at > datetime.now(UTC))
        .group_by(Case.call_from, Case.code_expires_at)
        .order_by(Case.call_from)
    )
    rows = session_.execute(query)
    return [(Window(begin, end), number) for begin, end, number in rows if begin is not None and end is not None]


def offered() -> list[Window]:
    """Return the times to choose from: those at which fewest call stay, so that not everybody calls at once."""
    there = hours.windows(current_config())
    with db.read() as reading:
        taken = {window.begin: number for window, number in expected(reading)}
    fewest = min((taken.get(window.begin, 0) for window in there), default=0)
    return [window for window in there if taken.get(window.begin, 0) <= fewest + 1]


@blueprint.get("/join/call")
def call() -> ResponseReturnValue:
    """Show the time and the code of the call, or the times to choose from."""
    case = person_case()
    if case is not None and case.state not in _FREE:
        return redirect(url_for("helpdesk.wait"), 303)
    window = hours.window_of(case) if case is not None else None
    if case is not None and window is not None and request.args.get("change") is None:
        return render_template("helpdesk/call.html", window=window, code=spoken(session.get(CODE_KEY, "")))
    days = [(day, list(times)) for day, times in groupby(offered(), lambda one: one.day)]
    return render_template(
        "helpdesk/choose-call.html", days=days, opens=hours.opens_next(current_config()),
        waits=case is not None and case.state == CaseState.WAITING,
    )  # fmt: skip


@blueprint.post("/join/call")
def choose_call() -> ResponseReturnValue:
    """Keep the time that the person chose; a place in the queue or another time is given up for it."""
    case = person_case()
    if case is not None and case.state not in _FREE:
        return redirect(url_for("helpdesk.wait"), 303)
    chosen = request.form.get("time", "")
    window = next((window for window in hours.windows(current_config()) if window.id == chosen), None)
    if window is None:
        return redirect(url_for("helpdesk.call", change="yes"), 303)
    if case is not None and case.state in (CaseState.WAITING, CaseState.BOOKED):
        cases.leave(case.id)
    reference = new_reference()
    if limits.current().take_waiting(request.remote_addr or "", reference) is not None:
        return render_template("helpdesk/queue-full.html"), 429
    token, session[CODE_KEY] = book(reference, window)
    begin(token)
    return redirect(url_for("helpdesk.call"), 303)
