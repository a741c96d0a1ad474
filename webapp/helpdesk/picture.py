"""What the agent sees of a case: made from its events alone, so that it shows nothing they do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.clients import CLIENTS
from webapp.diagnosis import CATALOGUE, Diagnosis
from webapp.helpdesk.live import diagnosis_of_stage
from webapp.helpdesk.vocabulary import (
    CASE_LABELS,
    HINT_STEPS,
    HINTS,
    STATE_LABELS,
    STEP_SENTENCES,
    STEP_TITLES,
    CaseWord,
    Kind,
    choice_messages,
)
from webapp.i18n import translate
from webapp.models import CaseEvent
from webapp.probe.report import STAGES, Protocol
from webapp.providers import Provider
from webapp.text import N_, Message

ENDED_STATES = frozenset({"passed", "failed", "unknown", "interrupted", "expired", "cancelled"})
_UNDER_WAY = frozenset({"pending", "running"})
_PLACES = {Kind.STEP: "step", Kind.TEST: "test", Kind.STAGE: "test", Kind.FILE: "file"}
_FOR_FEW = frozenset({"platform", "outlook-profile"})


@dataclass(slots=True)
class StepRow:
    """One step of the task list."""

    slug: str
    title: str
    status: str  # done, current, pending
    at: datetime | None = None
    answer: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class TestRun:
    """One connection test as far as it has come: protocol → stage → (status, failure)."""

    number: int
    at: datetime
    state: str = "queued"
    stages: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    diagnoses: list[str] = field(default_factory=list)

    def rows(self) -> list[tuple[str, list[tuple[str, str, str | None]]]]:
        """Return every protocol with its stages in order; what does not apply to this test is left out."""
        found = []
        for protocol in Protocol:
            known = self.stages.get(protocol.value)
            if known is None:
                continue
            rows = [(name, *known.get(name, ("pending", None))) for name in STAGES[protocol]]
            found.append((protocol.value, [row for row in rows if row[1] != "skipped"]))
        return found

    @property
    def ended(self) -> bool:
        return self.state in ENDED_STATES

    @property
    def failed(self) -> bool:
        return self.state == "failed" or any(
            status == "failed" for stages in self.stages.values() for status, _ in stages.values()
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the log."""

    at: datetime
    message: Message


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the live view shows."""

    steps: list[StepRow]
    runs: list[TestRun]  # newest first
    diagnosis: Diagnosis | None  # of the newest test, if it failed
    say: Message | None
    ask: Message | None
    log: list[Line]  # newest first
    files: list[tuple[datetime, str]]
    last_hint: Line | None
    current_step: str | None
    place: str  # where the person is: step, test or file


def paint(events: Sequence[CaseEvent], taken: Sequence[str], provider: Provider | None) -> Picture:
    """Return the picture of a case. `taken`: the slugs of the steps as far as this person's way is known."""
    reached = [event for event in events if event.kind == Kind.STEP]
    current = reached[-1].words["step"] if reached else None
    place = next((_PLACES[Kind(event.kind)] for event in reversed(events) if event.kind in _PLACES), "step")
    chosen: dict[str, CaseEvent] = {event.words["step"]: event for event in events if event.kind == Kind.CHOICE}
    runs = _runs(events)
    newest = runs[0] if runs else None
    diagnosis = _diagnosis(newest, provider)
    files = [(event.at, CLIENTS[event.words["client"]].name) for event in events if event.kind == Kind.FILE]
    say, ask = _sentences(diagnosis, newest, bool(files), current)
    hints = [event for event in events if event.kind == Kind.HINT]
    return Picture(
        steps=[_step(slug, current if place == "step" else None, chosen.get(slug), reached) for slug in taken],
        runs=runs,
        diagnosis=diagnosis,
        say=say,
        ask=ask,
        log=[_line(event, taken) for event in reversed(events) if event.kind != Kind.STAGE],
        files=files,
        last_hint=_line(hints[-1], taken) if hints else None,
        current_step=current,
        place=place,
    )


def _step(slug: str, current: str | None, chosen: CaseEvent | None, reached: Sequence[CaseEvent]) -> StepRow:
    status = "current" if slug == current else "done" if chosen is not None else "pending"
    seen = [event.at for event in reached if event.words["step"] == slug]
    at = chosen.at if chosen is not None else seen[-1] if seen else None
    return StepRow(slug, STEP_TITLES[slug], status, at, choice_messages(chosen.words) if chosen else [])


