"""Where a person is in the guide of their mail program, and what to say there: made from events alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention, ServerType
from webapp.core.guides import SOURCES, Context, GuideStep, Way, guide
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk.vocabulary import TWO_FACTOR, Kind
from webapp.infrastructure.models import CaseEvent


@dataclass(frozen=True, slots=True)
class Shown:
    """The step that the person sees. say: the sentence for the telephone."""

    at: datetime
    title: Message
    say: Message
    step: GuideStep
    context: Context


def shown(events: Sequence[CaseEvent], chosen: Mapping[str, CaseEvent], provider: Provider) -> Shown | None:
    """Return the newest step of the guide, None where none was shown or it is no longer one."""
    newest = next((event for event in reversed(events) if event.kind == Kind.GUIDE), None)
    if newest is None or newest.details["client"] not in SOURCES:
        return None
    found = guide(_context(newest, chosen, provider))
    number = found.index(newest.details["step"])
    if number is None:
        return None
    step = found.steps[number]
    title = Message(
        N_("Step %(number)s of %(total)s: %(text)s"),
        {"number": number + 1, "total": len(found.steps), "text": step.text},
    )
    return Shown(newest.at, title, step.spoken, step, found.context)


def _context(newest: CaseEvent, chosen: Mapping[str, CaseEvent], provider: Provider) -> Context:
    """Return the context as far as the closed words of the choices tell it; the address stays out."""

    def word(step: str, name: str) -> object:
        return chosen[step].details[name] if step in chosen else None

    days, two_factor = word("retention", "detail"), word("preparation", "detail")
    keep = KEEP_FOREVER
    if word("retention", "choice") == "delete":
        keep = FETCH_AND_DELETE
    elif isinstance(days, int):
        keep = Retention(True, days)
    system, profile = word("program", "detail"), word("outlook-profile", "choice")
    return Context(
        newest.details["client"],
        provider,
        system=system if isinstance(system, str) else None,
        way=Way(newest.details["way"]),
        retention=keep,
        two_factor=str(two_factor) if two_factor in TWO_FACTOR and two_factor != "unsure" else "",
        file_name=str(Way.FILE),
        profile=profile if isinstance(profile, str) else "existing",
        protocol=ServerType.IMAP if word("protocol", "choice") == ServerType.IMAP else ServerType.POP3,
    )
