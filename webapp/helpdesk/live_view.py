"""What the agent sees of a case: made from its events alone, so that it shows nothing they do not say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from webapp.core.diagnosis import CATALOGUE, Diagnosis
from webapp.core.probe import STAGES, Protocol
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.helpdesk import guiding, hints, saying
from webapp.helpdesk.live import diagnosis_of_stage
from webapp.helpdesk.log import Line, line, lines
from webapp.helpdesk.places import MISTAKES
from webapp.helpdesk.vocabulary import FOR_FEW, STATE_LABELS, STEP_TITLES, CaseWord, Kind, choice_messages, client_name
from webapp.infrastructure.config import current_providers, site_provider
from webapp.infrastructure.i18n import speak_of
from webapp.infrastructure.models import CaseEvent

ENDED_STATES = frozenset({"passed", "failed", "unknown", "interrupted", "expired", "cancelled"})
_UNDER_WAY = frozenset({"pending", "running"})
_WITHOUT_PASSWORD = N_("The test without a password passed")


def _from_login(protocol: str) -> tuple[str, ...]:
    names = STAGES[Protocol(protocol)]
    return names[names.index("authenticate") : -1]


@dataclass(slots=True)
class StepRow:
    """One step of the task list."""

    slug: str
    title: str
    status: str  # done, failed, pending
    at: datetime | None = None
    answer: list[Message] = field(default_factory=list)
    here: bool = False  # the person is at it


@dataclass(slots=True)
class TestRun:
    """One connection test as far as it has come: protocol → stage → (status, failure).

    number: 0 before the call. settled: the agent says that what it found is done with.
    """

    number: int
    at: datetime
    state: str = "queued"
    stages: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    diagnoses: list[str] = field(default_factory=list)
    settled: bool = False

    def rows(self) -> list[tuple[str, list[tuple[str, str, str | None]]]]:
        """Return every protocol with its stages in order; what does not apply, or was not reached, is left out."""
        left_out = ("skipped", "pending") if self.ended else ("skipped",)
        found = []
        for protocol in Protocol:
            known = self.stages.get(protocol.value)
            if known is None:
                continue
            names = STAGES[protocol] if self.number else known
            rows = [(name, *known.get(name, ("pending", None))) for name in names]
            found.append((protocol.value, [row for row in rows if row[1] not in left_out]))
        return found

    @property
    def ended(self) -> bool:
        return self.state in ENDED_STATES

    @property
    def failed(self) -> bool:
        return self.state == "failed" or any(
            status == "failed" for stages in self.stages.values() for status, _ in stages.values()
        )

    @property
    def without_password(self) -> bool:
        """Whether it passed and proves nothing of a login; of what was before the call, nobody knows."""
        return self.number > 0 and self.state == "passed" and "passed" not in self._logins()

    @property
    def refused(self) -> bool:
        """Whether it failed at what no test without a password looks at."""
        return "failed" in self._logins()

    @property
    def label(self) -> str:
        return _WITHOUT_PASSWORD if self.without_password else STATE_LABELS[self.state]

    def _logins(self) -> set[str]:
        return {
            status
            for protocol, stages in self.stages.items()
            for name, (status, _) in stages.items()
            if name in _from_login(protocol)
        }


@dataclass(frozen=True, slots=True)
class LiveView:
    steps: list[StepRow]
    tasks: list[StepRow]  # the steps, then the file, the guide, and the test
    runs: list[TestRun]  # newest first
    diagnosis: Diagnosis | None  # that the sentence is about
    unsolved: tuple[datetime, Diagnosis] | None  # why the last test failed, while the sentence is about something else
    say: Message | None
    ask: Message | None
    log: list[Line]  # newest first
    files: list[tuple[datetime, Message]]
    hint: Line | None  # that stands on the person's page
    current_step: str | None
    program: str | None  # id of the mail program
    place: str  # where the person is: step, test, file, guide or page
    where: Message | None  # the page they see
    mistake: Message | None  # what was wrong in a field of it
    works: bool | None  # what they said last of the program
    guide: guiding.Shown | None  # the step of the guide that they saw last
    provider: Provider

    @property
    def shown(self) -> guiding.Shown | None:
        """Return the step of the guide before them, None where they are at something else."""
        return self.guide if self.place in ("guide", "file") else None

    def causes(self, run: TestRun) -> list[Message]:
        """Return why `run` failed, as its agent and its person read it."""
        return [CATALOGUE[cause].for_provider(self.provider).title for cause in run.diagnoses]


def provider_of(events: Sequence[CaseEvent]) -> Provider:
    """Return the person's provider, as far as the events tell it; else the one that the site is about."""
    known = current_providers()
    chosen = (event.details["choice"] for event in reversed(events) if event.kind == Kind.CHOICE)
    return next((known[choice] for choice in chosen if choice in known), site_provider())


