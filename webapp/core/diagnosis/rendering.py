"""A report with its diagnoses as JSON, and as text for a ticket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from webapp.core.account import shorten_address
from webapp.core.diagnosis.entry import Diagnosis
from webapp.core.probe.report import VERSION, Protocol, Report, Stage
from webapp.core.providers import Provider
from webapp.core.text import translations_for

STAGE_WIDTH = 13  # the longest stage id and a blank
CIRCLE_LINE = "circle"


def report_to_json(
    report: Report, diagnoses: Sequence[Diagnosis], locale: str, provider: Provider | None, full: bool = False
) -> dict[str, Any]:
    """Return the JSON of API and command line, texts in `locale`; the address is shortened unless `full`.

    see: URL of the provider's page on the matter, or None. A full circle adds `circle`:
    {"sent": true, false or null (no reply), "found", "stages": `data`, `look`, `look_again`}.
    """
    translations = translations_for(locale)
    shape = {
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
    if report.circle is not None:
        shape["circle"] = report.circle.to_json()
    return shape


def report_to_text(report: Report, diagnoses: Sequence[Diagnosis], locale: str) -> str:
    """Return the report as text for a ticket; `webapp.core.diagnosis.reading` parses it.

    No address, no password: only ids, numbers and redacted replies. Facts and replies are JSON, so that each is one
    line and keeps its type.
    """
    translations = translations_for(locale)
    started_at = report.started_at.isoformat().replace("+00:00", "Z")
    lines = [
        f"{report.word}-POP {report.reference} (report {VERSION})",
        f"{report.provider}, {report.vantage.value}, {started_at}, {report.state.value}",
        f"login: {_yes_no(report.login)}, password_sent: {_yes_no(report.password_sent)}",
    ]
    for protocol in Protocol:
        stages = [stage for stage in report.stages if stage.protocol is protocol]
        if stages:
            lines += ["", f"{protocol.value} {stages[0].host}:{stages[0].port}"]
        for stage in stages:
            lines += _stage_lines(stage)
    if report.circle:
        lines += ["", CIRCLE_LINE]
        for stage in report.circle.stages:
            lines += _stage_lines(stage)
    if report.mailbox:
        lines += ["", f"mailbox: {report.mailbox.messages} messages, {report.mailbox.octets} octets"]
    if diagnoses:
        lines += ["", *(f"{diagnosis.id}: {diagnosis.title.translated(translations)}" for diagnosis in diagnoses)]
    return "\n".join(lines) + "\n"


def _stage_lines(stage: Stage) -> Iterator[str]:
    took = "" if stage.milliseconds is None else f" {stage.milliseconds:g} ms"
    failure = stage.failure
    why = [failure.kind.value, failure.response_code] if failure else []
    yield "  ".join(["", stage.stage.ljust(STAGE_WIDTH) + stage.status.value + took, *filter(None, why)])
    if failure and failure.reply is not None:
        yield f"    reply: {json.dumps(failure.reply, ensure_ascii=False)}"
    for name, value in stage.detail.items():
        yield f"    {name}: {json.dumps(value, ensure_ascii=False)}"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