def _runs(events: Sequence[CaseEvent]) -> list[TestRun]:
    runs: dict[int, TestRun] = {}
    for event in events:
        if event.kind not in (Kind.TEST, Kind.STAGE):
            continue
        words = event.words
        run = runs.setdefault(words["run"], TestRun(words["run"], event.at))
        if event.kind == Kind.TEST:
            if not run.ended:  # what is told late, by another process, changes no end
                run.state = words["state"]
            run.diagnoses = words["diagnoses"] or run.diagnoses
        else:
            _note_stage(run, words)
    return sorted(runs.values(), key=lambda run: -run.number)


def _note_stage(run: TestRun, words: dict[str, Any]) -> None:
    stages = run.stages.setdefault(words["protocol"], {})
    if stages.get(words["stage"], ("pending", None))[0] in _UNDER_WAY:
        stages[words["stage"]] = (words["status"], words["failure"])
    if run.state == "queued":
        run.state = "running"
    if not run.diagnoses and (found := diagnosis_of_stage(words)):
        run.diagnoses = [found]


def _diagnosis(run: TestRun | None, provider: Provider | None) -> Diagnosis | None:
    if run is None or not run.failed or not run.diagnoses:
        return None
    return CATALOGUE[run.diagnoses[0]].for_provider(provider)


def _sentences(
    diagnosis: Diagnosis | None, newest: TestRun | None, downloaded: bool, current: str | None
) -> tuple[Message | None, Message | None]:
    """Return what to say next, and what to ask."""
    if diagnosis is not None:
        return diagnosis.say, diagnosis.ask
    if downloaded:
        return Message(N_("Now open the file that you have downloaded.")), Message(
            N_("Does the mail program fetch your mail?")
        )
    if newest is not None and newest.state == "passed":
        return Message(N_("The test has passed. Now download the file.")), None
    if newest is not None and not newest.ended:
        return Message(N_("The test takes a few seconds. Leave the page open.")), None
    sentence = STEP_SENTENCES.get(current or "")
    return (Message(sentence), None) if sentence else (None, None)


def _line(event: CaseEvent, taken: Sequence[str]) -> Line:
    words = event.words
    match event.kind:
        case Kind.STEP:
            message = Message(N_("Step “%(step)s” opened"), {"step": translate(Message(STEP_TITLES[words["step"]]))})
        case Kind.CHOICE:
            title = translate(Message(STEP_TITLES[words["step"]]))
            answer = ", ".join(translate(part) for part in choice_messages(words))
            message = (
                Message(N_("%(step)s: %(answer)s"), {"step": title, "answer": answer})
                if answer
                else Message(N_("Step “%(step)s” answered"), {"step": title})
            )
        case Kind.TEST:
            message = Message(STATE_LABELS[words["state"]])
        case Kind.FILE:
            message = Message(N_("File for %(client)s downloaded"), {"client": CLIENTS[words["client"]].name})
        case Kind.HINT:
            hint = hint_message(words["hint"], words["step"], taken)
            message = Message(N_("You showed: %(hint)s"), {"hint": translate(hint)})
        case _:
            message = Message(CASE_LABELS[CaseWord(words["what"])])
    return Line(event.at, message)


def hint_message(hint: str, step: str | None, taken: Sequence[str]) -> Message:
    """Return the sentence of a hint, the step's number being that on the way `taken`."""
    step = step or HINT_STEPS.get(hint)
    number = taken.index(step) + 1 if step in taken else "?"
    return Message(HINTS[hint], {"number": number} if "%(number)" in HINTS[hint] else {})


def way(events: Sequence[CaseEvent]) -> tuple[str, ...]:
    """Return the steps this person takes, as far as the events tell: some are for few people only."""
    seen = {event.words["step"] for event in events if event.kind in (Kind.STEP, Kind.CHOICE)}
    outlook = any(
        event.kind == Kind.CHOICE and event.words["step"] == "program" and event.words["choice"] == "outlook"
        for event in events
    )
    return tuple(
        slug for slug in STEP_TITLES if slug not in _FOR_FEW or slug in seen or (slug == "outlook-profile" and outlook)
    )
