"""What every page of the site shows of the helpdesk: the banner while somebody helps, else where help is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import request, url_for
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from webapp.helpdesk import agents, colleagues, hints, hours, page_asks
from webapp.helpdesk.cases import AWAITED
from webapp.helpdesk.live import person_case
from webapp.helpdesk.log import hint_message
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.vocabulary import HINT_PAGES, HINT_STEPS, STEP_FIELDS, STEP_OF
from webapp.infrastructure import db, fragments, i18n, logs
from webapp.infrastructure.config import current_config
from webapp.infrastructure.fresh import Fresh
from webapp.infrastructure.models import Agent, Case, CaseState
from webapp.web.wizard import asking

LOOK_SECONDS: Final = 15.0  # between two looks whether there is anybody who helps
POLL_MILLISECONDS: Final = 3000
SEEN_EVERY: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Helper:
    """Who helps, as the person reads it. No name: the agent is gone."""

    name: str
    organisation: str


def helper(case: Case) -> Helper:
    with db.read() as reading:
        name = reading.scalar(select(Agent.name).where(Agent.id == case.agent_id)) if case.agent_id else None
    return Helper(name or "", current_config().operator_name or current_config().public_host)


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence of an agent in the language of this person. url: where it leads, "" for nowhere."""

    text: str
    url: str
    name: str


def hint(case: Case) -> Hint | None:
    """Return the sentence that stands on the page, by the agent who gave it."""
    if case.state != CaseState.JOINED:
        return None
    with db.read() as reading:
        standing = hints.of_case(reading, case.id)
        if standing is None:
            return None
        words = standing.details
        name = reading.scalar(select(Agent.name).where(Agent.id == words.get("by")))
    text = i18n.translate(hint_message(words["hint"], words["step"]))
    return Hint(text, _hint_url(words["hint"], words["step"]), name or "")


def _hint_url(name: str, slug: str | None) -> str:
    """Return the address of the page and the field that a hint is about; the page marks what its address names."""
    step = STEP_OF.get(slug or HINT_STEPS.get(name, ""))
    if step is not None:
        return f"{asking.url_of(step, again=1)}#{STEP_FIELDS.get(step.slug, 'main')}"
    return url_for(HINT_PAGES[name], _anchor="main") if name in HINT_PAGES else ""


def watcher(case: Case | None) -> colleagues.Watcher | None:
    with db.read() as reading:
        return colleagues.of_case(reading, case) if case is not None else None


def asked_by() -> tuple[Case, str] | None:
    """Return the case of an agent who was told the reference of a test of this browser, and the test's id."""
    own = person_case()
    if own is not None and own.state not in (CaseState.BOOKED, CaseState.ENDED, CaseState.CLOSED):
        return None
    found = page_asks.of_this_browser()
    if found is None:
        return None
    with db.read() as reading:
        case = reading.get(Case, found[0])
    return None if case is None else (case, found[1])


def _note_presence(case: Case) -> None:
    """Note now and then that the person's page is open."""
    now = datetime.now(UTC)
    if case.state in AWAITED and (case.seen_at is None or now - case.seen_at > SEEN_EVERY):
        with db.begin() as writing:
            writing.execute(update(Case).where(Case.id == case.id).values(seen_at=now))


def banner() -> dict[str, Any]:
    """Return what the banner is made of: the own case, or one whose agent asks for it."""
    case, asked = person_case(), asked_by()
    if case is not None:
        _note_presence(case)
    shown = asked[0] if asked else case
    return {
        "case": shown,
        "asks": asked is not None,
        "helper": helper(shown) if shown is not None else None,
        "watcher": watcher(case),
        "hint": hint(case) if case is not None else None,
        "call": hours.window_of(shown) if shown is not None else None,
        "tag": fragments.tag("asks" if asked else "", shown.id if shown else "", shown.sequence if shown else ""),
        "poll": POLL_MILLISECONDS,
        "listens": request.endpoint == "connection_tests.show" and bool(offered.get()),
    }


# Whether anybody helps here at all; where nobody does, no page offers it.
offered = Fresh(LOOK_SECONDS, agents.any_active)


@blueprint.app_context_processor
def describe() -> dict[str, Any]:
    """Give every page of persons `helpdesk`: what `banner` returns, and "offered"."""
    if request.url_rule is None or request.url_rule.rule.startswith("/helpdesk"):
        return {}
    try:
        return {"helpdesk": {**banner(), "offered": bool(offered.get()), "opens": hours.opens_next(current_config())}}
    except SQLAlchemyError as error:  # no reason to keep anybody from their settings
        logs.logger.error("helpdesk: the database does not answer: %s", db.reason(error))
        return {}
