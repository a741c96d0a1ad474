"""How the last tests of this session ended, kept in the person's own sealed cookie: who helps them later is shown it.

An outcome is eight closed words, such as

    "q1w2e3r4 0f1e2d3c 1795584220 failed pop3 authenticate authentication_failed login-refused"

first the beginning of the run's id and the mark of the address; "-" where there is no word.
"""

from collections.abc import Iterable

from flask import session

from webapp.connection_tests.progress import Run
from webapp.core.diagnosis import Diagnosis
from webapp.core.probe import Report
from webapp.infrastructure.session import SPARE
from webapp.web.connection_tests.ownership import mark_of

OUTCOMES_MAX = 3
_SIGNS = 8  # of run id and mark: a cookie has little room
_NONE = "-"
_WORDS = ("state", "protocol", "stage", "failure", "diagnosis")


def note(run: Run, report: Report, diagnoses: Iterable[Diagnosis]) -> None:
    """Keep how the run ended, once; the oldest of more than OUTCOMES_MAX goes."""
    kept: list[str] = session.get(SPARE, [])
    name = run.id[:_SIGNS]
    if not run.ended or any(outcome.startswith(name) for outcome in kept):
        return
    failed = next(iter(report.failures()), None)
    stage = (failed.protocol, failed.stage) if failed else ("", "")
    words = (
        name, mark_of(report.address)[:_SIGNS], int(run.ended_at or run.queued_at), run.state, *stage,
        failed.failure.kind if failed and failed.failure else "", next((found.id for found in diagnoses), ""),
    )  # fmt: skip
    session[SPARE] = [*kept, " ".join(str(word) or _NONE for word in words)][-OUTCOMES_MAX:]


def of(address: str) -> list[dict[str, int | str | None]]:
    """Return the outcomes of the tests of `address`, the oldest first; of no other address.

    Each is {"at": Unix seconds, "state", "protocol", "stage", "failure", "diagnosis"}, None for what there is not.
    """
    mark = mark_of(address)[:_SIGNS]
    kept = [outcome.split(" ") for outcome in session.get(SPARE, [])]
    return [
        {"at": int(at), **{name: None if word == _NONE else word for name, word in zip(_WORDS, words, strict=True)}}
        for _, of_address, at, *words in kept
        if of_address == mark
    ]
