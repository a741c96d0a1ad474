"""Where a person is, and what to say and ask there: made from the events of a case alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from webapp.core.diagnosis import CATALOGUE, Diagnosis
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk import places
from webapp.helpdesk.guiding import Shown
from webapp.helpdesk.vocabulary import (
    HINT_PAGES,
    HINT_STEPS,
    MESSAGE_WORDS,
    STEP_QUESTIONS,
    STEP_SENTENCES,
    STEP_TITLES,
    Kind,
    client_name,
)
from webapp.infrastructure.models import CaseEvent

# Events that tell where the person is: kind → part of the way.
PLACES: Final = {
    Kind.STEP: "step", Kind.MISTAKE: "step", Kind.TEST: "test", Kind.STAGE: "test", Kind.FILE: "file",
    Kind.GUIDE: "guide", Kind.PLACE: "page", Kind.MESSAGE: "page",
}  # fmt: skip
# There a failed test says more than the page.
_CAUSE_FIRST: Final = frozenset({"help", "not-working", "result", "test"})
# Who has pressed “Done, continue” has not said that it is done.
_SWITCHED_ON: Final = N_(
    "Have you moved the switch at %(provider)s and saved it? Then we try the password, in the browser. "
    "If not, switch first."
)
_HINT: Final = N_("At the top of your page stands a sentence of mine. Press it.")
_HINT_SEEN: Final = N_("Do you see my name there?")
_CHECKED: Final = N_("The servers answer. But your password is not tested yet.")
# There the picture is folded away, and an address stands in its place.
AT_A_PHONE: Final = N_(
    "Does an address stand on your page? Type it at a computer, and do there what you see. "
    "No computer? Then open “No computer at hand?”. After that, press “Done, continue”."
)
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
    provider: Provider,
    *,
    test: str,
    checked: bool,
    chosen: Mapping[str, CaseEvent],
    hint: CaseEvent | None,
) -> Saying:
    """Return what to say to who is at `at`.

    failed: why the last test failed, if that stands. test: the state of the newest one, "" for none. checked: whether
    it passed without a password. chosen: the answers. hint: what the agent shows on the page.
    """
    found = _of_place(at, shown, failed, provider) if at is not None else None
    if (found is None or found.diagnosis is None) and at is not None and hint is not None and _leads_on(hint, at):
        return Saying(Message(_HINT), Message(_HINT_SEEN))
    if found is not None:
        return found
    if failed is not None and failed.id == "login-refused" and "preparation" in chosen:
        return Saying(Message(_SWITCHED_ON), failed.ask, failed)
    if failed is not None:
        return Saying(failed.say, failed.ask, failed)
    if checked:
        return Saying(Message(_CHECKED))
    if test == "passed":
        return Saying(Message(N_("The test has passed. Press “Back to the guide”.")))
    if test in ("queued", "running"):
        return Saying(Message(N_("The test takes a few seconds. Leave the page open.")))
    step = at.details["step"] if at is not None and at.kind == Kind.STEP else ""
    if step == "preparation" and provider.activation and _is_on_a_phone(chosen):
        return Saying(Message(AT_A_PHONE), Message(STEP_QUESTIONS[step]))
    sentence, question = STEP_SENTENCES.get(step), STEP_QUESTIONS.get(step)
    return Saying(Message(sentence) if sentence else None, Message(question) if question else None)


def _is_on_a_phone(chosen: Mapping[str, CaseEvent]) -> bool:
    return "program" in chosen and chosen["program"].details["detail"] in ("iphone", "ipad", "ios", "android")


def _leads_on(hint: CaseEvent, at: CaseEvent) -> bool:
    """Whether the person has yet to follow what the agent shows, and go to another page."""
    name = hint.details["hint"]
    return hint.id > at.id and (name == "open-step" or name in HINT_STEPS or name in HINT_PAGES)


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
