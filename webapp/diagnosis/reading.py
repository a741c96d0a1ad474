"""A report that somebody pasted or uploaded: read back strictly, in both of the shapes that rendering.py writes.

Nothing of it is believed but the closed vocabulary of stages and failures, numbers within bounds, and short lines of
printable text. Titles and advice in it are not read at all: they are made anew from what the stages say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NoReturn, TypeVar

from webapp.probe.report import (
    STAGES,
    VERSION,
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
from webapp.text import N_, InputError, Message

E = TypeVar("E", bound=Enum)

OCTETS_MAX = 60 * 1024
TEXT_MAX = 500  # characters of one fact; the probe keeps 200
FACTS_MAX = 30  # of one stage
LIST_MAX = 120  # entries of a fact: 100 lines of CAPA, and some to spare
NUMBER_MAX = 10**15

_REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
_PROVIDER = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,60}[a-z0-9])?")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_FACT = re.compile(r"[a-z][a-z0-9_]{0,30}")
_CODE = re.compile(r"[A-Za-z0-9./ -]{1,40}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"

_QUOTED = re.compile(r"^(?:[>|]\s?)+")  # how mail programs and ticket systems mark what they quote
_HEAD = re.compile(r"GMX-POP (\S{1,20}) \(report (\d{1,6})\)")
_RUN = re.compile(r"([^\s,]+), ([^\s,]+), ([^\s,]+), ([^\s,]+)")
_LOGIN = re.compile(r"login: (yes|no), password_sent: (yes|no)")
_SERVER = re.compile(r"(pop3|smtp) (\S+):(\d{1,5})")
_STAGE = re.compile(r"([a-z]+)\s+([a-z]+)(?: ([0-9.e+]{1,16}) ms)?(?:\s+([a-z_]+)(?:\s\s+?(\S.*))?)?")
_FACT_LINE = re.compile(r"([a-z][a-z0-9_]{0,30}): (\S.*)")
_MAILBOX = re.compile(r"mailbox: (\d{1,15}) messages, (\d{1,15}) octets")


class ReportError(InputError):
    """What was given is no report."""


def read_report(data: bytes | str) -> Report:
    """Return the report in `data`, JSON or text, UTF-8; raises ReportError, a sentence for the person."""
    if len(data) > OCTETS_MAX:
        raise ReportError(N_("That is too much text for a report. Take only the report itself."))
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ReportError(N_("This is not text. Use the report as it was saved.")) from None
    text = data.strip().removeprefix("\ufeff")
    if not text:
        raise ReportError(N_("Paste a report, or choose its file."))
    return report_from_json(text) if text.startswith(("{", "[")) else report_from_text(text)


def report_from_json(text: str) -> Report:
    """Return the report in the pinned JSON shape; raises ReportError."""
    try:
        shape = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):  # JSONDecodeError is a ValueError, and so is a number of 5000 digits
        raise ReportError(N_("This is not a report: its JSON is damaged. Copy all of it, from { to }.")) from None
    top = _Shape(shape, "report")
    _check_version(top.take("version", int))
    report = Report(
        reference=top.text("reference", _REFERENCE),
        address=_printable(top.take("address", str), "address"),
        provider=top.text("provider", _PROVIDER),
        vantage=top.choice("vantage", Vantage),
        login=top.take("login", bool),
        started_at=_time(top.take("started_at", str)),
        stages=tuple(_stage(_Shape(entry, f"stages[{number}]")) for number, entry in enumerate(top.entries("stages"))),
        state=top.choice("state", RunState),
        password_sent=top.take("password_sent", bool),
        mailbox=_mailbox(top.take("mailbox", dict, type(None))),
    )
    top.take("passed", bool)
    top.entries("diagnoses")
    top.finish()
    return _checked(report)


def report_from_text(text: str) -> Report:
    """Return the report in the lines of `report_to_text`, whatever stands before and after; raises ReportError."""
    lines = [_QUOTED.sub("", line.strip()).strip() for line in text.splitlines()]
    start = next((number for number, line in enumerate(lines) if _HEAD.fullmatch(line)), None)
    if start is None:
        raise ReportError(N_("This is not a report. A report begins with “GMX-POP”, or with { as JSON."))
    return _checked(_Lines(lines[start:]).report())


class _Shape:
    """One JSON object, read key by key."""

    def __init__(self, content: object, path: str) -> None:
        self._path = path
        if not isinstance(content, dict):
            _refuse(path)
        self._rest: dict[str, Any] = dict(content)

    def take(self, key: str, *kinds: type) -> Any:
        if key not in self._rest:
            _refuse(f"{self._path}.{key}")
        value = self._rest.pop(key)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            _refuse(f"{self._path}.{key}")
        return value

    def text(self, key: str, pattern: re.Pattern[str]) -> str:
        value: str = self.take(key, str)
        if not pattern.fullmatch(value):
            _refuse(f"{self._path}.{key}")
        return value

    def choice(self, key: str, kind: type[E]) -> E:
        return _member(kind, self.take(key, str), f"{self._path}.{key}")

    def number(self, key: str, highest: float, *, optional: bool = False) -> Any:
        kinds = (int, float, type(None)) if optional else (int,)
        value = self.take(key, *kinds)
        if value is not None and not 0 <= value <= highest:
            _refuse(f"{self._path}.{key}")
        return value

    def entries(self, key: str) -> list[Any]:
        entries: list[Any] = self.take(key, list)
        if len(entries) > LIST_MAX:
            _refuse(f"{self._path}.{key}")
        return entries

    def finish(self) -> None:
        for key in self._rest:
            _refuse(f"{self._path}.{_short(key)}")


def _stage(shape: _Shape) -> Stage:
    stage = Stage(
        protocol=shape.choice("protocol", Protocol),
        stage=shape.text("stage", _FACT),
        host=shape.text("host", _HOST),
        port=shape.number("port", 65535),
        status=shape.choice("status", Status),
        milliseconds=_milliseconds(shape.number("milliseconds", NUMBER_MAX, optional=True)),
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
    if code is not None and not _CODE.fullmatch(code):
        _refuse("failure.response_code")
    return Failure(kind, code, None if reply is None else _printable(reply, "failure.reply"))


def _detail(content: Mapping[str, Any]) -> Detail:
    if len(content) > FACTS_MAX:
        _refuse("detail")
    return {_fact_name(name): _fact(value, f"detail.{_short(name)}") for name, value in content.items()}


def _fact_name(name: str) -> str:
    if not _FACT.fullmatch(name):
        _refuse(f"detail.{_short(name)}")
    return name


def _fact(value: object, path: str) -> str | int | bool | list[str]:
    if isinstance(value, str):
        return _printable(value, path)
    if isinstance(value, int) and abs(value) <= NUMBER_MAX:
        return value
    if isinstance(value, list) and len(value) <= LIST_MAX and all(isinstance(entry, str) for entry in value):
        return [_printable(entry, path) for entry in value]
    return _refuse(path)


def _mailbox(content: object) -> Mailbox | None:
    if content is None:
        return None
    shape = _Shape(content, "mailbox")
    mailbox = Mailbox(shape.number("messages", NUMBER_MAX), shape.number("octets", NUMBER_MAX))
    shape.finish()
    return mailbox


class _Lines:
    """The text form, line by line."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._number = 0
        self._stages: list[Stage] = []
        self._server: tuple[Protocol, str, int] | None = None
        self._mailbox: Mailbox | None = None

    def report(self) -> Report:
        head, run, login = self._match(_HEAD), self._match(_RUN), self._match(_LOGIN)
        _check_version(int(head[2]))
        while self._number < len(self._lines) and self._understood(self._lines[self._number]):
            self._number += 1
        self._refuse_lost_lines()
        if not (_REFERENCE.fullmatch(head[1]) and _PROVIDER.fullmatch(run[1])):
            self._refuse()
        return Report(
            reference=head[1],
            address="",
            provider=run[1],
            vantage=_member(Vantage, run[2], "vantage"),
            login=login[1] == "yes",
            started_at=_time(run[3]),
            stages=tuple(self._stages),
            state=_member(RunState, run[4], "state"),
            password_sent=login[2] == "yes",
            mailbox=self._mailbox,
        )

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        while self._number < len(self._lines) and not self._lines[self._number]:
            self._number += 1
        match = pattern.fullmatch(self._lines[self._number]) if self._number < len(self._lines) else None
        if match is None:
            self._refuse()
        self._number += 1
        return match

    def _understood(self, line: str) -> bool:
        if not line:
            return True
        readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
            (_SERVER, self._server_line),
            (_MAILBOX, self._mailbox_line),
            (_FACT_LINE, self._fact_line),
            (_STAGE, self._stage_line),
        )
        for pattern, reader in readers:
            match = pattern.fullmatch(line)
            if match and reader(match):
                return True
        return False

    def _server_line(self, match: re.Match[str]) -> bool:
        if not _HOST.fullmatch(match[2]) or int(match[3]) > 65535:
            self._refuse()
        self._server = Protocol(match[1]), match[2], int(match[3])
        return True

    def _mailbox_line(self, match: re.Match[str]) -> bool:
        self._mailbox = Mailbox(int(match[1]), int(match[2]))
        return True

    def _stage_line(self, match: re.Match[str]) -> bool:
        if self._server is None or match[1] not in STAGES[self._server[0]]:
            return False
        protocol, host, port = self._server
        kind, code = match[4], match[5]
        if code is not None and not _CODE.fullmatch(code):
            self._refuse()
        try:
            failure = Failure(FailureKind(kind), code) if kind else None
            milliseconds = float(match[3]) if match[3] else None
            if milliseconds is not None and not 0 <= milliseconds <= NUMBER_MAX:
                self._refuse()
            stage = Stage(protocol, match[1], host, port, Status(match[2]), milliseconds, {}, failure)
        except ValueError:
            self._refuse()
        self._stages.append(stage)
        return True

    def _fact_line(self, match: re.Match[str]) -> bool:
        if not self._stages or self._mailbox is not None:
            return False
        try:
            value = json.loads(match[2], parse_constant=_no_number)
        except (ValueError, RecursionError):
            return False  # the title of a diagnosis looks alike: `login-refused: …` has a hyphen, but `x: y` has none
        stage, fact = self._stages[-1], _fact(value, match[1])
        if match[1] == "reply" and stage.failure is not None and isinstance(fact, str):
            stage = replace(stage, failure=Failure(stage.failure.kind, stage.failure.response_code, fact))
        elif len(stage.detail) >= FACTS_MAX:
            self._refuse()
        else:
            stage = replace(stage, detail={**stage.detail, match[1]: fact})
        self._stages[-1] = stage
        return True

    def _refuse_lost_lines(self) -> None:
        """What follows the report is none of ours; but if stages follow or the last one lacks, a line was damaged."""
        for line in self._lines[self._number + 1 :]:
            stage = _STAGE.fullmatch(line)
            if _SERVER.fullmatch(line) or (stage and stage[1] in _STAGE_NAMES and stage[2] in set(Status)):
                self._refuse()
        if not self._stages or self._stages[-1].stage != STAGES[self._stages[-1].protocol][-1]:
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise ReportError(
            Message(
                N_("Line %(number)s of the report is damaged. Copy the whole report once more."),
                {"number": self._number + 1},
            )
        )


