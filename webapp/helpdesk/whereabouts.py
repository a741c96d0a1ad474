"""Which page a connected person sees, what was wrong in a field, which message they looked up: told as it happens."""

from typing import Any

from flask import Flask, Response, current_app, g, request

from webapp.core.text import Message
from webapp.helpdesk import cases
from webapp.helpdesk.live import joined_case, of_a_person, quietly
from webapp.helpdesk.places import ENDPOINTS, LABELS, MISTAKES, OTHER_MISTAKE
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.vocabulary import HELP_OUTCOMES, MESSAGE_WORDS, STEP_SLUGS, Kind
from webapp.infrastructure import events
from webapp.infrastructure.i18n import translate


def init_app(app: Flask) -> None:
    """Listen to what happens in `app`."""
    events.step_reached.connect(_on_step, app)
    events.answer_refused.connect(_on_mistake, app)
    events.help_answered.connect(_on_message, app)


@of_a_person
@quietly
def _on_step(_app: Flask, step: str = "", page: str = "", **_: Any) -> None:
    case = joined_case()
    if case is None or step not in STEP_SLUGS:
        return
    cases.record(case.id, Kind.STEP, {"step": step})
    if f"{step}-{page}" in LABELS:
        cases.record(case.id, Kind.PLACE, {"place": f"{step}-{page}", "about": None})


@of_a_person
@quietly
def _on_mistake(_app: Flask, step: str = "", texts: tuple[str, ...] = (), **_: Any) -> None:
    case = joined_case()
    if case is not None and step in STEP_SLUGS:
        known = {translate(Message(text)): word for word, text in MISTAKES.items()}
        word = next((known[text] for text in texts if text in known), OTHER_MISTAKE)
        cases.record(case.id, Kind.MISTAKE, {"step": step, "mistake": word})


@of_a_person
@quietly
def _on_message(_app: Flask, outcome: str = "", message: str = "", **_: Any) -> None:
    case = joined_case()
    if case is not None and outcome in HELP_OUTCOMES and message in MESSAGE_WORDS:
        g.message_told = True
        cases.record(case.id, Kind.MESSAGE, {"message": message, "outcome": outcome})


@blueprint.after_app_request
def note_page(response: Response) -> Response:
    """Tell which page was shown; the steps of wizard and guide tell it themselves."""
    place = ENDPOINTS.get(request.endpoint or "")
    if place is not None and response.status_code == 200 and "message_told" not in g:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        _on_page(app, place=place, about=(request.view_args or {}).get("diagnosis_id"))
    return response


@quietly
def _on_page(_app: Flask, place: str, about: str | None) -> None:
    case = joined_case()
    if case is not None:
        cases.record(case.id, Kind.PLACE, {"place": place, "about": about})
