"""What every page of the site shows of the helpdesk: the banner while somebody helps, else where help is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, current_app, request, session
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from webapp import db
from webapp.config import current_config
from webapp.helpdesk import agents, cases
from webapp.helpdesk.cases import State
from webapp.helpdesk.live import SESSION_KEY, person_case
from webapp.helpdesk.picture import hint_message
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.vocabulary import Kind
from webapp.i18n import translate
from webapp.logs import logger
from webapp.models import Agent, Case, CaseEvent
from webapp.wizard import answers as store
from webapp.wizard.steps import applicable

LOOK_SECONDS: Final = 15.0  # between two looks whether there is anybody who helps
POLL_MILLISECONDS: Final = 3000


@dataclass(frozen=True, slots=True)
class Helper:
    """Who helps, as the person reads it. No name: the agent is gone."""

    name: str
    organisation: str


def helper(case: Case) -> Helper:
    with db.read() as reading:
        name = reading.scalar(select(Agent.name).where(Agent.id == case.agent_id)) if case.agent_id else None
    return Helper(name or "", current_config().operator_name or current_config().public_host)


def hint(case: Case) -> str:
    """Return the agent's newest sentence in the language of this person, "" for none."""
    if case.state != State.JOINED:
        return ""
    with db.read() as reading:
        newest = reading.scalars(
            select(CaseEvent)
            .where(CaseEvent.case_id == case.id, CaseEvent.kind == Kind.HINT.value)
            .order_by(CaseEvent.id.desc())
            .limit(1)
        ).first()
    if newest is None:
        return ""
    taken = [step.slug for step in applicable(store.load())]
    return translate(hint_message(newest.words["hint"], newest.words["step"], taken))


class Availability:
    """Whether anybody helps here at all; where nobody does, no page offers it."""

    def __init__(self) -> None:
        self._until = 0.0
        self._found = False

    def found(self) -> bool:
        if time.monotonic() >= self._until:
            self._found = agents.any_active()
            self._until = time.monotonic() + LOOK_SECONDS
        return self._found


def availability(app: Flask) -> Availability:
    found = app.extensions.get("helpdesk_availability")
    if not isinstance(found, Availability):
        found = app.extensions["helpdesk_availability"] = Availability()
    return found


@blueprint.app_context_processor
def describe() -> dict[str, Any]:
    """Give every page `helpdesk`: {"case", "helper", "hint", "offered", "poll"}; agents' pages show nothing of it."""
    if request.url_rule is None or request.url_rule.rule.startswith("/helpdesk"):
        return {}
    try:
        case = person_case()
        return {
            "helpdesk": {
                "case": case,
                "helper": helper(case) if case is not None else None,
                "hint": hint(case) if case is not None else "",
                "offered": availability(current_app).found(),
                "poll": POLL_MILLISECONDS,
            }
        }
    except SQLAlchemyError as error:  # no reason to keep anybody from their settings
        logger.error("helpdesk: the database does not answer: %s", type(error).__name__)
        return {}


@blueprint.before_app_request
def delete_with_the_answers() -> None:
    """Who deletes their answers (“Jetzt löschen”) deletes their case, too. The form's token was checked before."""
    if request.endpoint == "wizard.delete" and request.method == "POST" and SESSION_KEY in session:
        case = person_case()
        if case is not None:
            cases.erase(case.id)
