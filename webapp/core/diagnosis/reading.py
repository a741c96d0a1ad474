"""Strict parser of a pasted or uploaded report, in both forms that rendering.py writes.

Untrusted input: accepted are the closed vocabulary of stages and failures, numbers within bounds, and short printable
text. Titles and advice are ignored; they are derived from the stages again.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from webapp.core.diagnosis import report_values as values
from webapp.core.diagnosis.reading_text import report_from_text
from webapp.core.probe.report import (
    Circle,
    Detail,
    Failure,
    FailureKind,
    Mailbox,
    Protocol,
    Report,
    RunState,
    Stage,
    Status,
    Vantage,
)
from webapp.core.text import N_


def read_report(data: bytes | str) -> Report:
    """Return the report in `data`, JSON or text, UTF-8; raises ReportError."""
    if len(data) > values.OCTETS_MAX:
        raise values.ReportError(N_("That is too much text for a report. Take only the report itself."))
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise values.ReportError(N_("This is not text. Use the report as it was saved.")) from None
    text = data.strip().removeprefix("\ufeff")
    if not text:
        raise values.ReportError(N_("Paste a report, or choose its file."))
    return report_from_json(text) if text.startswith(("{", "[")) else report_from_text(text)


def report_from_json(text: str) -> Report:
    """Return the report in the pinned JSON shape; raises ReportError."""
    try:
        shape = json.loads(text, parse_constant=values.no_number)
    except (ValueError, RecursionError):  # JSONDecodeError is a ValueError; so is an integer of 5000 digits
        raise values.ReportError(
            N_("This is not a report: its JSON is damaged. Copy all of it, from { to }.")
        ) from None
    top = _Shape(shape, "report")
    values.check_version(top.take("version", int))
    report = Report(
        reference=top.text("reference", values.REFERENCE),
        address=values.printable(top.take("address", str), "address"),
        provider=top.text("provider", values.PROVIDER),
        vantage=top.choice("vantage", Vantage),
        login=top.take("login", bool),
        started_at=values.time_of(top.take("started_at", str)),
        stages=tuple(_stage(_Shape(entry, f"stages[{number}]")) for number, entry in enumerate(top.entries("stages"))),
        state=top.choice("state", RunState),
        password_sent=top.take("password_sent", bool),
        mailbox=_mailbox(top.take("mailbox", dict, type(None))),
        circle=_circle(top.take("circle", dict)) if top.has("circle") else None,
    )
    top.take("passed", bool)
    top.entries("diagnoses")
    top.finish()
    return values.checked(report)


class _Shape:
    """One JSON object, read key by key."""

    def __init__(self, content: object, path: str) -> None:
        self._path = path
        if not isinstance(content, dict):
            values.refuse(path)
        self._rest: dict[str, Any] = dict(content)

    def has(self, key: str) -> bool:
        return key in self._rest

    def take(self, key: str, *kinds: type) -> Any:
        if key not in self._rest:
            values.refuse(f"{self._path}.{key}")
        value = self._rest.pop(key)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            values.refuse(f"{self._path}.{key}")
        return value

    def text(self, key: str, pattern: re.Pattern[str]) -> str:
        value: str = self.take(key, str)
        if not pattern.fullmatch(value):
            values.refuse(f"{self._path}.{key}")
        return value

    def choice(self, key: str, kind: type[values.E]) -> values.E:
        return values.member(kind, self.take(key, str), f"{self._path}.{key}")

    def number(self, key: str, highest: float, *, optional: bool = False) -> Any:
        kinds = (int, float, type(None)) if optional else (int,)
        value = self.take(key, *kinds)
        if value is not None and not 0 <= value <= highest:
            values.refuse(f"{self._path}.{key}")
        return value

    def entries(self, key: str) -> list[Any]:
        entries: list[Any] = self.take(key, list)
        if len(entries) > values.LIST_MAX:
            values.refuse(f"{self._path}.{key}")
        return entries

    def finish(self) -> None:
        for key in self._rest:
            values.refuse(f"{self._path}.{values.short(key)}")


def _stage(shape: _Shape) -> Stage:
    stage = Stage(
        protocol=shape.choice("protocol", Protocol),
        stage=shape.text("stage", values.FACT),
        host=shape.text("host", values.HOST),
        port=shape.number("port", 65535),
        status=shape.choice("status", Status),
        milliseconds=_milliseconds(shape.number("milliseconds", values.NUMBER_MAX, optional=True)),
        detail=_detail(shape.take("detail", dict)),
        failure=_failure(shape.take("failure", dict, type(None))),
    )
    shape.finish()
    return stage


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else float(value)


def _failure(content: object) -> Failure | None:
    if content is None:
        return None
    shape = _Shape(content, "failure")
    kind = shape.choice("kind", FailureKind)
    code, reply = shape.take("response_code", str, type(None)), shape.take("reply", str, type(None))
    shape.finish()
    if code is not None and not values.CODE.fullmatch(code):
        values.refuse("failure.response_code")
    return Failure(kind, code, None if reply is None else values.printable(reply, "failure.reply"))


def _detail(content: Mapping[str, Any]) -> Detail:
    if len(content) > values.FACTS_MAX:
        values.refuse("detail")
    return {
        values.fact_name(name): values.fact(value, f"detail.{values.short(name)}") for name, value in content.items()
    }


def _mailbox(content: object) -> Mailbox | None:
    if content is None:
        return None
    shape = _Shape(content, "mailbox")
    mailbox = Mailbox(shape.number("messages", values.NUMBER_MAX), shape.number("octets", values.NUMBER_MAX))
    shape.finish()
    return mailbox


def _circle(content: object) -> Circle:
    """Return the full circle. `sent` and `found` are ignored: they follow from the stages."""
    shape = _Shape(content, "circle")
    shape.take("sent", bool, type(None))
    shape.take("found", bool)
    stages = tuple(
        _stage(_Shape(entry, f"circle.stages[{number}]")) for number, entry in enumerate(shape.entries("stages"))
    )
    shape.finish()
    return Circle(stages)
