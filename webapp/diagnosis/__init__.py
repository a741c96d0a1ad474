"""From a failed stage to what happened, why, and what to do now.

The catalogue is ordered: the first entry that explains a stage wins, the last one explains everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from webapp.account import shorten_address
from webapp.diagnosis import login, network
from webapp.diagnosis.entry import Diagnosis
from webapp.probe.report import VERSION, Report, Stage, Status, Vantage
from webapp.providers import Provider
from webapp.text import translations_for

__all__ = ["CATALOGUE", "Diagnosis", "diagnose", "explain", "report_to_json", "report_to_text"]

CATALOGUE: Mapping[str, Diagnosis] = MappingProxyType(
    {diagnosis.id: diagnosis for diagnosis in (*network.ENTRIES, *login.ENTRIES)}
)


def diagnose(stage: Stage, vantage: Vantage) -> Diagnosis:
    """Return the first entry of the catalogue that explains a failed `stage` seen from `vantage`."""
    return next(diagnosis for diagnosis in CATALOGUE.values() if diagnosis.explains(stage, vantage))


def explain(report: Report, provider: Provider | None = None) -> tuple[Diagnosis, ...]:
    """Return a diagnosis for every cause in `report`, each once, naming the servers of `provider`."""
    found = {diagnosis.id: diagnosis for diagnosis in (diagnose(stage, report.vantage) for stage in report.failures())}
    return tuple(diagnosis.for_provider(provider) for diagnosis in found.values())


def report_to_json(
    report: Report, diagnoses: Sequence[Diagnosis], locale: str, provider: Provider | None, full: bool = False
) -> dict[str, Any]:
    """Return the one shape in which everybody gets a report; the address is shortened unless `full`."""
    translations = translations_for(locale)
    return {
        "version": VERSION,
        "reference": report.reference,
        "address": report.address if full else shorten_address(report.address),
        "provider": report.provider,
        "vantage": report.vantage.value,
        "login": report.login,
        "password_sent": report.password_sent,
        "started_at": report.started_at.isoformat().replace("+00:00", "Z"),
        "state": report.state.value,
        "passed": report.passed,
        "stages": [stage.to_json() for stage in report.stages],
        "diagnoses": [
            {
                "id": diagnosis.id,
                "title": diagnosis.title.translated(translations),
                "why": diagnosis.why.translated(translations),
                "advice": [step.translated(translations) for step in diagnosis.advice],
                "see": provider.help_link(diagnosis.see, locale) if provider and diagnosis.see else None,
            }
            for diagnosis in diagnoses
        ],
        "mailbox": report.mailbox and {"messages": report.mailbox.messages, "octets": report.mailbox.octets},
    }


def report_to_text(report: Report, diagnoses: Sequence[Diagnosis], locale: str) -> str:
    """Return the report as lines to copy into a ticket: ids and numbers, no address, no password."""
    translations = translations_for(locale)
    lines = [
        f"GMX-POP {VERSION} · {report.reference} · {report.provider} · {report.vantage.value} · {report.state.value}",
        f"{report.started_at.isoformat()} · login={report.login} · password_sent={report.password_sent}",
    ]
    for stage in report.stages:
        if stage.status is Status.SKIPPED:
            continue
        parts = [f"{stage.protocol.value} {stage.stage} {stage.status.value}"]
        if stage.milliseconds is not None:
            parts.append(f"{stage.milliseconds:.0f} ms")
        if stage.failure:
            parts += filter(None, (stage.failure.kind.value, stage.failure.response_code, stage.failure.reply))
        lines.append(" · ".join(parts))
    lines += [f"→ {diagnosis.id}: {diagnosis.title.translated(translations)}" for diagnosis in diagnoses]
    return "\n".join(lines) + "\n"
