"""From a report to what happened, why, and what to do now.

The catalogue is ordered: the first match wins, and `unknown-cause` matches every failed stage. Providers answer many
causes with one text, so the entry for a refused login is a checklist and claims no single cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from webapp.core.diagnosis import around, circle, connection, encryption, login, mailbox, program, remarks, sending
from webapp.core.diagnosis.entry import Diagnosis
from webapp.core.diagnosis.rendering import report_to_json, report_to_text
from webapp.core.probe.report import Report, Stage, Status, Vantage
from webapp.core.providers import Provider

__all__ = ["CATALOGUE", "Diagnosis", "diagnose", "explain", "report_to_json", "report_to_text"]

CATALOGUE: Mapping[str, Diagnosis] = {
    diagnosis.id: diagnosis
    for room in (remarks, circle, program, around, connection, encryption, sending, login, mailbox)
    for diagnosis in room.ENTRIES
}


def diagnose(stage: Stage, vantage: Vantage) -> Diagnosis | None:
    """Return the first entry that matches `stage` seen from `vantage`; never None for a failed stage."""
    return next((diagnosis for diagnosis in CATALOGUE.values() if diagnosis.explains(stage, vantage)), None)


def explain(report: Report, provider: Provider | None = None) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of `report`, each once, failures first, with the names of `provider` in their texts.

    Without a provider they are good for their ids alone.
    """
    found = [CATALOGUE[id_] for id_ in dict.fromkeys(diagnosis.id for diagnosis in _causes(report))]
    return tuple(diagnosis.for_provider(provider) if provider else diagnosis for diagnosis in found)


def _causes(report: Report) -> Iterator[Diagnosis]:
    stages = report.stages + (report.circle.telling if report.circle else ())
    for stage in sorted(stages, key=lambda stage: stage.status is not Status.FAILED):
        if diagnosis := diagnose(stage, report.vantage):
            yield diagnosis
