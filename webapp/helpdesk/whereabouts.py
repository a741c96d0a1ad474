"""Which page a connected person sees, what was wrong in a field, which message they looked up: told as it happens."""

from typing import Any

from flask import Flask, Response, g, request

from webapp.core.text import Message
from webapp.helpdesk import cases
from webapp.helpdesk.live import of_joined
from webapp.helpdesk.places import ENDPOINTS, LABELS, MISTAKES, OTHER_MISTAKE
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.vocabulary import HELP_OUTCOMES, MESSAGE_WORDS, STEP_SLUGS, Kind
from webapp.infrastructure import events, i18n
from webapp.infrastructure.models import Case


def init_app(app: Flask) -> None:
    events.step_reached.connect(_on_step, app)
    events.answer_refused.connect(_on_mistake, app)
    events.help_answered.connect(_on_message, app)


@of_joined
def _on_step(case: Case, step: str = "", page: str = "", **_: Any) -> None:
    if step not in STEP_SLUGS:
        return
    cases.record(case.id, Kind.STEP, {"step": step})
    if f"{step}-{page}" in LABELS:
        cases.record(case.id, Kind.PLACE, {"place": f"{step}-{page}", "about": None})


@of_joined
def _on_mistake(case: Case, step: str = "", texts: tuple[str, ...] = (), **_: Any) -> None:
    if step in STEP_SLUGS:
        known = {i18n.translate(Message(text)): word for word, text in MISTAKES.items()}
        word = next((known[text] for text in texts if text in known), OTHER_MISTAKE)
        cases.record(case.id, Kind.MISTAKE, {"step": step, "mistake": word})


@of_joined
def _on_message(case: Case, outcome: str = "", message: str = "", **_: Any) -> None:
    if outcome in HELP_OUTCOMES and message in MESSAGE_WORDS:
        g.message_told = True
        cases.record(case.id, Kind.MESSAGE, {"message": message, "outcome": outcome})


@blueprint.after_app_request
def note_page(response: Response) -> Response:
    """Tell which page was shown; the steps of wizard and guide tell it themselves."""
    place = ENDPOINTS.get(request.endpoint or "")
    if place is not None and response.status_code == 200 and "message_told" not in g:
        _on_page(events.running_app(), place=place, about=(request.view_args or {}).get("diagnosis_id"))
    return response


@of_joined
def _on_page(case: Case, place: str, about: str | None) -> None:
    cases.record(case.id, Kind.PLACE, {"place": place, "about": about})
