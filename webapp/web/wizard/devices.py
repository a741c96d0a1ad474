"""The list of a person's other devices: rows of a form that grow and shrink by its own buttons, without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webapp.core.account import parse_name
from webapp.core.clients import CLIENTS
from webapp.core.text import N_, InputError, Message
from webapp.infrastructure.config import DEVICES_MAX
from webapp.web.wizard import programs

OTHERS_MAX = DEVICES_MAX - 1  # beside the device in the person's hands
NAME_MAX = 20
ADD, REMOVE = "add", "remove-"


@dataclass(frozen=True, slots=True)
class Row:
    """One other device as it was typed: its name, an option of `programs`, and what is wrong by field name."""

    name: str = ""
    program: str = ""
    errors: Mapping[str, Message] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, str]) -> Row:
        return cls(kept.get("name", ""), kept.get("program", ""))

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "program": self.program}

    def checked(self) -> Row:
        """Return the row with what is wrong in it."""
        errors = {}
        try:
            name = parse_name(self.name)
            if len(name) > NAME_MAX:
                errors["name"] = Message(
                    N_("The name is longer than %(limit)s characters. Shorten it."), {"limit": NAME_MAX}
                )
        except InputError as error:
            name, errors["name"] = self.name, error.message
        if self.program not in set(programs.values()):
            errors["program"] = Message(N_("Choose the e-mail program of this device"))
        elif CLIENTS[programs.parse(self.program)[0]].ended:
            errors["program"] = Message(N_("This program is no more. Choose the one you will use instead."))
        return Row(name, self.program, errors)

    def cut(self) -> Row:
        """Return what may lie in the cookie while the list is being written: too long a name stays too long, by one."""
        known = self.program in set(programs.values())
        return Row(self.name[: NAME_MAX + 1], self.program if known else "")


def rows_of(kept: Sequence[Mapping[str, str]]) -> list[Row]:
    """Return the rows to show for what was kept: at least an empty one."""
    return [Row.of(other) for other in kept] or [Row()]


def read(form: Mapping[str, str]) -> list[Row]:
    """Return the rows as a browser sent them: `name-1`, `program-1`, `name-2` …"""
    rows = []
    for number in range(1, OTHERS_MAX + 1):
        if f"program-{number}" in form or f"name-{number}" in form:
            rows.append(Row(form.get(f"name-{number}", ""), form.get(f"program-{number}", "")))
    return rows or [Row()]


def changed(rows: list[Row], action: str) -> list[Row] | None:
    """Return the rows after the button `action` was pressed, or None where it is not one that changes the list."""
    if action == ADD:
        return [*rows, Row()] if len(rows) < OTHERS_MAX else rows
    number = action.removeprefix(REMOVE)
    if action.startswith(REMOVE) and number in map(str, range(1, OTHERS_MAX + 1)):
        return [row for index, row in enumerate(rows, 1) if index != int(number)] or [Row()]
    return None
