"""Kinds of values in provider files: each reads a parsed value, and describes itself as JSON Schema."""

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from webapp.core.text import N_, Message

TEXT_MAX = 400
NO_TABLE = N_("must be a table: names and values, in braces or below its name in square brackets")


class Required:
    """The default of a key that must be there."""


REQUIRED = Required()
INVALID = object()  # what reading returns after a problem


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One problem of a file: at which key, and what is wrong."""

    key: str
    text: Message


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a value stands; all places of a file share one list of problems."""

    path: str = ""
    problems: list[FileProblem] = field(default_factory=list)

    def at(self, key: str | int) -> Place:
        """Return the place of an entry: `servers[0]`, `help.de`."""
        path = f"{self.path}[{key}]" if isinstance(key, int) else f"{self.path}.{key}" if self.path else key
        return Place(path, self.problems)

    def problem(self, text: str, **values: str | int) -> object:
        """Note that the value is wrong. text: an `N_` text."""
        self.problems.append(FileProblem(self.path, Message(text, values)))
        return INVALID


class Kind(ABC):
    """What a key may hold."""

    @abstractmethod
    def read(self, value: object, place: Place) -> Any:
        """Return the value, or INVALID with a problem noted in `place`."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Return it as JSON Schema."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table. meaning: for docs/providers.md. example: as it stands in TOML."""

    name: str
    kind: Kind
    meaning: str
    example: str
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """One line of text. problem: an `N_` text for what does not match `pattern`, with an example in it."""

    pattern: re.Pattern[str] | None = None
    problem: str = ""
    example: str = ""

    def read(self, value: object, place: Place) -> Any:
        if not isinstance(value, str):
            return place.problem(N_("must be a text, in quotation marks"))
        if not value.strip():
            return place.problem(N_("must not be empty"))
        if len(value) > TEXT_MAX:
            return place.problem(N_("is longer than %(limit)s characters"), limit=TEXT_MAX)
        if not value.isprintable():
            return place.problem(N_("holds a character that cannot be seen. Type it once more"))
        if self.pattern and not self.pattern.fullmatch(value):
            return place.problem(self.problem, example=self.example)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": TEXT_MAX} | (
            {"pattern": f"^{self.pattern.pattern}$"} if self.pattern else {}
        )


@dataclass(frozen=True, slots=True)
class Number(Kind):
    low: int
    high: int

    def read(self, value: object, place: Place) -> Any:
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            text = N_("must be a whole number from %(low)s to %(high)s, without quotation marks")
            return place.problem(text, low=self.low, high=self.high)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Switch(Kind):
    def read(self, value: object, place: Place) -> Any:
        return value if isinstance(value, bool) else place.problem(N_("must be true or false, without quotation marks"))

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Day(Kind):
    def read(self, value: object, place: Place) -> Any:
        if type(value) is not date:
            return place.problem(N_("must be a date such as %(example)s, without quotes"), example="2026-11-28")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class OneOf(Kind):
    """One of several words; members of an enumeration are returned as such."""

    words: Sequence[str]

    def read(self, value: object, place: Place) -> Any:
        for word in self.words:
            if isinstance(value, str) and value == str(word):
                return word
        text = N_("must be one of: %(words)s")
        return place.problem(text, words=", ".join(map(str, self.words)))

    def schema(self) -> dict[str, Any]:
        return {"enum": list(map(str, self.words))}


@dataclass(frozen=True, slots=True)
class ListOf(Kind):
    """A list; no text may stand in it twice."""

    kind: Kind
    least: int = 0

    def read(self, value: object, place: Place) -> Any:
        if not isinstance(value, list):
            return place.problem(N_("must be a list, in square brackets"))
        if len(value) < self.least:
            return place.problem(N_("must not be empty"))
        values = tuple(self.kind.read(entry, place.at(number)) for number, entry in enumerate(value))
        texts = [entry for entry in value if isinstance(entry, str)]
        twice = next((entry for number, entry in enumerate(texts) if entry in texts[:number]), None)
        if twice is not None:
            return place.problem(N_("names “%(name)s” twice"), name=str(twice))
        return values

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.kind.schema(), "minItems": self.least, "uniqueItems": True}


@dataclass(frozen=True, slots=True)
class Table(Kind):
    """A table with these keys and no others."""

    keys: tuple[Key, ...]

    def read(self, value: object, place: Place) -> Any:
        if not isinstance(value, dict):
            return place.problem(NO_TABLE)
        known = [key.name for key in self.keys]
        for name in value:
            if name not in known:
                _unknown(name, known, place)
        return {key.name: self._entry(key, value, place) for key in self.keys}

    @staticmethod
    def _entry(key: Key, value: dict[str, Any], place: Place) -> Any:
        if key.name in value:
            return key.kind.read(value[key.name], place.at(key.name))
        return place.at(key.name).problem(N_("is missing")) if key.default is REQUIRED else key.default

    def schema(self) -> dict[str, Any]:
        properties = {}
        for key in self.keys:
            properties[key.name] = {**key.kind.schema(), "description": key.meaning}
            if key.default is not REQUIRED and key.default is not None:
                default = list(key.default) if isinstance(key.default, tuple) else key.default
                properties[key.name]["default"] = str(default) if isinstance(default, str) else default
        required = [key.name for key in self.keys if key.default is REQUIRED]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Tables(Kind):
    """A list of tables with the same keys."""

    keys: tuple[Key, ...]
    least: int = 0

    def read(self, value: object, place: Place) -> Any:
        return ListOf(Table(self.keys), self.least).read(value, place)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": Table(self.keys).schema(), "minItems": self.least}


@dataclass(frozen=True, slots=True)
class TextsByName(Kind):
    """A table whose names are the file's own, each of kind `names`."""

    names: Kind
    kind: Kind

    def read(self, value: object, place: Place) -> Any:
        if not isinstance(value, dict):
            return place.problem(NO_TABLE)
        if isinstance(self.names, OneOf):
            for name in value:
                if name not in self.names.words:
                    _unknown(name, self.names.words, place)
        else:
            for name in value:
                self.names.read(name, place.at(name))
        return {name: self.kind.read(entry, place.at(name)) for name, entry in value.items()}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "propertyNames": self.names.schema(), "additionalProperties": self.kind.schema()}


_LOCALE = Text(re.compile("[a-z]{2}"), N_("must be a language of two letters, such as %(example)s"), "de")


@dataclass(frozen=True, slots=True)
class Languages(Kind):
    """A table by language: de, en, …"""

    kind: Kind

    def read(self, value: object, place: Place) -> Any:
        return TextsByName(_LOCALE, self.kind).read(value, place)

    def schema(self) -> dict[str, Any]:
        return TextsByName(_LOCALE, self.kind).schema()


def _unknown(name: str, known: Sequence[str], place: Place) -> None:
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if near:
        place.at(name).problem(N_("is not known here. Did you mean %(near)s?"), near=near[0])
    else:
        place.at(name).problem(N_("is not known here. Known are: %(known)s"), known=", ".join(known))
