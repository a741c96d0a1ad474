"""What `doctor` found: a sentence, and the cure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from webapp.core.text import N_, InputError, Message, Translations
from webapp.infrastructure.config import Config


class Severity(StrEnum):
    """PROBLEM: something does not work, or is not safe. WARNING: it soon may, or people get less than they could."""

    PROBLEM = "problem"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """id: kebab-case, the same in every language. cure: None where the text says it."""

    id: str
    severity: Severity
    text: Message
    cure: Message | None = None

    def to_json(self, translations: Translations) -> dict[str, str | None]:
        cure = self.cure.translated(translations) if self.cure else None
        return {"id": self.id, "severity": self.severity, "text": self.text.translated(translations), "cure": cure}


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at. config: with its key, where that can be read. port: where the site listens on this machine."""

    config: Config
    environ: Mapping[str, str]
    port: int

    @property
    def has_key(self) -> bool:
        return bool(self.config.secret_key)


def _finding(severity: Severity, id_: str, text: str, cure: str = "", **values: str | int) -> Finding:
    """Return a finding of two texts marked with `N_`, which share `values`."""
    used = {name: value for name, value in values.items() if f"%({name})s" in cure}
    return Finding(id_, severity, Message(text, values), Message(cure, used) if cure else None)


problem, warning = partial(_finding, Severity.PROBLEM), partial(_finding, Severity.WARNING)


def clock_differs(name: str, seconds: int | str) -> Finding:
    """Return what is said of the clock of `name`, which differs from ours by so many seconds."""
    return problem(
        "clock-differs",
        N_("The clock of %(name)s differs from that of this machine by %(seconds)s seconds."),
        N_("Let the clocks of all machines be set by themselves: apt install systemd-timesyncd"),
        name=name,
        seconds=seconds,
    )


def refused(id_: str, error: InputError) -> Finding:
    """Return what an InputError says as a problem; its sentence holds the cure."""
    return Finding(id_, Severity.PROBLEM, error.message)
