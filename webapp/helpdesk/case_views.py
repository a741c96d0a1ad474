"""One case as its agent sees it: the live view, and everything an agent can do."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final

from flask import abort, current_app, redirect, render_template, request, url_for
from sqlalchemy import select

from webapp.core.stages import FAILURE_LABELS, PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS
from webapp.core.text import N_, Message
from webapp.helpdesk import agents, case_report, cases, colleagues, hints, recipients
from webapp.helpdesk.desk import invitation_of, remember_invitation
from webapp.helpdesk.forms import DetailsForm, NoteForm, PrefillForm
from webapp.helpdesk.invitations import join_address
from webapp.helpdesk.live_view import LiveView, build, runs_of, unsolved
from webapp.helpdesk.log import hint_message
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sessions import View, for_agents, me, watching
from webapp.helpdesk.vocabulary import HINTS, STEP_SLUGS, CaseWord, Kind
from webapp.infrastructure import db, fragments, i18n, mistakes, outbox
from webapp.infrastructure.config import current_config
from webapp.infrastructure.fresh import Fresh
from webapp.infrastructure.models import Agent, Case, CaseState, CaseWatcher, Outcome
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
        row.reference: (_version(row.sequence, cases.is_away(row.state, row.seen_at)), (row.agent_id, row.watcher))
        for row in rows
    }


def _version(sequence: int, gone: bool) -> str:
    return f"{sequence}-away" if gone else str(sequence)


# Version, and agent and colleague by the reference of the case. A thousand viewers ask every 1.5 seconds whether
# anything is new and share one small query; only for who finds a new number a page is made.
sequences = Fresh(FRESH_SECONDS, _read_sequences)


def _find(reading: db.Session, reference: str) -> tuple[Case, str]:
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


def on_own_case(change: Callable[[Case], Answer | None]) -> View:
    """Make `change` a view of the case's own agent, who is led back to the case where nothing else is answered."""

    @for_agents
    @wraps(change)
    def view(reference: str) -> Answer:
        return change(_own(reference)) or redirect(url_for("helpdesk.case", reference=reference), 303)

    return view


@blueprint.get("/helpdesk/cases/<reference>")
@for_agents
def case(reference: str) -> Answer:
    """Show the live view; of another agent's case only whose it is."""
    with db.read() as reading:
        found, agent_name = _find(reading, reference)
        if found.agent_id != me().agent_id:
            if colleagues.may_watch(reading, found, me().agent_id):
                return render_template(
                    "helpdesk/watched-case.html", **_live(reading, found, me().agent_id), agent_name=agent_name
                )
            return render_template("helpdesk/foreign-case.html", case=found, agent_name=agent_name, states=CaseState)
        return _page(reading, found)


def _page(reading: db.Session, found: Case, sent: NoteForm | PrefillForm | DetailsForm | None = None) -> Answer:
    """Return the page of the agent's own case. sent: the form with a mistake, which takes the place of an empty one."""
    prepared = cases.prefill_of(found)
    program = ":".join(filter(None, (prepared.get("client"), prepared.get("device"))))
    known = {"email_address": prepared.get("email_address", ""), "program": program}
    described = {"label": found.label, "ticket": found.ticket}
    prefill = sent if isinstance(sent, PrefillForm) else mistakes.form_of(PrefillForm, known)
    note = sent if isinstance(sent, NoteForm) else mistakes.form_of(NoteForm)
    details = sent if isinstance(sent, DetailsForm) else mistakes.form_of(DetailsForm, described)
    problem = mistakes.told()
    page = render_template(
        "helpdesk/case.html",
        **_live(reading, found, me().agent_id),
        invitation=invitation_of(found.reference) if found.state == CaseState.INVITED else None,
        details=details,
        problem=problem,
        watcher=colleagues.of_case(reading, found),
        team=agents.active(reading, but=me().agent_id),
        join_address=join_address(),
        asks_page=found.link_hash is None,
        code_until=found.code_expires_at if _is_later(found.code_expires_at) else None,
        prefill=prefill,
        note=note,
        notes=cases.notes_of(reading, found.id),
        is_sent=bool(recipients.targets(current_config())),
        outcomes=[outcome for outcome in Outcome if outcome != Outcome.EXPIRED],
        outcome_of=Outcome,
    )
    return page, mistakes.status(note, prefill, details, problem)


def _again(found: Case, sent: NoteForm | PrefillForm | DetailsForm) -> Answer:
    """Lead to the page of a case, which tells the mistakes of the form that was sent."""

    def page() -> Answer:
        with db.read() as reading:
            return _page(reading, found, sent)

    return mistakes.refuse(sent, url_for("helpdesk.case", reference=found.reference), page)


def _is_later(moment: datetime | None) -> bool:
    return moment is not None and moment > datetime.now(UTC)


