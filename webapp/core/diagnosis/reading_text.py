"""Parser of the text form of a report, inside any other text."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

from webapp.core.diagnosis import report_values as values
from webapp.core.diagnosis.rendering import CIRCLE_LINE
from webapp.core.probe import STAGES
from webapp.core.probe.report import (
    CIRCLE_STAGES,
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
)
from webapp.core.text import N_

_QUOTED = re.compile(r"^(?:[>|]\s?)+")  # quote marks of mail programs and ticket systems
_HEAD = re.compile(r"[A-Z0-9-]{1,63}-POP (\S{1,20}) \(report (\d{1,6})\)")
_RUN = re.compile(r"([^\s,]+), ([^\s,]+), ([^\s,]+), ([^\s,]+)")
_LOGIN = re.compile(r"login: (yes|no), password_sent: (yes|no)")
_SERVER = re.compile(r"(pop3|smtp) (\S+):(\d{1,5})")
_STAGE = re.compile(r"([a-z_]+)\s+([a-z]+)(?: ([0-9.e+]{1,16}) ms)?(?:\s+([a-z_]+)(?:\s\s+?(\S.*))?)?")
_FACT_LINE = re.compile(r"([a-z][a-z0-9_]{0,30}): (\S.*)")
_MAILBOX = re.compile(r"mailbox: (\d{1,15}) messages, (\d{1,15}) octets")


def report_from_text(text: str) -> Report:
    """Return the report in the lines of `report_to_text`, ignoring text around it; raises ReportError."""
    lines = [_QUOTED.sub("", line.strip()).strip() for line in text.splitlines()]
    start = next((number for number, line in enumerate(lines) if _HEAD.fullmatch(line)), None)
    if start is None:
        raise values.ReportError(
            N_(
                "This is not a report. As text it begins with a line such as “MAIL-POP 7KQ2M9XA (report 1)”, as "
                "JSON with {."
            )
        )
    return values.checked(_Lines(lines[start:]).report())


class _Lines:
    """The text form, line by line."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._number = 0
        self._stages: list[Stage] = []
        self._servers: dict[Protocol, tuple[Protocol, str, int]] = {}
        self._circle_at: int | None = None  # index of the circle's first stage
        self._server: tuple[Protocol, str, int] | None = None
        self._mailbox: Mailbox | None = None

    def report(self) -> Report:
        head, run, login = self._match(_HEAD), self._match(_RUN), self._match(_LOGIN)
        values.check_version(int(head[2]))
        while self._number < len(self._lines) and self._understood(self._lines[self._number]):
            self._number += 1
        self._refuse_lost_lines()
        if not (values.REFERENCE.fullmatch(head[1]) and values.PROVIDER.fullmatch(run[1])):
            self._refuse()
        return Report(
            reference=head[1],
            address="",
            provider=run[1],
            vantage=values.member(Vantage, run[2], "vantage"),
            login=login[1] == "yes",
            started_at=values.time_of(run[3]),
            stages=tuple(self._stages[: self._circle_at]),
            state=values.member(RunState, run[4], "state"),
            password_sent=login[2] == "yes",
            mailbox=self._mailbox,
            circle=None if self._circle_at is None else Circle(tuple(self._stages[self._circle_at :])),
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
        if line == CIRCLE_LINE and self._circle_at is None:
            self._circle_at = len(self._stages)
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
        if not values.HOST.fullmatch(match[2]) or int(match[3]) > 65535:
            self._refuse()
        self._server = Protocol(match[1]), match[2], int(match[3])
        self._servers[self._server[0]] = self._server
        return True

    def _mailbox_line(self, match: re.Match[str]) -> bool:
        self._mailbox = Mailbox(int(match[1]), int(match[2]))
        return True

    def _stage_line(self, match: re.Match[str]) -> bool:
        server = self._server if self._circle_at is None else self._servers.get(_CIRCLE.get(match[1], Protocol.POP3))
        if server is None or match[1] not in (STAGES[server[0]] if self._circle_at is None else _CIRCLE):
            return False
        protocol, host, port = server
        kind, code = match[4], match[5]
        if code is not None and not values.CODE.fullmatch(code):
            self._refuse()
        try:
            failure = Failure(FailureKind(kind), code) if kind else None
            milliseconds = float(match[3]) if match[3] else None
            if milliseconds is not None and not 0 <= milliseconds <= values.NUMBER_MAX:
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
            value = json.loads(match[2], parse_constant=values.no_number)
        except (ValueError, RecursionError):
            return False  # a diagnosis' title looks alike, but `login-refused: …` has a hyphen
        stage, told = self._stages[-1], values.fact(value, match[1])
        if match[1] == "reply" and stage.failure is not None and isinstance(told, str):
            stage = replace(stage, failure=Failure(stage.failure.kind, stage.failure.response_code, told))
        elif len(stage.detail) >= values.FACTS_MAX:
            self._refuse()
        else:
            stage = replace(stage, detail={**stage.detail, match[1]: told})
        self._stages[-1] = stage
        return True

    def _refuse_lost_lines(self) -> None:
        """Ignore what follows the report, but not further stages or a missing last one: a line was damaged."""
        for line in self._lines[self._number + 1 :]:
            stage = _STAGE.fullmatch(line)
            if _SERVER.fullmatch(line) or (stage and stage[1] in _STAGE_NAMES and stage[2] in set(Status)):
                self._refuse()
        last = STAGES[self._stages[-1].protocol][-1] if self._stages and self._circle_at is None else [*_CIRCLE][-1]
        if not self._stages or self._stages[-1].stage != last:
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise values.ReportError(
            N_("Line %(number)s of the report is damaged. Copy the whole report once more."), number=self._number + 1
        )


_CIRCLE = {name: protocol for protocol, name in CIRCLE_STAGES}
_STAGE_NAMES = {name for names in STAGES.values() for name in names} | set(_CIRCLE)
