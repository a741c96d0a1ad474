"""A connection test on a terminal: one line for each stage as it ends, colours and a spinner where they can be seen.

Standard library only, so that a check in a single file can use it too.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from types import TracebackType
from typing import TextIO

from webapp.probe.report import Stage, Status
from webapp.stages import PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS, facts
from webapp.text import SOURCE_LOCALE, Translations

_MARKS = {Status.PASSED: "✓", Status.WARNING: "!", Status.FAILED: "✗", Status.SKIPPED: "–"}
_COLOURS = {Status.PASSED: "32", Status.WARNING: "33", Status.FAILED: "31", Status.SKIPPED: "2"}
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StageTree:
    """Writes stages to `stream` as they end; `with` shows the spinner while they run, on a terminal only."""

    def __init__(self, translations: Translations, stream: TextIO | None = None) -> None:
        self._translations = translations
        self._locale = translations.info().get("language", SOURCE_LOCALE)
        self._stream = stream or sys.stdout
        self.interactive = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._coloured = self.interactive and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._running = ""
        self._thread: threading.Thread | None = None

    def __enter__(self) -> StageTree:
        if self.interactive:
            self._thread = threading.Thread(target=self._spin, name="spinner", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._clear()

    def progress(self, stage: Stage) -> None:
        """Note that `stage` began; the spinner shows it."""
        if stage.status is Status.RUNNING:
            protocol = self._translations.gettext(PROTOCOL_LABELS[stage.protocol])
            self._running = f"{protocol}: {self._translations.gettext(STAGE_LABELS[stage.stage])}"

    def write(self, stages: tuple[Stage, ...]) -> None:
        """Write the whole tree: each protocol with its server, each stage with status, time and facts."""
        _ = self._translations.gettext
        width = max(len(_(label)) for label in STAGE_LABELS.values()) + 2
        for protocol, group in itertools.groupby(stages, key=lambda stage: stage.protocol):
            of_protocol = tuple(group)
            first = of_protocol[0]
            self._line(f"{self._paint('1', _(PROTOCOL_LABELS[protocol]))}  {first.host}:{first.port}")
            for stage in of_protocol:
                self._line(self._stage_line(stage, width))
            self._line("")

    def _stage_line(self, stage: Stage, width: int) -> str:
        _ = self._translations.gettext
        mark = self._paint(_COLOURS.get(stage.status, "0"), _MARKS.get(stage.status, "·"))
        time = "" if stage.milliseconds is None else f"{stage.milliseconds:.0f} ms"
        label = f"{_(STAGE_LABELS[stage.stage]):{width}}"
        status = f"{_(STATUS_LABELS[stage.status]):14}"
        found = facts(stage, self._translations, self._locale, expert=True)
        failed = (stage.failure.kind.value, stage.failure.reply) if stage.failure else ()
        told = " · ".join(filter(None, (*failed, *found)))
        return f"  {mark} {label}{status}{time:>9}  {told}".rstrip()

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._coloured else text

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    def _spin(self) -> None:
        for frame in itertools.cycle(_FRAMES):
            if self._stop.wait(0.1):
                return
            with self._lock:
                self._stream.write(f"\r\x1b[K{frame} {self._running}")
                self._stream.flush()

    def _clear(self) -> None:
        if self.interactive:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
