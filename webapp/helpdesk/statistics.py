"""What the helpdesk learns from many cases: counts by day, without persons. They outlive the cases.

A case is counted once, when it is closed or deleted. Measures and their values:

    case        all | joined
    outcome     an Outcome
    stopped     the step where a person was last, of those whose case was not solved: of the wizard, or of a guide as
                client/way/step
    diagnosis   an id of the catalogue, once for each case in which a test found it
    program     an id of CLIENTS, of those who chose one
    minutes     0 to 180, from joining to the end: the median comes from this histogram
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.core.bulk.archive import harmless
from webapp.infrastructure.models import Case, CaseEvent, Count

MINUTES_MAX: Final = 180
SOLVED: Final = frozenset({"solved", "by-hand"})


def count(session: Session, case: Case, outcome: str) -> None:
    """Count the case, once."""
    if case.counted:
        return
    case.counted = True
    events = list(session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)))
    day = (case.closed_at or datetime.now(UTC)).date()
    for measure, value in _facts(case, outcome, events):
        _add(session, day, measure, value)


def _facts(case: Case, outcome: str, events: Sequence[CaseEvent]) -> Iterable[tuple[str, str]]:
    yield "case", "all"
    yield "outcome", outcome
    if case.joined_at is None:
        return
    yield "case", "joined"
    end = max((event.at for event in events), default=case.joined_at)
    yield "minutes", str(min(MINUTES_MAX, round((end - case.joined_at).total_seconds() / 60)))
    step = last_step(events)
    if outcome not in SOLVED and step:
        yield "stopped", step
    programs = [
        event.details["choice"] for event in events if event.kind == "choice" and event.details["step"] == "program"
    ]
    if programs and programs[-1]:
        yield "program", programs[-1]
    found = {diagnosis for event in events if event.kind == "test" for diagnosis in event.details["diagnoses"]}
    found |= {event.details["diagnosis"] for event in events if event.kind == "earlier" and event.details["diagnosis"]}
    yield from (("diagnosis", diagnosis) for diagnosis in sorted(found))


def last_step(events: Sequence[CaseEvent]) -> str | None:
    """Return the step where the person was last, None where none was shown."""
    newest = next((event for event in reversed(events) if event.kind in ("step", "guide")), None)
    if newest is None or newest.kind == "step":
        return newest.details["step"] if newest is not None else None
    return "/".join(newest.details[word] for word in ("client", "way", "step"))


def _add(session: Session, day: date, measure: str, value: str) -> None:
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Count).values(day=day, measure=measure, value=value, number=1)
    session.execute(
        row.on_conflict_do_update(index_elements=["day", "measure", "value"], set_={"number": Count.number + 1})
    )


@dataclass(frozen=True, slots=True)
class Overview:
    """The counts of some days: measure → value → number, largest first."""

    since: date
    numbers: Mapping[str, Mapping[str, int]]

    def of(self, measure: str) -> Mapping[str, int]:
        return self.numbers.get(measure, {})

    @property
    def cases(self) -> int:
        return self.of("case").get("all", 0)

    @property
    def joined(self) -> int:
        return self.of("case").get("joined", 0)

    @property
    def solved(self) -> int:
        return sum(number for outcome, number in self.of("outcome").items() if outcome in SOLVED)

    @property
    def median_minutes(self) -> int | None:
        """Return the minutes that half of the connected cases took at most."""
        return median({int(minutes): number for minutes, number in self.of("minutes").items()})


def median(histogram: Mapping[int, int]) -> int | None:
    """Return the lower median of a histogram value → number."""
    seen, total = 0, sum(histogram.values())
    for value in sorted(histogram):
        seen += histogram[value]
        if 2 * seen >= total:
            return value
    return None


def overview(session: Session, days: int, today: date | None = None) -> Overview:
    """Return the counts of the last `days`, today included."""
    since = (today or datetime.now(UTC).date()) - timedelta(days=days - 1)
    rows = session.execute(
        select(Count.measure, Count.value, func.sum(Count.number)).where(Count.day >= since).group_by(
            Count.measure, Count.value
        )
    )  # fmt: skip
    numbers: dict[str, dict[str, int]] = {}
    for measure, value, number in rows:
        numbers.setdefault(measure, {})[value] = int(number)
    return Overview(
        since,
        {name: dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))) for name, found in numbers.items()},
    )


def shares(numbers: Mapping[str, int], labels: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Return label, number and percent for each of `numbers`; a value without a label stands for itself."""
    total = sum(numbers.values())
    return [(labels.get(value, value), number, round(100 * number / total)) for value, number in numbers.items()]


def as_csv(session: Session, days: int) -> str:
    """Return the counts by day as CSV (RFC 4180) that no spreadsheet takes for a formula."""
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["day", "measure", "value", "number"])
    query = select(Count).where(Count.day >= since).order_by(Count.day, Count.measure, Count.value)
    for row in session.scalars(query):
        writer.writerow([harmless(str(cell)) for cell in (row.day.isoformat(), row.measure, row.value, row.number)])
    return text.getvalue()
