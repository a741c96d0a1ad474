"""A report in both of its shapes, for tests of whatever takes one in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from webapp.core import providers
from webapp.core.diagnosis import explain, report_to_json, report_to_text
from webapp.core.probe import STAGES
from webapp.core.probe.report import Protocol, Report, RunState, Stage, Status, Vantage

GMX_NET = providers.load()["gmx.net"]


def as_json(report: Report, *, full: bool = False) -> str:
    return json.dumps(report_to_json(report, explain(report, GMX_NET), "de", GMX_NET, full), ensure_ascii=False)


A_REPORT = Report(
    "7KQ2M9XA", "anna@gmx.de", "gmx.net", Vantage.THIS_COMPUTER, False, datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
    tuple(
        Stage(protocol, name, "pop.gmx.net", 995, Status.PASSED, 1.5)
        for protocol in Protocol for name in STAGES[protocol]
    ),
    RunState.PASSED,
)  # fmt: skip
SHAPE = json.loads(as_json(A_REPORT))
TEXT = report_to_text(A_REPORT, (), "de")
