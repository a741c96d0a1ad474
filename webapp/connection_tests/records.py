"""Reports to JSON data and back, for the Redis store."""

from datetime import datetime
from typing import Any

from webapp.core.probe.report import (
    Circle,
    Failure,
    FailureKind,
    Mailbox,
    Protocol,
    Report,
    RunState,
    Stage,
    Status,
    Vantage,
)  # fmt: skip


def report_to_record(report: Report) -> dict[str, Any]:
    """Return `report` as JSON data including the whole address: must be sealed."""
    return {
        "reference": report.reference,
        "address": report.address,
        "provider": report.provider,
        "vantage": report.vantage.value,
        "login": report.login,
        "started_at": report.started_at.isoformat(),
        "stages": [stage.to_json() for stage in report.stages],
        "state": report.state.value,
        "password_sent": report.password_sent,
        "mailbox": report.mailbox and [report.mailbox.messages, report.mailbox.octets],
        "circle": report.circle and [stage.to_json() for stage in report.circle.stages],
    }


def report_from_record(record: dict[str, Any]) -> Report:
    return Report(
        reference=record["reference"],
        address=record["address"],
        provider=record["provider"],
        vantage=Vantage(record["vantage"]),
        login=record["login"],
        started_at=datetime.fromisoformat(record["started_at"]),
        stages=tuple(stage_from_record(stage) for stage in record["stages"]),
        state=RunState(record["state"]),
        password_sent=record["password_sent"],
        mailbox=Mailbox(*record["mailbox"]) if record["mailbox"] else None,
        circle=Circle(tuple(map(stage_from_record, record["circle"]))) if record.get("circle") else None,
    )


def stage_from_record(record: dict[str, Any]) -> Stage:
    """Inverse of `Stage.to_json`."""
    failure = record["failure"]
    return Stage(
        protocol=Protocol(record["protocol"]),
        stage=record["stage"],
        host=record["host"],
        port=record["port"],
        status=Status(record["status"]),
        milliseconds=record["milliseconds"],
        detail=record["detail"],
        failure=failure and Failure(FailureKind(failure["kind"]), failure["response_code"], failure["reply"]),
    )
