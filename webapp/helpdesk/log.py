"""How each event of a case reads, one line each: for the agent, and for the person who asks what is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from webapp.core.diagnosis import CATALOGUE
from webapp.core.guides.preparation import drawing_of
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk import guiding
from webapp.helpdesk.places import LABELS, MISTAKES
from webapp.helpdesk.vocabulary import (
    HINTS,
    MESSAGE_WORDS,
    STATE_LABELS,
    STEP_TITLES,
    CaseWord,
    Kind,
    choice_messages,
    client_name,
)
from webapp.infrastructure.i18n import current_locale, persons_provider, translate
from webapp.infrastructure.models import CaseEvent

Words = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    message: Message


def line(event: CaseEvent) -> Line:
    return Line(event.at, _READ[Kind(event.kind)](event.details))


def lines(
    events: Sequence[CaseEvent], chosen: Mapping[str, CaseEvent], provider: Provider, passed: Mapping[int, str]
) -> list[Line]:
    """Return the log, the newest first.

    chosen: the answers, which say what a step of the guide reads like. passed: what the tests that passed prove, by
    their number.
    """

    def read(event: CaseEvent) -> Line:
        if event.kind == Kind.GUIDE:
            return _step_of_guide(event, chosen, provider)
        if event.kind == Kind.TEST and event.details["state"] == "passed" and event.details["run"] in passed:
            return Line(event.at, Message(passed[event.details["run"]]))
        return line(event)

    return [read(event) for event in reversed(events) if event.kind != Kind.STAGE]


def _step_of_guide(event: CaseEvent, chosen: Mapping[str, CaseEvent], provider: Provider) -> Line:
    shown = guiding.read(event, chosen, provider)
    if shown is None:  # of a guide that those answers do not lead to any more
        return line(event)
    names = {"client": client_name(event.details["client"]), "step": shown.title}
    return Line(event.at, Message(N_("%(client)s: %(step)s"), names))


def hint_message(hint: str, step: str | None) -> Message:
    """Return the sentence of a hint; what is to be switched on bears the provider's own words."""
    provider = persons_provider()
    if hint == "switch-pop3-on" and provider.activation:
        drawing = drawing_of(provider.paths("activation")[0], provider)
        if drawing is not None:
            return Message(N_("Switch “%(label)s” on at %(provider)s."), {"label": drawing.ring})
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


_READ: Final[Mapping[Kind, Callable[[Words], Message]]] = {
    Kind.STEP: lambda words: Message(N_("Step “%(step)s” opened"), {"step": Message(STEP_TITLES[words["step"]])}),
    Kind.CHOICE: _choice,
    Kind.TEST: lambda words: Message(STATE_LABELS[words["state"]]),
    Kind.EARLIER: lambda words: Message(
        N_("Before this help: %(state)s"), {"state": Message(STATE_LABELS[words["state"]])}
    ),
    Kind.FILE: lambda words: Message(N_("File for %(client)s downloaded"), {"client": client_name(words["client"])}),
    Kind.GUIDE: lambda words: Message(N_("Guide for %(client)s opened"), {"client": client_name(words["client"])}),
    Kind.PLACE: _place,
    Kind.MISTAKE: lambda words: Message(
        N_("Message at a field: %(text)s"), {"text": Message(MISTAKES[words["mistake"]])}
    ),
    Kind.MESSAGE: _message,
    Kind.HINT: lambda words: Message(
        N_("Shown on the page: %(hint)s"), {"hint": hint_message(words["hint"], words["step"])}
    ),
    Kind.CASE: lambda words: Message(CaseWord(words["what"]).label),
}
