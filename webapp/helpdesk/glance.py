"""Many cases at one look: of each, in a line, where the person is and what stops them."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.helpdesk import guiding, live_view, saying
from webapp.helpdesk.cases import CaseState
from webapp.infrastructure.i18n import current_locale, speak_of, translate
from webapp.infrastructure.models import Case, CaseEvent
from webapp.infrastructure.provider_files import site_provider

# Who is there comes first, who has gone last. Within: by label, so that a row keeps its place while the person goes on.
_ORDER = {
    state: number
    for number, state in enumerate(
        (CaseState.CONFIRMING, CaseState.JOINED, CaseState.INVITED, CaseState.ENDED, CaseState.CLOSED)
    )
}
_SHOWN = frozenset({CaseState.JOINED, CaseState.ENDED})


_KEPT: Final = "helpdesk_glances"  # an extension: by case and language; words of ours alone
KEPT_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Glance:
    """A line about a case, in the agent's language.

    cause: why the newest test failed, if it failed. stuck: whether it failed, or the person said that it does not work.
    """

    where: str = ""
    cause: str = ""
    stuck: bool = False


def in_order(cases: Sequence[Case]) -> list[Case]:
    """Return the cases as an agent looks for them: by state, then by label (“Platz 2” before “Platz 10”), then age."""

    def place(case: Case) -> tuple[object, ...]:
        label = [(int(part) if part.isdigit() else 0, part.casefold()) for part in re.split(r"(\d+)", case.label)]
        return _ORDER.get(CaseState(case.state), 0), not case.label, label, case.created_at

    return sorted(cases, key=place)


def by_state(cases: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """Return cases that are in order, one group for each state."""
    return [(state, list(group)) for state, group in groupby(cases, key=lambda case: case.state)]


def glances(reading: Session, cases: Sequence[Case]) -> dict[int, Glance]:
    """Return what can be said of each case whose person is or was connected, by the id of the case.

    A case that stands as it stood is not read again: only its sequence tells of news.
    """
    kept: dict[tuple[int, str], tuple[int, Glance]] = current_app.extensions.setdefault(_KEPT, {})
    if len(kept) > KEPT_MAX:
        kept.clear()
    shown, locale = [case for case in cases if case.state in _SHOWN], current_locale()
    news = [case for case in shown if kept.get((case.id, locale), (None,))[0] != case.sequence]
    found: dict[int, list[CaseEvent]] = defaultdict(list)
    of_news = CaseEvent.case_id.in_([case.id for case in news])
    for event in reading.scalars(select(CaseEvent).where(of_news).order_by(CaseEvent.id)) if news else ():
        found[event.case_id].append(event)
    for case in news:
        kept[case.id, locale] = case.sequence, _glance(found[case.id])
    if news:
        speak_of(site_provider())
    return {case.id: kept[case.id, locale][1] for case in shown}


def _glance(events: Sequence[CaseEvent]) -> Glance:
    provider = live_view.provider_of(events)
    speak_of(provider)
    at = saying.newest(events)
    where = saying.where(at, guiding.shown(events, live_view.choices(events), provider), provider)
    test = next(iter(live_view.runs_of(events)), None)
    works = saying.works(events)
    cause = None if works else live_view.diagnosis_of(test, provider)
    return Glance(
        translate(where) if where else "",
        translate(cause.title) if cause else "",
        works is False or cause is not None,
    )
