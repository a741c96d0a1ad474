"""The sheet after the call: what was done and what comes next, for the person to keep.

Made of closed words: no note, no address, nothing that somebody typed.
"""

from collections.abc import Iterator

from flask import redirect, render_template, session, url_for

from webapp.core.text import N_, Message
from webapp.helpdesk import cases, person, statistics
from webapp.helpdesk.live import OVER_KEY, held_by, person_case
from webapp.helpdesk.live_view import LiveView, build, diagnosis_of, unsolved
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.vocabulary import STEP_TITLES, Kind
from webapp.infrastructure import db
from webapp.infrastructure.config import current_config
from webapp.infrastructure.i18n import translate
from webapp.infrastructure.models import Case, CaseState, Outcome

OUTCOMES = {
    Outcome.SOLVED: N_("Your mail arrives in your program."),
    Outcome.BY_HAND: N_("It was solved in another way."),
    Outcome.NOT_SOLVED: N_("It does not work yet."),
    Outcome.BROKEN_OFF: N_("The call broke off."),
    Outcome.EXPIRED: N_("The help has ended."),
}


def case_that_ended() -> Case | None:
    """Return the case of this browser that is over, whoever ended it."""
    found = person_case() or held_by(session.get(OVER_KEY))
    over = found is not None and found.joined_at is not None and found.state in (CaseState.ENDED, CaseState.CLOSED)
    return found if over else None


@blueprint.get("/join/summary")
def summary() -> Answer:
    case = case_that_ended()
    if case is None:
        return redirect(url_for("helpdesk.ended"), 303)
    with db.read() as reading:
        events = cases.events_of(reading, case.id)
    picture = build(events)
    outcome = Outcome(case.outcome) if case.outcome else None
    choices = {event.details["step"]: event.details["choice"] for event in events if event.kind == Kind.CHOICE}
    return render_template(
        "helpdesk/summary.html",
        case=case,
        helper=person.helper(case),
        outcome=OUTCOMES.get(outcome) if outcome else None,
        done=list(_done(picture)),
        advice=[] if outcome in statistics.SOLVED else _advice(picture),
        works=outcome in statistics.SOLVED,
        keeps=choices.get("retention", "forever"),
        fetches=choices.get("protocol") != "imap",
        program=picture.program,
        provider=picture.provider,
        hours=current_config().helpdesk_retention,
    )


def _done(picture: LiveView) -> Iterator[tuple[str, str]]:
    """Yield what was done: its title and how it stands."""
    for row in picture.steps:
        if row.answer and row.slug != "address":
            yield translate(Message(STEP_TITLES[row.slug])), ", ".join(translate(part) for part in row.answer)
    for run in reversed(picture.runs):
        said = (Message(run.label), *picture.causes(run))
        yield translate(Message(N_("Connection test"))), ": ".join(map(translate, said))
    for _, name in picture.files[-1:]:
        yield translate(Message(N_("File downloaded"))), translate(name)
    if picture.guide is not None:
        yield translate(Message(N_("Last step of the guide"))), translate(picture.guide.title)


def _advice(picture: LiveView) -> list[Message]:
    """Return what to do about the last failed test, where none has passed since."""
    cause = diagnosis_of(unsolved(picture.runs), picture.provider)
    return list(cause.advice) if cause else []
