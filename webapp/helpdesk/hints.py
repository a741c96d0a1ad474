"""The sentence of an agent on the person's page, and how long it stands there.

It goes when the person has done what it says, or has been on the page it is about and left it; when the agent takes it
back; and when another one comes. “Wait” is about the page that they see; what is about no page stands until then.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.helpdesk.cases import changing, record_in
from webapp.helpdesk.saying import PLACES
from webapp.helpdesk.vocabulary import HINT_STEPS, CaseWord, Kind
from webapp.infrastructure.models import Case, CaseEvent, CaseState

_STEPS: Final[Mapping[str, str]] = {**HINT_STEPS, "keep-window": "preparation"}
_PAGES: Final[Mapping[str, str]] = {
    "test-again": "test", "without-login": "test", "download": "finish", "message": "help",
}  # fmt: skip
_DONE: Final[Mapping[str, Kind]] = {
    "test-again": Kind.TEST, "without-login": Kind.TEST, "download": Kind.FILE, "message": Kind.MESSAGE,
    "open-guide": Kind.GUIDE,
}  # fmt: skip
_STORED: Final = "stored"  # the page on which people look what is stored, and come back


@changing(CaseState.JOINED)
def give(session: Session, case: Case, hint: str, step: str | None, agent_id: int) -> bool:
    """Put a sentence on the page of the person, if one is connected; it is signed by the agent who gives it."""
    record_in(session, case, Kind.HINT, {"hint": hint, "step": step, "by": agent_id})
    return True


@changing(CaseState.JOINED)
def take_back(session: Session, case: Case) -> None:
    """Take the sentence off the page of the person; nothing happens where none stands there."""
    if of_case(session, case.id) is not None:
        record_in(session, case, Kind.CASE, {"what": CaseWord.HINT_TAKEN})


def of_case(reading: Session, case_id: int) -> CaseEvent | None:
    """Return the hint that stands on the person's page; reads no more than what came after it, and where they were."""
    of_this = CaseEvent.case_id == case_id
    given = select(func.max(CaseEvent.id)).where(of_this, CaseEvent.kind == Kind.HINT)
    number = reading.scalar(given)
    if number is None:
        return None
    is_place = CaseEvent.kind.in_(PLACES) & CaseEvent.details["place"].as_string().is_distinct_from(_STORED)
    before = select(func.max(CaseEvent.id)).where(of_this, CaseEvent.id < number, is_place)  # as `_is_place` says
    since = select(CaseEvent).where(of_this, CaseEvent.id >= (reading.scalar(before) or number))
    return standing(list(reading.scalars(since.order_by(CaseEvent.id))))


def standing(events: Sequence[CaseEvent]) -> CaseEvent | None:
    """Return the hint that stands on the person's page, None for none."""
    number = next((number for number in reversed(range(len(events))) if events[number].kind == Kind.HINT), None)
    if number is None:
        return None
    given, before, after = events[number], events[:number], events[number + 1 :]
    words, places = given.details, [event for event in before if _is_place(event)][-1:]
    done, is_there = _DONE.get(words["hint"]), _place_of(words, places)
    places += [event for event in after if _is_place(event)]
    there = [is_there(event) for event in places] if is_there is not None else []
    taken = any(event.kind == Kind.CASE and event.details["what"] == CaseWord.HINT_TAKEN for event in after)
    passed = True in there and not there[-1]
    return None if taken or passed or any(event.kind == done for event in after) else given


def _is_place(event: CaseEvent) -> bool:
    """Whether it tells of another page; who looks what is shown comes back."""
    return event.kind in PLACES and event.details.get("place") != _STORED


def _place_of(words: Mapping[str, Any], places: Sequence[CaseEvent]) -> Callable[[CaseEvent], bool] | None:
    """Return what tells whether an event is of the page that a hint is about; None where it is about none.

    places: where the person was when it was given. There they are to wait.
    """
    step, page = words["step"] or _STEPS.get(words["hint"]), _PAGES.get(words["hint"])
    if words["hint"] == "wait" and places:
        return lambda event: _page(event) == _page(places[0])
    if step is None and page is None:
        return None

    def is_there(event: CaseEvent) -> bool:
        place = event.details.get("place", "")
        return place == page if step is None else event.details.get("step") == step or place.startswith(f"{step}-")

    return is_there


def _page(event: CaseEvent) -> tuple[Any, ...]:
    """Return what is the same for all that happens on one page."""
    return PLACES[Kind(event.kind)], event.details.get("step"), event.details.get("place")
