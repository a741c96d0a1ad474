"""One case as its agent sees it: the live view, and everything an agent can do."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import db
from webapp.config import current_providers
from webapp.helpdesk import cases, courier, report, tickets
from webapp.helpdesk.cases import OUTCOME_LABELS, STATE_NAMES, Outcome, State
from webapp.helpdesk.desk import invitation_of, remember_invitation
from webapp.helpdesk.forms import NoteForm, PrefillForm
from webapp.helpdesk.picture import hint_message, paint, way
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.sessions import for_agents, me, watching
from webapp.helpdesk.vocabulary import (
    HINTS,
    PROTOCOL_LABELS,
    STAGE_LABELS,
    STATE_LABELS,
    STATUS_LABELS,
    STEP_SLUGS,
)
from webapp.i18n import current_locale, translate
from webapp.models import Agent, Case
from webapp.text import InputError

POLL_MILLISECONDS: Final = 1500
FRESH_SECONDS: Final = 0.2  # how old the list of sequence numbers may be that all viewers share


class Sequences:
    """The sequence numbers of all cases that somebody may watch, read once for everybody.

    A thousand viewers ask every 1.5 seconds whether anything is new. They share one reading of one small query, which
    is at most FRESH_SECONDS old; only who finds a new number has a page made.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: dict[str, tuple[int, int | None]] = {}

    def of(self, reference: str) -> tuple[int, int | None] | None:
        """Return sequence and agent of a case that is not closed long since."""
        if time.monotonic() >= self._until:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._found = self._read()
                    self._until = time.monotonic() + FRESH_SECONDS
        return self._found.get(reference)

    def _read(self) -> dict[str, tuple[int, int | None]]:
        with db.read() as reading:
            rows = reading.execute(select(Case.reference, Case.sequence, Case.agent_id))
            return {reference: (sequence, agent_id) for reference, sequence, agent_id in rows}


def _sequences() -> Sequences:
    found = current_app.extensions.get("helpdesk_sequences")
    if not isinstance(found, Sequences):
        found = current_app.extensions["helpdesk_sequences"] = Sequences()
    return found


def _find(reading: Session, reference: str) -> tuple[Case, str]:
    """Return the case and the name of its agent; 404 for one there is not."""
    query = select(Case, Agent.name).outerjoin(Agent, Agent.id == Case.agent_id).where(Case.reference == reference)
    row = reading.execute(query).first()
    if row is None:
        abort(404)
    return row[0], row[1] or ""


def _own(reference: str) -> Case:
    """Return the agent's own case; 404 for one there is not, 403 for another agent's."""
    with db.read() as reading:
        case, _ = _find(reading, reference)
    if case.agent_id != me().agent_id:
        abort(403)
    return case


@blueprint.get("/helpdesk/cases/<reference>")
@for_agents
def case(reference: str) -> ResponseReturnValue:
    """Show the live view; of another agent's case only whose it is."""
    with db.read() as reading:
        found, agent_name = _find(reading, reference)
        if found.agent_id != me().agent_id:
            return render_template("helpdesk/foreign-case.html", case=found, agent_name=agent_name, states=STATE_NAMES)
        return _page(reading, found)


def _page(reading: Session, found: Case, *, note: NoteForm | None = None, prefill: PrefillForm | None = None) -> str:
    prepared = cases.prefill_of(found)
    if prefill is None:
        program = ":".join(filter(None, (prepared.get("client"), prepared.get("device"))))
        prefill = PrefillForm(
            formdata=None, data={"email_address": prepared.get("email_address", ""), "program": program}
        )
    return render_template(
        "helpdesk/case.html",
        **_live(reading, found),
        invitation=invitation_of(found.reference) if found.state == State.INVITED else None,
        code_until=found.code_expires_at if _is_later(found.code_expires_at) else None,
        prefill=prefill,
        note=note or NoteForm(formdata=None),
        notes=cases.notes_of(reading, found.id),
        hints=[hint for hint in HINTS if hint != "open-step"],
        outcomes={key: label for key, label in OUTCOME_LABELS.items() if key != Outcome.EXPIRED},
        outcome_labels=OUTCOME_LABELS,
        poll=POLL_MILLISECONDS,
    )


def _is_later(moment: datetime | None) -> bool:
    return moment is not None and moment > datetime.now(UTC)