def build(events: Sequence[CaseEvent]) -> LiveView:
    """Return the picture of a case.

    Needs a request: from here on it speaks of the person's provider.
    """
    provider = provider_of(events)
    speak_of(provider)
    reached = [event for event in events if event.kind == Kind.STEP]
    current = reached[-1].details["step"] if reached else None
    at = saying.newest(events)
    place = saying.PLACES[Kind(at.kind)] if at is not None else "step"
    chosen = choices(events)
    runs = runs_of(events)
    newest = runs[0] if runs else None
    stands = unsolved(runs)
    cause = diagnosis_of(stands, provider)
    failed = cause if newest is stands or (newest is not None and newest.ended) else None
    files = [(event.at, client_name(event.details["client"])) for event in events if event.kind == Kind.FILE]
    shown = guiding.shown(events, chosen, provider)
    hint = hints.standing(events)
    test, checked = (newest.state, newest.without_password) if newest is not None else ("", False)
    said = saying.saying(at, shown, failed, provider, test=test, checked=checked, chosen=chosen, hint=hint)
    here = current if place == "step" else None
    steps = [_step(slug, here, chosen.get(slug), reached) for slug in path_taken(events)]
    return LiveView(
        steps=steps,
        tasks=[*steps, *_last_tasks(place, newest, files, shown, fails=failed is not None)],
        runs=runs,
        diagnosis=said.diagnosis,
        unsolved=(stands.at, cause) if stands and cause and said.diagnosis != cause else None,
        say=said.say,
        ask=said.ask,
        log=lines(events, chosen, provider, {run.number: run.label for run in runs if run.state == "passed"}),
        files=files,
        hint=line(hint) if hint is not None else None,
        current_step=current,
        program=chosen["program"].details["choice"] if "program" in chosen else None,
        place=place,
        where=saying.where(at, shown, provider),
        mistake=Message(MISTAKES[at.details["mistake"]]) if at is not None and at.kind == Kind.MISTAKE else None,
        works=saying.works(events),
        guide=shown,
        provider=provider,
    )


def _step(slug: str, current: str | None, chosen: CaseEvent | None, reached: Sequence[CaseEvent]) -> StepRow:
    status = "done" if chosen is not None else "pending"
    seen = [event.at for event in reached if event.details["step"] == slug]
    at = chosen.at if chosen is not None else seen[-1] if seen else None
    answer = choice_messages(chosen.details) if chosen else []
    return StepRow(slug, STEP_TITLES[slug], status, at, answer, here=slug == current)


def _last_tasks(
    place: str,
    newest: TestRun | None,
    files: Sequence[tuple[datetime, Message]],
    shown: guiding.Shown | None,
    *,
    fails: bool,
) -> list[StepRow]:
    guide = StepRow("guide", N_("Steps in the program"), "pending")
    if shown is not None:
        guide.status, guide.at, guide.answer = "done" if shown.is_last else "pending", shown.at, [shown.title]
    test, file = StepRow("test", N_("Connection test"), "pending"), StepRow("file", N_("File"), "pending")
    if newest is not None:
        test.status = "failed" if fails else "done" if newest.state == "passed" else "pending"
        test.at, test.answer = newest.at if newest.number else None, [Message(newest.label)]
    if files:
        file.status, file.at, file.answer = "done", files[-1][0], [files[-1][1]]
    for task in (file, guide, test):
        task.here = task.slug == place
    return [file, guide, test]


def choices(events: Sequence[CaseEvent]) -> dict[str, CaseEvent]:
    """Return the newest answer to each step, by its slug."""
    return {event.details["step"]: event for event in events if event.kind == Kind.CHOICE}


def runs_of(events: Sequence[CaseEvent]) -> list[TestRun]:
    """Return the tests, the newest first; those from before the call last."""
    runs: dict[int, TestRun] = {}
    earlier = []
    for event in events:
        if event.kind == Kind.EARLIER:
            earlier.append(_earlier(event.details))
        if event.kind == Kind.CASE and event.details["what"] == CaseWord.CAUSE_SETTLED:
            for run in (*runs.values(), *earlier):
                run.settled = True
        if event.kind not in (Kind.TEST, Kind.STAGE):
            continue
        words = event.details
        run = runs.setdefault(words["run"], TestRun(words["run"], event.at))
        if event.kind == Kind.TEST:
            if not run.ended:  # what is told late, by another process, changes no end
                run.state = words["state"]
            run.diagnoses = words["diagnoses"] or run.diagnoses
        else:
            _note_stage(run, words)
    return [*sorted(runs.values(), key=lambda run: -run.number), *reversed(earlier)]


def _earlier(words: dict[str, Any]) -> TestRun:
    run = TestRun(0, datetime.fromtimestamp(words["at"], UTC), words["state"])
    if words["stage"]:
        run.stages = {words["protocol"]: {words["stage"]: ("failed", words["failure"])}}
    if words["diagnosis"]:
        run.diagnoses = [words["diagnosis"]]
    return run


def _note_stage(run: TestRun, words: dict[str, Any]) -> None:
    stages = run.stages.setdefault(words["protocol"], {})
    if stages.get(words["stage"], ("pending", None))[0] in _UNDER_WAY:
        stages[words["stage"]] = (words["status"], words["failure"])
    if run.state == "queued":
        run.state = "running"
    if not run.diagnoses and (found := diagnosis_of_stage(words)):
        run.diagnoses = [found]


def unsolved(runs: Sequence[TestRun]) -> TestRun | None:
    """Return the failed test that still says what is wrong; a refused login stands until one passes, or is settled."""
    checked = False
    for run in runs:
        if run.settled:
            return None
        if run.failed and (run.refused or not checked):
            return run
        if run.state == "passed" and not run.without_password:
            return None
        checked = checked or run.without_password
    return None


def diagnosis_of(run: TestRun | None, provider: Provider) -> Diagnosis | None:
    """Return why `run` failed, if it did."""
    if run is None or not run.failed or not run.diagnoses:
        return None
    return CATALOGUE[run.diagnoses[0]].for_provider(provider)


def path_taken(events: Sequence[CaseEvent]) -> tuple[str, ...]:
    """Return the steps this person takes, as far as the events tell: some are for few people only."""
    seen = {event.details["step"] for event in events if event.kind in (Kind.STEP, Kind.CHOICE)}
    return tuple(slug for slug in STEP_TITLES if slug not in FOR_FEW or slug in seen)
