"""The agent's overview: own cases, the queue, search, a new case; and the statistics."""

from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from flask import Response, current_app, redirect, render_template, request, session, url_for
from sqlalchemy import and_, or_, select

from webapp.core.diagnosis import CATALOGUE, messages
from webapp.core.text import N_, Message, new_reference
from webapp.helpdesk import calls, cases, oidc, page_asks, sessions, statistics
from webapp.helpdesk.forms import TICKET, NewCaseForm, SpokenForm
from webapp.helpdesk.glance import by_state, glances, in_order
from webapp.helpdesk.guiding import stopped_at
from webapp.helpdesk.invitations import invitation_url
from webapp.helpdesk.live import OVER_KEY
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sessions import for_agents, me
from webapp.helpdesk.sign_in import TICKET_KEY
from webapp.helpdesk.vocabulary import CHOICES
from webapp.infrastructure import codes, db, fragments, limits, mistakes
from webapp.infrastructure.config import site_provider
from webapp.infrastructure.i18n import translate
from webapp.infrastructure.models import Agent, Case, CaseState, CaseWatcher, Outcome
from webapp.infrastructure.session import SealedSessionInterface

# In the agent's own sealed session, nowhere else in clear: a list of [reference, link, code], the oldest first.
INVITATIONS_KEY = "invitations"
INVITATIONS_MAX = 4
CLOSED_SHOWN = 10
QUEUE_LIFE = timedelta(minutes=30)
POLL_MILLISECONDS = 5000
MESSAGE_MAX = 2000  # characters
SPANS = (7, 30, 365)  # days


@blueprint.get("/helpdesk", strict_slashes=False)
@for_agents
def overview() -> Answer:
    form = mistakes.form_of(SpokenForm)
    return _overview(form), mistakes.status(form)


def _overview(code: SpokenForm) -> str:
    query = "".join(filter(str.isprintable, request.args.get("q", ""))).strip()[:40]
    with db.read() as reading:
        return render_template(
            "helpdesk/overview.html",
            new=NewCaseForm(formdata=None),
            code=code,
            query=query,
            found=_search(reading, query) if query else None,
            **_changing(reading, me().agent_id, _tag(reading, me().agent_id)),
            closed=_rows(reading, Case.agent_id == me().agent_id, Case.state == CaseState.CLOSED)[:CLOSED_SHOWN],
        )


def _changing(reading: db.Session, agent_id: int, tag: str) -> dict[str, Any]:
    """Return what the part of the overview is made of that changes by itself."""
    mine = in_order([case for case, _ in _rows(reading, Case.agent_id == agent_id, Case.state.in_(cases.OPEN))])
    return {
        "queue": _queue(reading), "calls": calls.expected(reading), "mine": mine, "groups": by_state(mine),
        "glances": glances(reading, mine), "nobodys": _rows(reading, *_of_nobody()),
        "watched": _rows(reading, *_looked_on_by(agent_id)), "away": cases.away, "awaited": cases.AWAITED,
        "minutes": minutes_since, "tag": tag, "poll": POLL_MILLISECONDS, "states": CaseState, "outcomes": Outcome,
    }  # fmt: skip


def _of_nobody() -> tuple[Any, ...]:
    """Return the conditions of the open cases that everybody sees until somebody takes them over."""
    held = (CaseState.INVITED, CaseState.CONFIRMING, CaseState.JOINED)
    return sessions.belongs_to_nobody(), Case.state.in_(held)


def _looked_on_by(agent_id: int) -> tuple[Any, ...]:
    """Return the conditions of the colleagues' cases that the agent looks on at."""
    looks_on = select(CaseWatcher.case_id).where(CaseWatcher.agent_id == agent_id, CaseWatcher.agreed)
    return Case.id.in_(looks_on), Case.state == CaseState.JOINED


def _tag(reading: db.Session, agent_id: int) -> str:
    """Return the tag of that part. It is asked for all the time: two queries, and nothing is made of their rows."""
    columns = (Case.id, Case.state, Case.sequence, Case.seen_at, Case.created_at, Case.touched_at)
    own = or_(Case.state == CaseState.WAITING, Case.agent_id == agent_id)
    shown = or_(own, and_(*_of_nobody()), and_(*_looked_on_by(agent_id)))
    query = select(*columns).outerjoin(Agent, Agent.id == Case.agent_id).where(Case.state.in_(cases.OPEN), shown)
    seen = sha256()
    for row in reading.execute(query.order_by(Case.id)):
        since = row.created_at if row.state == CaseState.WAITING else row.touched_at
        minutes = minutes_since(since) if row.state in cases.AWAITED else ""
        seen.update(f"{row.id} {row.state} {row.sequence} {cases.is_away(row.state, row.seen_at)} {minutes}|".encode())
    for window, number in calls.expected(reading):
        seen.update(f"{window.id} {number}|".encode())
    return fragments.tag(seen.hexdigest()[:16])


