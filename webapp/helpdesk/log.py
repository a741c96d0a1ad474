"""How each event of a case reads, one line each: for the agent, and for the person who asks what is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE
from webapp.core.text import N_, Message
from webapp.helpdesk.places import LABELS, MISTAKES
from webapp.helpdesk.vocabulary import (
    CASE_LABELS,
    HINTS,
    MESSAGE_WORDS,
    STATE_LABELS,
    STEP_TITLES,
    CaseWord,
    Kind,
    choice_messages,
)
from webapp.infrastructure.i18n import current_locale, persons_provider, translate
from webapp.infrastructure.models import CaseEvent

Words = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the log."""

    at: datetime
    message: Message


def line(event: CaseEvent) -> Line:
    return Line(event.at, _READ[Kind(event.kind)](event.details))


def hint_message(hint: str, step: str | None) -> Message:
    """Return the sentence of a hint."""
    return Message(HINTS[hint], {"step": Message(STEP_TITLES[step])} if step else {})


def _choice(words: Words) -> Message:
    title = Message(STEP_TITLES[words["step"]])
    answer = ", ".join(translate(part) for part in choice_messages(words))
    if answer:
        return Message(N_("%(step)s: %(answer)s"), {"step": title, "answer": answer})
    return Message(N_("Step “%(step)s” answered"), {"step": title})


def _place(words: Words) -> Message:
    return (
        CATALOGUE[words["about"]].for_provider(persons_provider()).title
        if words["about"]
        else Message(LABELS[words["place"]])
    )


def _message(words: Words) -> Message:
    found = MESSAGE_WORDS[words["message"]]
    if found is None:
        return Message(N_("A message was looked up and not found"))
    return Message(N_("Message looked up: %(message)s"), {"message": found.text(current_locale())})


def _guide(words: Words) -> Message:
    return Message(N_("Step in %(client)s: %(step)s"), {"client": CLIENTS[words["client"]].name, "step": words["step"]})


_READ: Final[Mapping[Kind, Callable[[Words], Message]]] = {
    Kind.STEP: lambda words: Message(N_("Step “%(step)s” opened"), {"step": Message(STEP_TITLES[words["step"]])}),
    Kind.CHOICE: _choice,
    Kind.TEST: lambda words: Message(STATE_LABELS[words["state"]]),
    Kind.STAGE: lambda words: Message(words["stage"]),
    Kind.EARLIER: lambda words: Message(
        N_("Before this help: %(state)s"), {"state": Message(STATE_LABELS[words["state"]])}
    ),
    Kind.FILE: lambda words: Message(N_("File for %(client)s downloaded"), {"client": CLIENTS[words["client"]].name}),
    Kind.GUIDE: _guide,
    Kind.PLACE: _place,
    Kind.MISTAKE: lambda words: Message(
        N_("Message at a field: %(text)s"), {"text": Message(MISTAKES[words["mistake"]])}
    ),
    Kind.MESSAGE: _message,
    Kind.HINT: lambda words: Message(
        N_("Shown on the page: %(hint)s"), {"hint": hint_message(words["hint"], words["step"])}
    ),
    Kind.CASE: lambda words: Message(CASE_LABELS[CaseWord(words["what"])]),
}
