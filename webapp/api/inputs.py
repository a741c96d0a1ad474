"""What a call may carry: each field declared once, by which it is checked and described.

The schemas are JSON Schema, of which a call needs little: types, enumerations, patterns, lengths, bounds.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from webapp.api.problems import Fault, Kind, ProblemError
from webapp.core.text import N_, InputError, Message

QUERY_MAX = 16_384  # characters: 2,000 of a question, each of them escaped
QUERY_FIELDS_MAX = 20
FAULTS_MAX = 20  # named in one answer
SHOWN_MAX = 40  # characters of a name that a message repeats

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of the query, a part of the path or a member of a JSON body.

    explain: a parser of the core, which says more exactly than a pattern what is wrong with a text.
    """

    name: str
    text: str
    schema: Schema
    required: bool = False
    explain: Callable[[str], object] | None = None

    def check(self, value: Any) -> Message | None:
        """Return what is wrong with `value`, or None."""
        if "enum" in self.schema:
            # A bool is an int to Python; 465 and 465.0 are one number to JSON Schema, but not to us.
            if type(value) is type(self.schema["enum"][0]) and value in self.schema["enum"]:
                return None
            values = ", ".join(map(str, self.schema["enum"]))
            return Message(N_("“%(name)s” must be one of: %(values)s."), {"name": self.name, "values": values})
        return self._check_text(value)

    def _check_text(self, value: Any) -> Message | None:
        if not isinstance(value, str):
            return Message(N_("“%(name)s” must be text."), {"name": self.name})
        low, high = self.schema.get("minLength", 0), self.schema["maxLength"]
        fits = low <= len(value) <= high
        if fits and re.search(self.schema.get("pattern", ""), value):
            return None
        if self.explain is not None:
            try:
                self.explain(value)
            except InputError as error:
                return error.message
        if not fits:
            return Message(
                N_("“%(name)s” must have %(low)s to %(high)s characters."),
                {"name": self.name, "low": low, "high": high},
            )
        return Message(N_("“%(name)s” holds something that cannot stand there."), {"name": self.name})

    @property
    def is_integer(self) -> bool:
        return self.schema.get("type") == "integer"


def from_query(query: str, fields: Sequence[Field]) -> dict[str, Any]:
    """Return the values of a query string by name, defaults filled in; raises ProblemError naming every fault."""
    if len(query) > QUERY_MAX:
        raise ProblemError(Kind.QUERY_TOO_LONG)
    try:
        text = query.encode("latin-1").decode()  # WSGI's way (PEP 3333): some servers let UTF-8 through as it is
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="strict")
    except ValueError:  # more fields than any call has, or no UTF-8
        raise ProblemError(Kind.MALFORMED, Message(N_("The query cannot be read. It must be UTF-8."))) from None
    found: dict[str, Any] = {}
    faults = []
    known = {field.name: field for field in fields}
    for name, text in pairs:
        if name in found:
            faults.append(Fault(_shown(name), Message(N_("“%(name)s” stands there twice."), {"name": _shown(name)})))
        field = known.get(name)
        integer = field is not None and field.is_integer and re.fullmatch(r"[0-9]{1,6}", text, re.ASCII)
        found[name] = int(text) if integer else text
    return checked(found, fields, faults)


def members(body: bytes) -> dict[str, Any]:
    """Return the members of a JSON object as they were sent; raises ProblemError where it is none."""
    try:
        found = json.loads(body, object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ProblemError(Kind.MALFORMED, Message(N_("The body is not JSON."))) from None
    if not isinstance(found, dict):
        raise ProblemError(Kind.INVALID_INPUT, Message(N_("The body must be a JSON object.")))
    return found


def checked(
    found: Mapping[str, Any], fields: Sequence[Field], faults: list[Fault], kind: Kind = Kind.INVALID_INPUT
) -> dict[str, Any]:
    """Return `found` with the defaults of what is missing; raises ProblemError with `faults` and every further one."""
    known = {field.name for field in fields}
    faults += [Fault(_shown(name), _unknown(name, known)) for name in found if name not in known]
    values: dict[str, Any] = {}
    for field in fields:
        if field.name not in found:
            if field.required:
                faults.append(Fault(field.name, Message(N_("“%(name)s” is missing."), {"name": field.name})))
            values[field.name] = field.schema.get("default")
        elif (wrong := field.check(found[field.name])) is not None:
            faults.append(Fault(field.name, wrong))
        else:
            values[field.name] = found[field.name]
    if faults:
        raise ProblemError(kind, faults[0].message, faults=faults[:FAULTS_MAX])
    return values


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands there twice")
    return made


def _no_number(_text: str) -> NoReturn:
    raise ValueError("JSON has no such number")


def _unknown(name: str, known: Iterable[str]) -> Message:
    near = difflib.get_close_matches(name[:SHOWN_MAX], list(known), n=1)
    if near:
        return Message(
            N_("There is no “%(name)s” here. Did you mean “%(near)s”?"), {"name": _shown(name), "near": near[0]}
        )
    values = {"name": _shown(name), "names": ", ".join(sorted(known)) or "–"}
    return Message(N_("There is no “%(name)s” here. There is: %(names)s."), values)


def _shown(name: str) -> str:
    """Return a foreign name as a message may hold it."""
    return "".join(character if character.isprintable() else "?" for character in name[:SHOWN_MAX])
