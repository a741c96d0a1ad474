"""Many cases at one look: of each, in a line, where the person is and what stops them."""

import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.helpdesk import guiding, live_view, saying
from webapp.infrastructure.config import site_provider
from webapp.infrastructure.i18n import current_locale, speak_of, translate
from webapp.infrastructure.models import Case, CaseEvent, CaseState

# Who is there comes first, who has gone last. Within: by label, so that a row keeps its place while the person goes on.
_ORDER = (
    CaseState.WAITING, CaseState.BOOKED, CaseState.CONFIRMING, CaseState.JOINED, CaseState.INVITED, CaseState.ENDED,
    CaseState.CLOSED,
)  # fmt: skip
_SHOWN = frozenset({CaseState.JOINED, CaseState.ENDED})

_KEPT = "helpdesk_glances"  # an extension: what stands on each desk, words of ours alone
KEPT_SECONDS = 60  # of a desk that nobody looks at; what leaves a desk is forgotten at its next look


@dataclass(frozen=True, slots=True)
class Glance:
    """A line about a case, in the agent's language.

    cause: why the newest test failed, if it failed. stuck: whether it failed, or the person said that it does not work.
    """

    where: str = ""
    cause: str = ""
    stuck: bool = False


Desk = tuple[int | None, str]  # the agent, the language


@dataclass(frozen=True, slots=True)
class Kept:
    """What was told on a desk: by the id of the case its sequence and the line."""

    at: float
    glances: Mapping[int, tuple[int, Glance]]


def in_order(cases: Sequence[Case]) -> list[Case]:
    """Return the cases as an agent looks for them: by state, then by label (“Platz 2” before “Platz 10”), then age."""

    def place(case: Case) -> tuple[object, ...]:
        label = [(int(part) if part.isdigit() else 0, part.casefold()) for part in re.split(r"(\d+)", case.label)]
        return _ORDER.index(CaseState(case.state)), not case.label, label, case.created_at

    return sorted(cases, key=place)


def by_state(cases: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """Return cases that are in order, one group for each state."""
    return [(state, list(group)) for state, group in groupby(cases, key=lambda case: case.state)]


def glances(reading: Session, cases: Sequence[Case]) -> dict[int, Glance]:
    """Return what can be said of each case whose person is or was connected, by the id of the case.

    A case that stands as it stood is not read again: only its sequence tells of news.
    """
    desk, now = (cases[0].agent_id if cases else None, current_locale()), time.monotonic()
    desks: dict[Desk, Kept] = current_app.extensions.get(_KEPT, {})  # read as it is: threads put another in its place
    kept = desks[desk].glances if desk in desks else {}
    shown = [case for case in cases if case.state in _SHOWN]
    news = [case for case in shown if kept.get(case.id, (None,))[0] != case.sequence]
    found: dict[int, list[CaseEvent]] = defaultdict(list)
    of_news = CaseEvent.case_id.in_([case.id for case in news])
    for event in reading.scalars(select(CaseEvent).where(of_news).order_by(CaseEvent.id)) if news else ():
        found[event.case_id].append(event)
    new = {case.id: (case.sequence, _glance(found[case.id])) for case in news}
    if news:
        speak_of(site_provider())
    told = {case.id: new.get(case.id) or kept[case.id] for case in shown}
    others = {one: held for one, held in desks.items() if one != desk and held.at > now - KEPT_SECONDS}
    current_app.extensions[_KEPT] = {**others, desk: Kept(now, told)} if told else others
    return {number: glance for number, (_, glance) in told.items()}


def _glance(events: Sequence[CaseEvent]) -> Glance:
    provider = live_view.provider_of(events)
    speak_of(provider)
    at = saying.newest(events)
    where = saying.where(at, guiding.shown(events, live_view.choices(events), provider), provider)
    test = live_view.unsolved(live_view.runs_of(events))
    works = saying.works(events)
    cause = None if works else live_view.diagnosis_of(test, provider)
    return Glance(
        translate(where) if where else "",
        translate(cause.title) if cause else "",
        works is False or cause is not None,
    )
