"""The report of a case: text for a ticket, JSON for the webhook. Codes and sentences of ours, and the notes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk.live_view import LiveView, build, choices
from webapp.helpdesk.statistics import last_step
from webapp.helpdesk.vocabulary import STEP_TITLES, Kind
from webapp.infrastructure import i18n
from webapp.infrastructure.models import Case, CaseEvent, CaseNote, Outcome

VERSION = 1


def as_json(case: Case, agent: str, events: Sequence[CaseEvent], notes: Sequence[CaseNote]) -> dict[str, Any]:
    """Return {"version", "type", "title", "case": {…}, "notes": [{"at", "agent", "text"}], "text"}."""
    picture = build(events)
    program = choices(events).get("program")
    return {
        "version": VERSION,
        "type": "case.closed",
        "title": title(case, picture.provider),
        "case": {
            "reference": case.reference,
            "ticket": case.ticket,
            "agent": agent,
            "created_at": _iso(case.created_at),
            "joined_at": _iso(case.joined_at),
            "closed_at": _iso(case.closed_at),
            "outcome": case.outcome,
            "program": program.details["choice"] if program else None,
            "device": program.details["detail"] if program else None,
            "last_step": last_step(events),
            "tests": [
                {"at": _iso(run.at), "state": run.state, "diagnoses": run.diagnoses} for run in reversed(picture.runs)
            ],
            "files": [event.details for event in events if event.kind == Kind.FILE],
        },
        "notes": [{"at": _iso(note.at), "agent": note.agent, "text": note.text} for note in notes],
        "text": as_text(case, agent, picture, notes),
    }


def translate(message: Message) -> str:
    """Translate for other systems: with the plain hyphen, that their search finds it."""
    return i18n.translate(message).replace("\u2011", "-")


def title(case: Case, provider: Provider) -> str:
    names = {"provider": provider.name, "reference": case.reference}
    return translate(Message(N_("%(provider)s set-up, case %(reference)s"), names))


def as_text(case: Case, agent: str, picture: LiveView, notes: Sequence[CaseNote]) -> str:
    """Return the report in the language of the request, lines of plain text."""
    rows = (
        (N_("Ticket"), case.ticket),
        (N_("Agent"), agent),
        (N_("Connected"), case.joined_at and _clock(case.joined_at)),
        (N_("Closed"), case.closed_at and _clock(case.closed_at)),
        (N_("Outcome"), case.outcome and translate(Message(Outcome(case.outcome).label))),
    )
    lines = [title(case, picture.provider), *(_row(label, value) for label, value in rows if value), *_seen(picture)]
    if notes:
        lines += ["", translate(Message(N_("Notes")))]
        lines += [f"- {_clock(note.at)}, {note.agent}: {note.text}" for note in notes]
    return "\n".join(lines)


def _seen(picture: LiveView) -> Iterator[str]:
    """Yield what the agent saw, a paragraph for each part."""
    answers = [row for row in picture.steps if row.answer]
    if answers:
        yield from ("", translate(Message(N_("Answers"))))
    for row in answers:
        yield f"- {translate(Message(STEP_TITLES[row.slug]))}: {', '.join(translate(part) for part in row.answer)}"
    if picture.runs:
        yield from ("", translate(Message(N_("Connection tests"))))
    for run in reversed(picture.runs):
        causes = "; ".join(translate(cause) for cause in picture.causes(run))
        state = translate(Message(run.label))
        yield f"- {_clock(run.at)}: {state}{f': {causes}' if causes else ''}"
    if picture.files or picture.guide is not None:
        yield ""
    if picture.files:
        files = dict.fromkeys(translate(name) for _, name in picture.files)
        yield _row(N_("File downloaded"), ", ".join(files))
    if picture.guide is not None:
        yield _row(N_("Last step of the guide"), translate(picture.guide.title))


def _row(label: str, value: str) -> str:
    return f"{translate(Message(label))}: {value}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _clock(moment: datetime) -> str:
    return i18n.day_and_time(moment).replace("\u202f", " ")  # for the search of other systems, too
