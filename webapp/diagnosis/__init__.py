"""From a report to what happened, why, and what to do now.

The catalogue is ordered: of the entries that explain a failed stage the first one wins, and `unknown-cause` explains
them all. GMX has one text for many causes, so where it refuses a login the entry is a checklist and claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from webapp.diagnosis import circle, connection, encryption, login, mailbox, program, remarks, sending
from webapp.diagnosis.entry import Diagnosis
from webapp.diagnosis.rendering import report_to_json, report_to_text
from webapp.probe.report import Report, Stage, Status, Vantage
from webapp.providers import Provider

__all__ = ["CATALOGUE", "Diagnosis", "diagnose", "explain", "report_to_json", "report_to_text"]

CATALOGUE: Mapping[str, Diagnosis] = MappingProxyType(
    {
        diagnosis.id: diagnosis
        for room in (remarks, circle, program, connection, encryption, sending, login, mailbox)
        for diagnosis in room.ENTRIES
    }
)


def diagnose(stage: Stage, vantage: Vantage) -> Diagnosis | None:
    """Return the first entry that explains `stage` seen from `vantage`; for a failed stage there always is one."""
    return next((diagnosis for diagnosis in CATALOGUE.values() if diagnosis.explains(stage, vantage)), None)


def explain(report: Report, provider: Provider | None = None) -> tuple[Diagnosis, ...]:
    """Return every cause that `report` shows, each once, failures first; the texts name the servers of `provider`."""
    found = dict.fromkeys(diagnosis.id for diagnosis in _causes(report))
    return tuple(CATALOGUE[diagnosis_id].for_provider(provider) for diagnosis_id in found)


def _causes(report: Report) -> Iterator[Diagnosis]:
    stages = report.stages + (report.circle.telling if report.circle else ())
    for stage in sorted(stages, key=lambda stage: stage.status is not Status.FAILED):
        if diagnosis := diagnose(stage, report.vantage):
            yield diagnosis
