"""What a comparison finds, in one shape for terminal, JSON and webhook."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from webapp.core.text import Message, Translations


class Severity(StrEnum):
    """DIFFERENCE: look at the file. UNREADABLE: a witness could not be heard. NOTE: nothing is to be done."""

    DIFFERENCE = "difference"
    UNREADABLE = "unreadable"
    NOTE = "note"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True)
class Finding:
    """One thing that is to be said. kind: a word for programs. subject: a server, a domain or an address of the web."""

    provider: str
    severity: Severity
    kind: str
    subject: str
    text: Message
    source: str = ""  # the address of the document that says so

    def __hash__(self) -> int:
        return hash((self.provider, self.severity, self.kind, self.subject, self.source))

    def to_json(self, translations: Translations) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "severity": self.severity.value,
            "kind": self.kind,
            "subject": self.subject,
            "source": self.source or None,
            "text": self.text.translated(translations),
        }