def _live(reading: db.Session, found: Case, agent_id: int) -> dict[str, Any]:
    """Return what the changing part of the page needs."""
    # Whoever takes over sees nothing before the person has agreed to them.
    events = cases.events_of(reading, found.id) if found.state != CaseState.CONFIRMING else []
    picture = build(events)
    return {
        "case": found,
        "address": colleagues.address_for(found, agent_id) if found.state != CaseState.CONFIRMING else "",
        "tag": fragments.tag(_version(found.sequence, cases.away(found))),
        "away": cases.away(found),
        "may_change": found.agent_id == agent_id,
        "poll": POLL_MILLISECONDS,
        "picture": picture,
        "drawing": _drawing(picture),
        "hint_texts": {hint: i18n.translate(hint_message(hint, None)) for hint in HINTS if hint != "open-step"},
        "states": CaseState,
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
def progress(reference: str) -> Answer:
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
@on_own_case
def hint(found: Case) -> Answer | None:
    """Show one of our sentences on the person's page, or take back the one that stands there."""
    name, step = request.form.get("hint", ""), request.form.get("step") or None
    if name == "none":
        hints.take_back(found.id)
        return None
    if name not in HINTS or (step is not None and step not in STEP_SLUGS) or (name == "open-step") != bool(step):
        abort(400)
    if not hints.give(found.id, name, step, me().agent_id):
        text = N_("Nobody is connected just now. The sentence was not shown.")
        return mistakes.tell(Message(text), url_for("helpdesk.case", reference=found.reference))
    return None


@blueprint.post("/helpdesk/cases/<reference>/settle")
@on_own_case
def settle(found: Case) -> None:
    """Put away why the last test failed."""
    _settle(found.id)


@cases.changing(CaseState.JOINED)
def _settle(session: db.Session, case: Case) -> None:
    if unsolved(runs_of(cases.events_of(session, case.id))) is not None:
        cases.record_in(session, case, Kind.CASE, {"what": CaseWord.CAUSE_SETTLED})


@blueprint.post("/helpdesk/cases/<reference>/note")
@on_own_case
def add_note(found: Case) -> Answer | None:
    form = NoteForm()
    if not form.validate():
        return _again(found, form)
    cases.add_note(found.id, me().name, form.text.data)
    return None


@blueprint.post("/helpdesk/cases/<reference>/prefill")
@on_own_case
def keep_prefill(found: Case) -> Answer | None:
    form = PrefillForm()
    if not form.validate():
        return _again(found, form)
    cases.keep_prefill(found.id, form.prefill())
    return None


@blueprint.post("/helpdesk/cases/<reference>/invitation")
@on_own_case
def renew_invitation(found: Case) -> None:
    made = cases.renew_invitation(found.id)
    if made is not None:
        remember_invitation(found.reference, *made)


@blueprint.post("/helpdesk/cases/<reference>/take")
@for_agents
def take_over(reference: str) -> Answer:
    """Make another agent's case one's own; it is written down."""
    with db.read() as reading:
        found, _ = _find(reading, reference)
    if found.agent_id != me().agent_id and not cases.take_over(found.id, me().agent_id, me().login):
        abort(404)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


def _chosen_colleague() -> int | None:
    """Return the id of the colleague that was chosen, None for none; 400 for what is no active colleague."""
    chosen = request.form.get("agent", "")
    with db.read() as reading:
        known = {str(agent.id): agent.id for agent in agents.active(reading, but=me().agent_id)}
    if chosen and chosen not in known:
        abort(400)
    return known.get(chosen)


@blueprint.post("/helpdesk/cases/<reference>/hand-over")
@on_own_case
def hand_over(found: Case) -> Answer:
    """Give the case to a colleague; a connected person is asked whether they may see it."""
    colleague = _chosen_colleague()
    if colleague is None or not cases.take_over(found.id, colleague, me().login):
        abort(400)
    return redirect(url_for("helpdesk.overview"), 303)


@blueprint.post("/helpdesk/cases/<reference>/watcher")
@on_own_case
def invite_watcher(found: Case) -> None:
    """Ask the person whether a colleague may look on; no colleague ends it."""
    colleague = _chosen_colleague()
    if colleague is None:
        colleagues.end(found.id)
    else:
        colleagues.invite(found.id, colleague, me().login)
    sequences.forget()


@blueprint.post("/helpdesk/cases/<reference>/details")
@on_own_case
def describe(found: Case) -> Answer | None:
    form = DetailsForm()
    if not form.validate():
        return _again(found, form)
    cases.describe(found.id, form.label.data or "", form.ticket.data or "")
    return None


@blueprint.post("/helpdesk/cases/<reference>/close")
@on_own_case
def close(found: Case) -> Answer:
    """Close the case and send its report."""
    outcome = request.form.get("outcome", "")
    if outcome not in list(Outcome) or outcome == Outcome.EXPIRED:
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
    return redirect(url_for("helpdesk.show_report", reference=found.reference), 303)


@blueprint.get("/helpdesk/cases/<reference>/report")
@on_own_case
def show_report(found: Case) -> Answer:
    with db.read() as reading:
        events, notes = cases.events_of(reading, found.id), cases.notes_of(reading, found.id)
    text = case_report.as_text(found, me().name, build(events), notes)
    return render_template("helpdesk/report.html", case=found, text=text)
