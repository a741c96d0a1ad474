"""Where a person is, and what to say and ask there: made from the events of a case alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from webapp.core.diagnosis import CATALOGUE, Diagnosis
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk import places
from webapp.helpdesk.guiding import Shown
from webapp.helpdesk.vocabulary import MESSAGE_WORDS, STEP_QUESTIONS, STEP_SENTENCES, STEP_TITLES, Kind, client_name
from webapp.infrastructure.models import CaseEvent

# Events that tell where the person is: kind → part of the way.
PLACES: Final = {
    Kind.STEP: "step", Kind.MISTAKE: "step", Kind.TEST: "test", Kind.STAGE: "test", Kind.FILE: "file",
    Kind.GUIDE: "guide", Kind.PLACE: "page", Kind.MESSAGE: "page",
}  # fmt: skip
# There a failed test says more than the page.
_CAUSE_FIRST: Final = frozenset({"help", "not-working", "result", "test"})
_SWITCHED_ON: Final = N_("You say that POP3 is switched on. Then we try the password first, in the browser.")
_WORKS: Final = {"done": True, "not-working": False}


@dataclass(frozen=True, slots=True)
class Saying:
    """diagnosis: the one that `say` is about."""

    say: Message | None
    ask: Message | None = None
    diagnosis: Diagnosis | None = None


def newest(events: Sequence[CaseEvent]) -> CaseEvent | None:
    """Return the event that tells where the person is; a mistake stays on the page that is shown after it."""
    told = [event for event in events if event.kind in PLACES][-2:]
    if [event.kind for event in told] == [Kind.MISTAKE, Kind.STEP]:
        mistake, step = told
        return mistake if mistake.details["step"] == step.details["step"] else step
    return told[-1] if told else None


def where(at: CaseEvent | None, shown: Shown | None, provider: Provider) -> Message | None:
    """Return how the page reads that the person sees; None before there is one."""
    if at is None:
        return None
    words = at.details
    match at.kind:
        case Kind.STEP | Kind.MISTAKE:
            return Message(STEP_TITLES[words["step"]])
        case Kind.GUIDE:
            return shown.title if shown else client_name(words["client"])
        case Kind.FILE:
            return Message(N_("File for %(client)s downloaded"), {"client": client_name(words["client"])})
        case Kind.PLACE if words["about"]:
            return Message(N_("Help: %(cause)s"), {"cause": CATALOGUE[words["about"]].for_provider(provider).title})
        case Kind.PLACE:
            return Message(places.LABELS[words["place"]])
        case Kind.MESSAGE:
            return Message(places.LABELS["help"])
        case _:
            return Message(N_("Connection test"))


def works(events: Sequence[CaseEvent]) -> bool | None:
    """Return whether the person said last that it works; None where they said nothing."""
    said = (event.details["place"] for event in reversed(events) if event.kind == Kind.PLACE)
    return next((_WORKS[place] for place in said if place in _WORKS), None)


def saying(
    at: CaseEvent | None,
    shown: Shown | None,
    failed: Diagnosis | None,
    test: str | None,
    provider: Provider,
    *,
    switched_on: bool = False,
) -> Saying:
    """Return what to say to who is at `at`. failed: the cause of the newest test, if it failed; test: its state.

    switched_on: whether the person has said that POP3 is switched on.
    """
    if at is not None and (found := _of_place(at, shown, failed, provider)) is not None:
        return found
    if failed is not None and failed.id == "login-refused" and switched_on:
        return Saying(Message(_SWITCHED_ON), failed.ask, failed)
    if failed is not None:
        return Saying(failed.say, failed.ask, failed)
    if test == "passed":
        return Saying(Message(N_("The test has passed. Press “Back to the guide”.")))
    if test in ("queued", "running"):
        return Saying(Message(N_("The test takes a few seconds. Leave the page open.")))
    step = at.details["step"] if at is not None and at.kind == Kind.STEP else ""
    sentence, question = STEP_SENTENCES.get(step), STEP_QUESTIONS.get(step)
    return Saying(Message(sentence) if sentence else None, Message(question) if question else None)


def _of_place(at: CaseEvent, shown: Shown | None, failed: Diagnosis | None, provider: Provider) -> Saying | None:
    words = at.details
    match at.kind:
        case Kind.GUIDE | Kind.FILE if shown is not None:
            return Saying(shown.say, Message(N_("Do you see that?")))
        case Kind.FILE:
            say, ask = places.SENTENCES["finish"]
            return Saying(Message(say), Message(ask))
        case Kind.MISTAKE:
            return Saying(Message(places.MISTAKES[words["mistake"]]))
        case Kind.MESSAGE:
            message = MESSAGE_WORDS[words["message"]]
            return _cause(message.diagnoses[0], provider) if message is not None and message.diagnoses else None
        case Kind.PLACE if words["about"]:
            return _cause(words["about"], provider)
        case Kind.PLACE if words["place"] in places.SENTENCES and not (failed and words["place"] in _CAUSE_FIRST):
            say, ask = places.SENTENCES[words["place"]]
            return Saying(Message(say), Message(ask))
    return None


def _cause(diagnosis_id: str, provider: Provider) -> Saying:
    found = CATALOGUE[diagnosis_id].for_provider(provider)
    return Saying(found.say, found.ask, found)