@blueprint.get("/helpdesk/queue")
def queue() -> Answer:
    """Return the changing part of the overview, or 304 while nothing is new. Looking is no activity."""
    agent_id = sessions.watching()
    with db.read() as reading:
        tag = _tag(reading, agent_id)
        return fragments.answer(
            tag, lambda: render_template("helpdesk/_queue.html", **_changing(reading, agent_id, tag))
        )


def _queue(reading: db.Session) -> list[Case]:
    """Return the people who wait, the first one first; who asked long ago has gone, or asks again."""
    # Whoever was helped before stays until they go.
    lately = or_(Case.touched_at > datetime.now(UTC) - QUEUE_LIFE, Case.joined_at.is_not(None))
    return list(reading.scalars(select(Case).where(Case.state == CaseState.WAITING, lately).order_by(Case.created_at)))


def minutes_since(moment: datetime) -> int:
    return int((datetime.now(UTC) - moment).total_seconds() // 60)


def _rows(reading: db.Session, *conditions: object) -> list[tuple[Case, str]]:
    query = select(Case, Agent.name).outerjoin(Agent, Agent.id == Case.agent_id).where(*conditions)  # type: ignore[arg-type]
    return [(case, name or "") for case, name in reading.execute(query.order_by(Case.touched_at.desc()).limit(100))]


def _search(reading: db.Session, query: str) -> list[tuple[Case, str]]:
    """Return the cases whose reference or ticket it is; other agents' cases by name only, until taken over."""
    plain = query.upper().replace("O", "0").replace("I", "1").replace("L", "1")  # Crockford reads them so
    return _rows(reading, or_(Case.reference == plain, Case.ticket == query, Case.ticket == f"#{query}"))


@blueprint.get("/helpdesk/cases/new")
def new_case() -> Answer:
    """Ask once before a case is made: where a link in a ticket system leads, its reference filled in."""
    found = sessions.current()
    ticket = request.args.get("ref", "")
    if (found is None or found.level != sessions.FULL_LEVEL) and TICKET.fullmatch(ticket):
        session[TICKET_KEY] = ticket
    return _new_case(ticket)


@for_agents
def _new_case(ticket: str) -> Answer:
    session.pop(TICKET_KEY, None)
    form = mistakes.form_of(NewCaseForm, {"ticket": ticket if TICKET.fullmatch(ticket) else ""})
    status = mistakes.status(form)
    if ticket and not TICKET.fullmatch(ticket):
        mistakes.put(form.ticket, N_("The link names no ticket reference that we understand."))
    return render_template("helpdesk/new-case.html", new=form), status


@blueprint.post("/helpdesk/cases")
@for_agents
def create_case() -> Answer:
    form = NewCaseForm()
    if not form.validate():
        page = partial(render_template, "helpdesk/new-case.html", new=form)
        return mistakes.refuse(form, url_for("helpdesk.new_case"), lambda: (page(), 422))
    reference, link, code = cases.create(me().agent_id, me().login, form.ticket.data or "")
    remember_invitation(reference, link, code)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


def remember_invitation(reference: str, link: str, code: str) -> None:
    """Keep link and code where the agent alone reads them: the table has their hashes only."""
    others = [kept for kept in _invitations() if kept[0] != reference]
    session[INVITATIONS_KEY] = [*others, [reference, link, code]][-INVITATIONS_MAX:]


def invitation_of(reference: str) -> tuple[str, str] | None:
    """Return the invitation as (whole link, code in groups), if this browser made it."""
    found = next((kept for kept in _invitations() if kept[0] == reference), None)
    return (invitation_url(found[1]), codes.spoken(found[2])) if found else None


def _invitations() -> list[list[str]]:
    found = session.get(INVITATIONS_KEY)
    return found if isinstance(found, list) else []


@blueprint.after_app_request
def make_room_in_the_session(response: Response) -> Response:
    """Let go of what is ours, the oldest invitation first, where the session would not fit into its cookie.

    What a person has brought there always fits; with an agent's part in the same browser it may not.
    """
    interface = current_app.session_interface
    if session.modified and isinstance(interface, SealedSessionInterface):
        while not interface.fits(dict(session)) and _let_go():
            pass
    return response


def _let_go() -> bool:
    """Drop one thing that this room keeps; False where there is none."""
    older = _invitations()[1:]
    if older:
        session[INVITATIONS_KEY] = older
        return True
    found = next((name for name in (INVITATIONS_KEY, TICKET_KEY, OVER_KEY, *oidc.begun()) if name in session), None)
    if found is not None:
        session.pop(found)
    return found is not None


@blueprint.post("/helpdesk/code")
@for_agents
def enter_code() -> Answer:
    """Take the code that a person reads out, or ask the page whose reference it is."""
    form = SpokenForm()
    if not form.validate():
        return _code_refused(form)
    click = new_reference()
    wait = limits.current().take_code_of_agent(me().agent_id, click)
    if wait is not None:
        return render_template("helpdesk/pause.html", for_agent=True, wait=wait), 429
    if form.spoken_code is None:  # counted until the page answers
        page_asks.ask(me().agent_id, me().login, form.test_reference, click)
        return redirect(url_for("helpdesk.case", reference=click), 303)
    reference = cases.accept(me().agent_id, me().login, code=form.spoken_code)
    if reference is None:
        text = N_("This code does not fit, or it has run out. Have it read out once more, or ask for a new one.")
        mistakes.put(form.code, text)
        return _code_refused(form)
    limits.current().give_back(click)
    return redirect(url_for("helpdesk.case", reference=reference), 303)


def _code_refused(form: SpokenForm) -> Answer:
    return mistakes.refuse(form, url_for("helpdesk.overview"), lambda: (_overview(form), 422))


@blueprint.post("/helpdesk/queue/<reference>")
@for_agents
def accept(reference: str) -> Answer:
    """Take somebody from the queue; they still have to agree, and both see the same two words."""
    if cases.accept(me().agent_id, me().login, reference=reference) is None:
        return redirect(url_for("helpdesk.overview"), 303)  # somebody was faster, or the person went
    return redirect(url_for("helpdesk.case", reference=reference), 303)


@blueprint.route("/helpdesk/messages", methods=["GET", "POST"])
@for_agents
def explain_message() -> Answer:
    """Say what a message on the person's screen means, and the sentence to say; nothing of it is kept."""
    query = messages.masked(request.values.get("q", "").strip())[-MESSAGE_MAX:]
    asked_in = request.values.get("case", "")
    found = messages.search(query) if query else ()
    provider = site_provider()
    meant = [CATALOGUE[name].for_provider(provider) for name in messages.causes(found)[: messages.CAUSES_SHOWN]]
    again = {"q": query, "case": asked_in} if request.method == "POST" else None
    return render_template(
        "helpdesk/message.html", query=query, found=found, causes=meant, back_to=asked_in, again=again
    )


@blueprint.get("/helpdesk/statistics")
@for_agents
def show_statistics() -> Answer:
    days = _days()
    with db.read() as reading:
        found = statistics.overview(reading, days)
    names = {
        "outcome": {outcome.value: translate(Message(outcome.label)) for outcome in Outcome},
        "stopped": {step: translate(stopped_at(step)) for step in found.of("stopped")},
        "diagnosis": {key: translate(entry.for_provider(site_provider()).title) for key, entry in CATALOGUE.items()},
        "program": {word: translate(Message(label)) for word, label in CHOICES["program"].items()},
    }
    tables = {measure: statistics.shares(found.of(measure), labels) for measure, labels in names.items()}
    return render_template("helpdesk/statistics.html", found=found, tables=tables, days=days, spans=SPANS)


@blueprint.get("/helpdesk/statistics.csv")
@for_agents
def statistics_csv() -> Answer:
    with db.read() as reading:
        text = statistics.as_csv(reading, _days())
    response = Response(text, content_type="text/csv; charset=utf-8; header=present")
    response.headers.set("Content-Disposition", "attachment", filename="helpdesk.csv")
    return response


def _days() -> int:
    return next((span for span in SPANS if str(span) == request.args.get("days")), SPANS[1])
