"""From what happens in the application to the events of a case.

Listens to `webapp.infrastructure.events`. A page or an answer belongs to the case of the request's session; a
connection test is queued in such a request, too, and its run is remembered, because its stages are told by a worker
without a request. Nothing that goes wrong here disturbs the person: it is logged, and the wizard goes on.
"""

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from flask import Flask, g, has_app_context, has_request_context, session
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.connection_tests import jobs
from webapp.connection_tests.beginning import UNAVAILABLE
from webapp.connection_tests.progress import Run
from webapp.core.account import shorten_address
from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE, diagnose, explain
from webapp.core.probe import Failure, FailureKind, Protocol, RunState, Stage, Status, Vantage
from webapp.helpdesk import cases, tokens
from webapp.helpdesk.vocabulary import (
    CHOICES,
    FORMATS,
    OTHER,
    STEP_SLUGS,
    SYSTEM_NAMES,
    TWO_FACTOR,
    Kind,
    word_or,
    words_of,
)
from webapp.infrastructure import db, events, limits, logs
from webapp.infrastructure.config import current_providers
from webapp.infrastructure.models import Case, CaseRun, CaseState
from webapp.web.connection_tests import outcomes
from webapp.web.connection_tests.ownership import own_runs
from webapp.web.wizard import answers as store

SESSION_KEY = "case"  # in the person's session: their token
OVER_KEY = "help_over"  # there, too: the token of the case before, which has ended
CODE_KEY = "help_code"  # there, too: the code they read out
_UNDER_WAY = frozenset({RunState.QUEUED, RunState.RUNNING})
# What the answer to a step calls its choice from a list.
_CHOSEN_BY = {"platform": "provider", "outlook-profile": "profile", "protocol": "protocol", "devices": "devices"}


def init_app(app: Flask) -> None:
    events.answer_chosen.connect(_on_answer, app)
    events.guide_step_reached.connect(_on_guide_step, app)
    events.test_progressed.connect(_on_test, app)
    app.extensions[limits.INVITATION] = _invitation
    events.file_downloaded.connect(_on_file, app)
    events.forgotten.connect(_on_forgotten, app)


def person_case() -> Case | None:
    """Return the case of the person who makes this request, read once; None for everybody else."""
    if "person_case" not in g:
        g.person_case = held_by(session.get(SESSION_KEY))
    case: Case | None = g.person_case
    return case


def held_by(token: str | None) -> Case | None:
    """Return the case whose person holds `token`, which a session may lack."""
    with db.read() as reading:
        return cases.of_person(reading, token) if token else None


def forget_person_case() -> None:
    """Read it anew: this request has changed it."""
    g.pop("person_case", None)


def quietly(listener: Callable[..., None]) -> Callable[..., None]:
    """Let what goes wrong in `listener` disturb nobody."""

    @functools.wraps(listener)
    def guarded(app: Flask, **words: Any) -> None:
        try:
            with nullcontext() if has_app_context() else app.app_context():
                listener(app, **words)
        except (SQLAlchemyError, ValueError, KeyError, TypeError) as error:
            logs.logger.warning("helpdesk: an event was lost: %s", type(error).__name__)

    return guarded


def joined_case() -> Case | None:
    """Return the case of a connected person who makes this request."""
    if not has_request_context():
        return None
    case = person_case()
    return case if case is not None and case.state == CaseState.JOINED else None


def _invitation() -> str | None:
    """Return the case that a connection test of this request counts for, in place of its network."""
    case = joined_case()
    return None if case is None else str(case.id)


def of_joined(listener: Callable[..., None]) -> Callable[..., None]:
    """Call `listener` with the case of the connected person in whose request it happens; leave out everything else.

    Files for programs come in crowds outside of every request, and belong to no case.
    """

    @functools.wraps(listener)
    @quietly
    def told(_app: Flask, **words: Any) -> None:
        case = joined_case()
        if case is not None:
            listener(case, **words)

    return told


@of_joined
def _on_answer(case: Case, step: str = "", **_: Any) -> None:
    if step in STEP_SLUGS:
        _record_choice(case, step, store.load())


@of_joined
def _on_guide_step(case: Case, client: str = "", way: str = "", step: str = "", **_: Any) -> None:
    cases.record(case.id, Kind.GUIDE, {"client": client, "way": way, "step": step})


@of_joined
def _on_file(case: Case, client: str = "", format: str = "", **_: Any) -> None:  # noqa: A002  the signal's word
    words = {"client": word_or(CLIENTS, client, OTHER), "format": word_or(FORMATS, format, OTHER)}
    cases.record(case.id, Kind.FILE, words)


def _on_forgotten(_app: Flask) -> None:
    """Delete the case of who deletes their answers. Not quietly: nobody is to believe that it is gone."""
    erase_cases()


def erase_cases() -> None:
    """Delete the case of this browser, and the one before whose sheet it still has."""
    for found in (held_by(session.get(SESSION_KEY)), held_by(session.get(OVER_KEY))):
        if found is not None:
            cases.erase(found.id)


def begin(token: str) -> None:
    """Let the browser go on with another case; one in which the person was helped stays theirs to read and delete."""
    before = person_case()
    if before is not None:
        keep_sheet(before)
    session[SESSION_KEY] = token
    forget_person_case()


def keep_sheet(case: Case) -> None:
    """Remember whose the sheet after the call is, where the person of this browser's case was helped."""
    if case.joined_at is not None:
        session[OVER_KEY] = session[SESSION_KEY]


def record_so_far(case: Case) -> None:
    """Tell what the person has answered before they connected, and how their tests ended."""
    answers = store.load()
    _record_earlier(case, answers.email_address)
    for slug in answers.by_step:
        if slug in STEP_SLUGS:
            _record_choice(case, slug, answers)


