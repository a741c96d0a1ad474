"""One case as its agent sees it: the live view, and everything an agent can do."""

from datetime import UTC, datetime
from typing import Any, Final

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.diagnosis import CATALOGUE
from webapp.core.stages import FAILURE_LABELS, PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS
from webapp.core.text import N_, InputError, Message
from webapp.helpdesk import agents, case_report, cases, colleagues, hints, notes, recipients
from webapp.helpdesk.attendance import away, is_away
from webapp.helpdesk.cases import OUTCOME_LABELS, STATE_NAMES, CaseState, Outcome
from webapp.helpdesk.desk import invitation_of, remember_invitation
from webapp.helpdesk.forms import DetailsForm, NoteForm, PrefillForm
from webapp.helpdesk.live_view import LiveView, build
from webapp.helpdesk.log import hint_message
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.sessions import for_agents, me, watching
from webapp.helpdesk.vocabulary import HINTS, STEP_SLUGS
from webapp.infrastructure import db, fragments, mistakes, outbox
from webapp.infrastructure.config import current_config
from webapp.infrastructure.fresh import Fresh
from webapp.infrastructure.i18n import translate
from webapp.infrastructure.models import Agent, Case, CaseWatcher
from webapp.infrastructure.security import public_url
from webapp.web.guides.pictures import Shown, picture
from webapp.web.wizard.pictures import page_of

POLL_MILLISECONDS: Final = 1500
FRESH_SECONDS: Final = 0.2  # how old the list of sequence numbers may be that all viewers share


def _read_sequences() -> dict[str, tuple[str, tuple[int | None, ...]]]:
    columns = (Case.reference, Case.sequence, Case.agent_id, Case.state, Case.seen_at)
    watcher = CaseWatcher.agent_id.label("watcher")
    looks_on = (CaseWatcher.case_id == Case.id) & CaseWatcher.agreed
    with db.read() as reading:
        rows = reading.execute(select(*columns, watcher).outerjoin(CaseWatcher, looks_on)).all()
    return {
        row.reference: (_version(row.sequence, is_away(row.state, row.seen_at)), (row.agent_id, row.watcher))
        for row in rows
    }


def _version(sequence: int, gone: bool) -> str:
    return f"{sequence}-away" if gone else str(sequence)


# Version, and agent and colleague by the reference of the case. A thousand viewers ask every 1.5 seconds whether
# anything is new and share one small query; only for who finds a new number a page is made.
sequences = Fresh(FRESH_SECONDS, _read_sequences)


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
            if colleagues.may_watch(reading, found, me().agent_id):
                return render_template(
                    "helpdesk/watched-case.html", **_live(reading, found, me().agent_id), agent_name=agent_name
                )
            return render_template("helpdesk/foreign-case.html", case=found, agent_name=agent_name, states=STATE_NAMES)
        return _page(reading, found)


def _page(
    reading: Session,
    found: Case,
    *,
    note: NoteForm | None = None,
    prefill: PrefillForm | None = None,
    details: DetailsForm | None = None,
) -> ResponseReturnValue:
    prepared = cases.prefill_of(found)
    program = ":".join(filter(None, (prepared.get("client"), prepared.get("device"))))
    known = {"email_address": prepared.get("email_address", ""), "program": program}
    prefill = prefill or mistakes.form_of(PrefillForm, known)
    note = note or mistakes.form_of(NoteForm)
    details = details or mistakes.form_of(DetailsForm, {"label": found.label, "ticket": found.ticket})
    problem = mistakes.told()
    page = render_template(
        "helpdesk/case.html",
        **_live(reading, found, me().agent_id),
        invitation=invitation_of(found.reference) if found.state == CaseState.INVITED else None,
        details=details,
        problem=problem,
        watcher=colleagues.of_case(reading, found),
        team=agents.active(reading, but=me().agent_id),
        join_address=public_url("helpdesk.join").partition("://")[2],
        asks_page=found.link_hash is None,
        code_until=found.code_expires_at if _is_later(found.code_expires_at) else None,
        prefill=prefill,
        note=note,
        notes=cases.notes_of(reading, found.id),
        is_sent=bool(recipients.targets(current_config())),
        hints=[hint for hint in HINTS if hint != "open-step"],
        outcomes={key: label for key, label in OUTCOME_LABELS.items() if key != Outcome.EXPIRED},
        outcome_labels=OUTCOME_LABELS,
    )
    return page, mistakes.status(note, prefill, details, problem)


def _again(found: Case, name: str, form: FlaskForm) -> ResponseReturnValue:
    """Lead to the page of a case, which tells the mistakes of the form that was sent."""

    def page() -> ResponseReturnValue:
        with db.read() as reading:
            return _page(reading, found, **{name: form})

    return mistakes.refuse(form, url_for("helpdesk.case", reference=found.reference), page)


def _is_later(moment: datetime | None) -> bool:
    return moment is not None and moment > datetime.now(UTC)


def _live(reading: Session, found: Case, agent_id: int) -> dict[str, Any]:
    """Return what the changing part of the page needs."""
    # Whoever takes over sees nothing before the person has agreed to them.
    events = cases.events_of(reading, found.id) if found.state != CaseState.CONFIRMING else []
    picture = build(events)
    return {
        "case": found,
        "address": colleagues.address_for(found, agent_id) if found.state != CaseState.CONFIRMING else "",
        "tag": fragments.tag(_version(found.sequence, away(found))),
        "away": away(found),
        "may_change": found.agent_id == agent_id,
        "poll": POLL_MILLISECONDS,
        "picture": picture,
        "drawing": _drawing(picture),
        "hint_texts": {hint: translate(hint_message(hint, None)) for hint in HINTS if hint != "open-step"},
        "titles": {name: diagnosis.for_provider(picture.provider).title for name, diagnosis in CATALOGUE.items()},
        "states": STATE_NAMES,
        "stage_labels": STAGE_LABELS,
        "failure_labels": FAILURE_LABELS,
        "status_labels": STATUS_LABELS,
        "protocol_labels": PROTOCOL_LABELS,
        "now": datetime.now(UTC),
    }


