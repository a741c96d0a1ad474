"""What a mail program shows when something goes wrong, word for word, and which causes it can mean."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from webapp.core.text import N_, Message


class Confidence(StrEnum):
    """How sure it is that the program says this, and means that."""

    SOURCE = "source"  # read in the program's own source or its maker's page
    THIRD_PARTY = "third-party"  # read on somebody else's page
    GENERAL = "general"  # known from use, not looked up; the wording may differ


PROVIDER = "{provider}"  # in the words of people, for the name of theirs


@dataclass(frozen=True, slots=True)
class ProgramMessage:
    """A message of a program, in its own words.

    program: id of a client, or "". texts: by language; … stands for a name of the person's own, such as a server or an
    address. also: other wordings that are searched and not shown. diagnoses: ids of the catalogue, most likely first.
    codes: as the program writes them. source: a URL, or "" where `confidence` is general.
    """

    program: str
    texts: Mapping[str, str]
    diagnoses: tuple[str, ...]
    also: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    source: str = ""
    confidence: Confidence = Confidence.GENERAL
    noticed: bool = False  # no message: what a person notices
    often: bool = False  # what many notice
    of: str = ""  # the name of the provider that alone says it
    library: bool = False  # what libraries and servers say: searched, and on no list for people
    summary: bool = False  # what a program adds to any fault; in a log the lines before it say more
    several: bool = False  # what a program says of several faults with different cures, as it is run against them
    more: str = ""  # the option with which the program prints what the server said, where only that tells

    def text(self, locale: str, provider: str = "your provider") -> str:
        """Return the wording in `locale`, or the one there is; what people notice names their `provider`."""
        return (self.texts.get(locale) or next(iter(self.texts.values()))).replace(PROVIDER, provider)

    def asks_for_more(self) -> Message | None:
        """Return the sentence that asks for what the server said, where the program keeps that to itself."""
        if not self.more:
            return None
        return Message(
            N_(
                "%(program)s says more when you start it with “%(option)s”. Paste the end of that as a log. First "
                "delete what follows PASS or AUTH, and the line after AUTH: that is your password."
            ),
            {"program": self.program, "option": self.more},
        )

    def concerns(self, provider: str) -> bool:
        """Whether somebody at this provider can see it."""
        return self.of in ("", provider)


def load(folder: Path) -> Iterator[ProgramMessage]:
    """Read every file of `folder`; the name of a file is the program, unless the file names another."""
    for path in sorted(folder.glob("*.toml")):
        read = tomllib.loads(path.read_text("utf-8"))
        program = read.get("program", path.stem)
        for entry in read["message"]:
            source = entry.get("source", read.get("source", ""))
            yield ProgramMessage(
                program=entry.get("program", program),
                texts={locale: entry[locale] for locale in ("de", "en") if locale in entry},
                diagnoses=tuple(entry["causes"].split()),
                also=tuple(entry.get("also", ())),
                codes=tuple(entry.get("codes", "").split()),
                source=source,
                confidence=Confidence(entry.get("confidence", "source" if source else "general")),
                noticed=read.get("noticed", False),
                often=entry.get("often", False),
                of=entry.get("of", ""),
                library=read.get("library", False),
                summary=entry.get("summary", False),
                several=entry.get("several", False),
                more=entry.get("more", ""),
            )