def _record_earlier(case: Case, address: str) -> None:
    """Tell how the last tests of this address ended, and go along with one that is still under way."""
    for words in outcomes.of(address):
        cases.record(case.id, Kind.EARLIER, words)
    for run_id in own_runs()[-1:]:
        run = _run(run_id)
        if run is not None and not run.ended and run.report.address == address:
            _on_test(events.running_app(), run=run_id, state=run.state.value)


def failed_run() -> str | None:
    """Return the id of this browser's newest test where its address failed and the page can still be shown."""
    run = next((found for found in map(_run, own_runs()[-1:]) if found is not None), None)
    fits = run is not None and run.state == RunState.FAILED and run.report.address == store.load().email_address
    return run.id if run is not None and fits else None


def _record_choice(case: Case, step: str, answers: store.Answers) -> None:
    choice, detail = choice_words(step, answers)
    address = None
    if step == "address" and answers.email_address:
        address = answers.email_address if case.shares_address else shorten_address(answers.email_address)
    cases.record(case.id, Kind.CHOICE, {"step": step, "choice": choice, "detail": detail}, address=address)


def choice_words(step: str, answers: store.Answers) -> tuple[str | None, str | int | None]:
    """Return the words of the vocabulary for the answer to `step`; None for what is no word of it."""
    answer = answers[step]
    detail: str | int | None = None
    match step:
        case "address":
            choice = answers.provider_id
        case "program":
            choice = word_or(CHOICES["program"], answer.get("client"), OTHER)
            detail = word_or(SYSTEM_NAMES, answer.get("device"))
        case "retention":
            keep = str(answer.get("keep", ""))
            days = int(keep) if keep.isascii() and keep.isdecimal() and len(keep) <= 2 else 0
            choice, detail = ("days", days) if days else (keep, None)
        case "preparation":
            choice = "pop3"
            detail = word_or(TWO_FACTOR, answer.get("two_factor"))
        case _:
            choice = answer.get(_CHOSEN_BY.get(step, ""))
    return word_or(words_of(step), choice), detail


@quietly
def _on_test(_app: Flask, run: str = "", **words: Any) -> None:
    asked_by = joined_case()  # None outside of a person's request
    known = _case_of(run)
    found = _remember_run(asked_by.id, run) if known is None and asked_by is not None else known
    if found is None or (asked_by is not None and found[0] != asked_by.id):
        return
    case_id, number = found
    if known is None:
        words = _record_so_far(case_id, number, run) or words
    state = word_or(frozenset(item.value for item in RunState), words.get("state"))
    if words.get("stage"):
        _record_stage(case_id, number, words)
    diagnoses = [diagnosis for diagnosis in words.get("diagnosis") or () if diagnosis in CATALOGUE][:8]
    if state is not None and (not words.get("stage") or diagnoses or state not in _UNDER_WAY):
        cases.record(case_id, Kind.TEST, {"run": number, "state": state, "diagnoses": diagnoses})


def _record_stage(case_id: int, number: int, words: dict[str, Any]) -> None:
    told = {name: words.get(name) for name in ("protocol", "stage", "status", "failure")}
    if told["status"] == Status.FAILED and told["failure"] is None:
        told["failure"] = FailureKind.UNEXPECTED
    cases.record(case_id, Kind.STAGE, {"run": number, **told})


def _record_so_far(case_id: int, number: int, run: str) -> dict[str, Any] | None:
    """Record what a run has found before it was known whose it is, and return the words for how it stands then.

    Others may have begun the check long ago, and it may have gone on since the words of this event were made: nobody
    tells any of it again. None where the run is not to be seen: then the event's own words count.
    """
    known = _run(run)
    for stage in known.report.stages if known is not None else ():
        if stage.status is not Status.PENDING:
            failure = stage.failure.kind if stage.failure else None
            words = {"protocol": stage.protocol, "stage": stage.stage, "status": stage.status, "failure": failure}
            _record_stage(case_id, number, words)
    if known is None:
        return None
    told = explain(known.report, current_providers().get(known.report.provider)) if known.ended else ()
    return {"state": known.state, "diagnosis": [diagnosis.id for diagnosis in told]}


def _run(run_id: str) -> Run | None:
    try:
        return jobs.current().runs.get(run_id)
    except UNAVAILABLE:
        return None


def diagnosis_of_stage(words: dict[str, Any]) -> str | None:
    """Return the diagnosis of a failed stage by its kind alone, while the test has not told its own."""
    if words["status"] != Status.FAILED:
        return None
    failure = Failure(FailureKind(words["failure"]))
    stage = Stage(Protocol(words["protocol"]), words["stage"], "", 0, Status.FAILED, failure=failure)
    found = diagnose(stage, Vantage.SERVER)
    return found.id if found else None


def _remember_run(case_id: int, run: str) -> tuple[int, int]:
    """Note that the run is of this case, unless it is of another one; return its case and number."""
    with db.begin() as writing:
        kept = writing.get(CaseRun, tokens.hashed(run))
        if kept is None:
            number = writing.scalar(select(func.count()).select_from(CaseRun).where(CaseRun.case_id == case_id)) or 0
            kept = CaseRun(run_hash=tokens.hashed(run), case_id=case_id, number=number + 1)
            writing.add(kept)
        return kept.case_id, kept.number


def _case_of(run: str) -> tuple[int, int] | None:
    """Return case and number of a run.

    Read anew for every stage: another process may have noted it just now, or taken the note away because the person is
    gone.
    """
    with db.read() as reading:
        found = reading.get(CaseRun, tokens.hashed(run))
        return (found.case_id, found.number) if found else None
