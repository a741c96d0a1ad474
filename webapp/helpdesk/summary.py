"""The sheet after the call: what was done and what comes next, for the person to keep.

Made of closed words: no note, no address, nothing that somebody typed.
"""

from collections.abc import Iterator
from typing import Final

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.diagnosis import CATALOGUE
from webapp.core.text import N_, Message
from webapp.helpdesk import cases, person
from webapp.helpdesk.cases import CaseState, Outcome
from webapp.helpdesk.live import OVER_KEY, SESSION_KEY, person_case
from webapp.helpdesk.live_view import LiveView, build, diagnosis_of, unsolved
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.vocabulary import STEP_TITLES, Kind
from webapp.infrastructure import db
from webapp.infrastructure.config import current_config
from webapp.infrastructure.i18n import translate
from webapp.infrastructure.models import Case

OUTCOMES: Final = {
    Outcome.SOLVED: N_("Your mail arrives in your program."),
    Outcome.BY_HAND: N_("It was solved in another way."),
    Outcome.NOT_SOLVED: N_("It does not work yet."),
    Outcome.BROKEN_OFF: N_("The call broke off."),
    Outcome.EXPIRED: N_("The help has ended."),
}
_WORKS: Final = (Outcome.SOLVED, Outcome.BY_HAND)


def keep_sheet(case: Case) -> None:
    """Remember whose sheet it is, once the person has ended the help."""
    token = session.get(SESSION_KEY)
    if case.joined_at is not None and token:
        session[OVER_KEY] = token


def case_that_ended() -> Case | None:
    """Return the case of this browser that is over, whoever ended it."""
    found = person_case()
    token = session.get(OVER_KEY)
    if found is None and isinstance(token, str):
        with db.read() as reading:
            found = cases.of_person(reading, token)
            if found is not None:
                reading.expunge(found)
    over = found is not None and found.joined_at is not None and found.state in (CaseState.ENDED, CaseState.CLOSED)
    return found if over else None


@blueprint.get("/join/summary")
def summary() -> ResponseReturnValue:
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
        advice=[] if outcome in _WORKS else _advice(picture),
        works=outcome in _WORKS,
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
        causes = [translate(CATALOGUE[cause].for_provider(picture.provider).title) for cause in run.diagnoses]
        yield (
            translate(Message(N_("Connection test"))),
            ": ".join((translate(Message(run.label)), *causes)),
        )
    for _, name in picture.files[-1:]:
        yield translate(Message(N_("File downloaded"))), translate(name)
    if picture.guide is not None:
        yield translate(Message(N_("Last step of the guide"))), translate(picture.guide.title)


def _advice(picture: LiveView) -> list[Message]:
    """Return what to do about the last failed test, where none has passed since."""
    cause = diagnosis_of(unsolved(picture.runs), picture.provider)
    return list(cause.advice) if cause else []