def _drawing(view: LiveView) -> Shown | None:
    """Return the picture that the person has before them, with what to press ringed."""
    if view.shown is not None:
        return picture(view.shown.step, view.shown.context)
    if view.place == "step" and view.current_step == "preparation" and view.provider.activation:
        clicks = next(iter(view.provider.activation.values()))
        return Shown("", svg=page_of(clicks[0], view.provider) or None)
    return None


@blueprint.get("/helpdesk/cases/<reference>/progress")
def progress(reference: str) -> ResponseReturnValue:
    """Return the changing part of the page, or 304 while nothing is new: then without database and template."""
    watcher = watching()
    known = sequences.get()
    if known is None:
        abort(503)
    if reference not in known:
        abort(404)
    version, allowed = known[reference]
    if watcher not in allowed:
        abort(403)
    return fragments.answer(fragments.tag(version), lambda: _changed(reference, watcher))


def _changed(reference: str, watcher: int) -> str:
    with db.read() as reading:
        case, _ = _find(reading, reference)
        if case.agent_id != watcher and not colleagues.may_watch(reading, case, watcher):
            abort(403)
        return render_template("helpdesk/_live.html", **_live(reading, case, watcher))


@blueprint.post("/helpdesk/cases/<reference>/hint")
@for_agents
def hint(reference: str) -> ResponseReturnValue:
    """Show one of our sentences on the person's page, or take back the one that stands there."""
    found = _own(reference)
    name, step = request.form.get("hint", ""), request.form.get("step") or None
    if name == "none":
        hints.take_back(found.id)
        return redirect(url_for("helpdesk.case", reference=reference), 303)
    if name not in HINTS or (step is not None and step not in STEP_SLUGS) or (name == "open-step") != bool(step):
        abort(400)
    if not hints.give(found.id, name, step, me().agent_id):
        text = N_("Nobody is connected just now. The sentence was not shown.")
        return mistakes.tell(Message(text), url_for("helpdesk.case", reference=reference))
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/settle")
@for_agents
def settle(reference: str) -> ResponseReturnValue:
    """Put away why the last test failed."""
    notes.settle(_own(reference).id)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/note")
@for_agents
def add_note(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    form = NoteForm()
    try:
        notes.add_note(found.id, me().name, form.text.data or "")
    except InputError as error:
        form.text.errors = [translate(error.message)]
        return _again(found, "note", form)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/prefill")
@for_agents
def keep_prefill(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    form = PrefillForm()
    if not form.validate():
        return _again(found, "prefill", form)
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


@blueprint.post("/helpdesk/cases/<reference>/hand-over")
@for_agents
def hand_over(reference: str) -> ResponseReturnValue:
    """Give the case to a colleague; a connected person is asked whether they may see it."""
    found = _own(reference)
    colleague = request.form.get("agent", "")
    with db.read() as reading:
        known = {str(agent.id) for agent in agents.active(reading, but=me().agent_id)}
    if colleague not in known or not cases.take_over(found.id, int(colleague), me().login):
        abort(400)
    return redirect(url_for("helpdesk.overview"), 303)


@blueprint.post("/helpdesk/cases/<reference>/watcher")
@for_agents
def invite_watcher(reference: str) -> ResponseReturnValue:
    """Ask the person whether a colleague may look on; no colleague ends it."""
    found = _own(reference)
    colleague = request.form.get("agent", "")
    with db.read() as reading:
        known = {str(agent.id) for agent in agents.active(reading, but=me().agent_id)}
    if not colleague:
        colleagues.end(found.id)
    elif colleague in known:
        colleagues.invite(found.id, int(colleague), me().login)
    else:
        abort(400)
    sequences.forget()
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/details")
@for_agents
def describe(reference: str) -> ResponseReturnValue:
    """Keep label and ticket."""
    found = _own(reference)
    form = DetailsForm()
    if not form.validate():
        return _again(found, "details", form)
    cases.describe(found.id, form.label.data or "", form.ticket.data or "")
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.post("/helpdesk/cases/<reference>/close")
@for_agents
def close(reference: str) -> ResponseReturnValue:
    """Close the case and send its report."""
    found = _own(reference)
    outcome = request.form.get("outcome", "")
    if outcome not in OUTCOME_LABELS or outcome == Outcome.EXPIRED:
        abort(400)
    with db.begin() as writing:
        kept = writing.get(Case, found.id, with_for_update=True)
        if kept is None:
            abort(404)
        if kept.state != CaseState.CLOSED:
            cases.close(writing, kept, Outcome(outcome), me().login)
            writing.flush()
            made = case_report.as_json(
                kept, me().name, cases.events_of(writing, kept.id), cases.notes_of(writing, kept.id)
            )
            recipients.enqueue(writing, kept.reference, made)
    outbox.wake(current_app)
    return redirect(url_for("helpdesk.show_report", reference=reference), 303)


@blueprint.get("/helpdesk/cases/<reference>/report")
@for_agents
def show_report(reference: str) -> ResponseReturnValue:
    found = _own(reference)
    with db.read() as reading:
        events, notes = cases.events_of(reading, found.id), cases.notes_of(reading, found.id)
    text = case_report.as_text(found, me().name, build(events), notes)
    return render_template("helpdesk/report.html", case=found, text=text, outcomes=OUTCOME_LABELS)