def _live(reading: Session, found: Case) -> dict[str, Any]:
    """Return what the changing part of the page needs."""
    events = cases.events_of(reading, found.id)
    taken = way(events)
    provider = next(
        (
            current_providers().get(event.words["choice"])
            for event in reversed(events)
            if event.kind == "choice" and event.words["step"] == "platform" and event.words["choice"]
        ),
        None,
    )
    return {
        "case": found,
        "etag": _etag(found.sequence),
        "picture": paint(events, taken, provider),
        "hint_texts": {hint: translate(hint_message(hint, None, taken)) for hint in HINTS if hint != "open-step"},
        "states": STATE_NAMES,
        "stage_labels": STAGE_LABELS,
        "status_labels": STATUS_LABELS,
        "state_labels": STATE_LABELS,
        "protocol_labels": PROTOCOL_LABELS,
        "now": datetime.now(UTC),
    }


def _etag(sequence: int) -> str:
    return f"{sequence}-{current_locale()}"


@blueprint.get("/helpdesk/cases/<reference>/progress")
def progress(reference: str) -> ResponseReturnValue:
    """Return the changing part of the page, or 304 while nothing is new: then without database and template."""
    watcher = watching()
    if watcher is None:
        abort(401)
    known = _sequences().of(reference)
    if known is None:
        abort(404)
    sequence, agent_id = known
    if agent_id != watcher:
        abort(403)
    if request.if_none_match.contains(_etag(sequence)):
        response = Response(status=304)
        response.set_etag(_etag(sequence))
        return response
    with db.read() as reading:
        case, _ = _find(reading, reference)
        if case.agent_id != watcher:
            abort(403)
        response = Response(render_template("helpdesk/_live.html", **_live(reading, case)), mimetype="text/html")
        response.set_etag(_etag(case.sequence))
        return response


@blueprint.post("/helpdesk/cases/<reference>/hint")
@for_agents
def hint(reference: str) -> ResponseReturnValue:
    """Show one of our sentences on the person's page."""
    found = _own(reference)
    name, step = request.form.get("hint", ""), request.form.get("step") or None
    if name not in HINTS or (step is not None and step not in STEP_SLUGS) or (name == "open-step") != bool(step):
        abort(400)
    cases.show_hint(found.id, name, step)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/note")
@for_agents
def add_note(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    form = NoteForm()
    try:
        cases.add_note(found.id, me().name, form.text.data or "")
    except InputError as error:
        form.text.errors = [translate(error.message)]
        with db.read() as reading:
            return _page(reading, found, note=form), 422
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/prefill")
@for_agents
def keep_prefill(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    form = PrefillForm()
    if not form.validate():
        with db.read() as reading:
            return _page(reading, found, prefill=form), 422
    cases.keep_prefill(found.id, form.prefill())
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/invitation")
@for_agents
def renew_invitation(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    made = cases.renew_invitation(found.id)
    if made is not None:
        remember_invitation(reference, *made)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/take")
@for_agents
def take_over(reference: str) -> ResponseReturnValue:
    """Make another agent's case one's own; it is written down."""
    with db.read() as reading:
        found, _ = _find(reading, reference)
    if found.agent_id != me().agent_id and not cases.take_over(found.id, me().agent_id, me().login):
        abort(404)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/close")
@for_agents
def close(reference: str) -> ResponseReturnValue:
    """Close the case and hand its report to the courier."""
    found = _own(reference)
    outcome = request.form.get("outcome", "")
    if outcome not in OUTCOME_LABELS or outcome == Outcome.EXPIRED:
        abort(400)
    with db.begin() as writing:
        kept = writing.get(Case, found.id, with_for_update=True)
        if kept is None:
            abort(404)
        if kept.state != State.CLOSED:
            cases.close(writing, kept, Outcome(outcome), me().login)
            writing.flush()
            made = report.as_json(kept, me().name, cases.events_of(writing, kept.id), cases.notes_of(writing, kept.id))
            tickets.enqueue(writing, kept.reference, made)
    courier.of(current_app).wake()
    return redirect(url_for("helpdesk.show_report", reference=reference), 303)


@blueprint.get("/helpdesk/cases/<reference>/report")
@for_agents
def show_report(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    with db.read() as reading:
        events, notes = cases.events_of(reading, found.id), cases.notes_of(reading, found.id)
    text = report.as_text(found, me().name, events, notes)
    return render_template("helpdesk/report.html", case=found, text=text, outcomes=OUTCOME_LABELS)
