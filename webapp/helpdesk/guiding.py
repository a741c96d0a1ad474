"""Where a person is in the guide of their mail program, and what to say there: made from events alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention, ServerType
from webapp.core.guides import SOURCES, Context, GuideStep, Way, guide
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk.vocabulary import STEP_TITLES, TWO_FACTOR, Kind, client_name
from webapp.infrastructure.config import site_provider
from webapp.infrastructure.models import CaseEvent


@dataclass(frozen=True, slots=True)
class Shown:
    """A step of the guide as the person saw it. say: the sentence for the telephone."""

    at: datetime
    title: Message
    say: Message
    step: GuideStep
    context: Context
    is_last: bool


def shown(events: Sequence[CaseEvent], chosen: Mapping[str, CaseEvent], provider: Provider) -> Shown | None:
    """Return the newest step of the guide, None where none was shown or it is no longer one."""
    newest = next((event for event in reversed(events) if event.kind == Kind.GUIDE), None)
    return read(newest, chosen, provider) if newest is not None else None


def read(event: CaseEvent, chosen: Mapping[str, CaseEvent], provider: Provider) -> Shown | None:
    """Return the step that an event of kind `guide` is about, None where it is no longer one."""
    if event.details["client"] not in SOURCES:
        return None
    found = guide(_context(event, chosen, provider))
    number = found.index(event.details["step"])
    if number is None:
        return None
    step = found.steps[number]
    words: dict[str, str | int | Message] = {"number": number + 1, "total": len(found.steps), "text": step.text}
    title = Message(N_("Step %(number)s of %(total)s: %(text)s"), words)
    return Shown(event.at, title, step.spoken, step, found.context, step is found.steps[-1])


def stopped_at(step: str) -> Message:
    """Return how a step reads of which the statistics tell (`webapp.helpdesk.statistics.last_step`)."""
    if "/" not in step:
        return Message(STEP_TITLES.get(step, step))
    client, way, name = step.split("/")
    if client not in SOURCES or way not in list(Way):  # a guide of former days
        return Message(step)
    steps = guide(Context(client, site_provider(), way=Way(way), file_name=str(Way.FILE))).steps
    text = next((one.text for one in steps if one.id == name), Message(N_("Steps in the program")))
    return Message(N_("%(client)s: %(step)s"), {"client": client_name(client), "step": text})


def _context(event: CaseEvent, chosen: Mapping[str, CaseEvent], provider: Provider) -> Context:
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
        event.details["client"],
        provider,
        system=system if isinstance(system, str) else None,
        way=Way(event.details["way"]),
        retention=keep,
        two_factor=str(two_factor) if two_factor in TWO_FACTOR and two_factor != "unsure" else "",
        file_name=str(Way.FILE),
        profile=profile if isinstance(profile, str) else "existing",
        protocol=ServerType.IMAP if word("protocol", "choice") == ServerType.IMAP else ServerType.POP3,
    )
