"""What a mail program shows when something goes wrong, word for word, and which causes it can mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How sure it is that the program says this, and means that."""

    SOURCE = "source"  # read in the program's own source or its maker's page
    THIRD_PARTY = "third-party"  # read on somebody else's page
    GENERAL = "general"  # known from use, not looked up; the wording may differ


@dataclass(frozen=True, slots=True)
class ProgramMessage:
    """A message of a program, in its own words.

    texts: by language; … stands for a name of the person's own, such as a server or an address.
    diagnoses: ids of the catalogue, most likely first. codes: as the program writes them. source: a URL, or "" where
    `confidence` is general.
    """

    program: str
    texts: Mapping[str, str]
    diagnoses: tuple[str, ...]
    codes: tuple[str, ...] = ()
    source: str = ""
    confidence: Confidence = Confidence.GENERAL

    def text(self, locale: str) -> str:
        """Return the wording in `locale`, or the one there is."""
        return self.texts.get(locale) or next(iter(self.texts.values()))