_STAGE_NAMES = {name for names in STAGES.values() for name in names}


def _checked(report: Report) -> Report:
    """Return `report` if its stages are those of a run: known, each once, in their order, POP3 before SMTP."""
    order = [(protocol, name) for protocol in Protocol for name in STAGES[protocol]]
    found = [(stage.protocol, stage.stage) for stage in report.stages]
    if not found or any(place not in order for place in found):
        _refuse("stages")
    places = [order.index(place) for place in found]
    if places != sorted(set(places)):
        _refuse("stages")
    return report


def _check_version(version: int) -> None:
    if version != VERSION:
        raise ReportError(
            Message(
                N_("This report has the form %(version)s. Here only form %(known)s can be read."),
                {"version": min(version, 10**6), "known": VERSION},
            )
        )


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        _refuse("started_at")


def _member(kind: type[E], value: str, path: str) -> E:
    try:
        return kind(value)
    except ValueError:
        _refuse(path)


def _printable(text: str, path: str) -> str:
    if len(text) > TEXT_MAX or not text.isprintable():
        _refuse(path)
    return text


def _short(name: str) -> str:
    """Return a name that was given fit to be repeated in a message."""
    return name[:30] if name[:30].isprintable() else "?"


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _refuse(path: str) -> NoReturn:
    raise ReportError(
        Message(N_("This is not a report we know: “%(place)s” in it is missing or not right."), {"place": path})
    )
