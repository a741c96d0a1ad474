"""Known troubles of mail programs: what some versions do wrong for a time, and what to do meanwhile.

The entries are data: troubles.toml here, and a file of the operator's own. Each has an end, after which it is shown no
more: then somebody looks whether it is still true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from webapp.core.clients import CLIENTS
from webapp.core.providers.format import LINK
from webapp.core.providers.kinds import Day, Key, Languages, ListOf, OneOf, Place, Table, Tables, Text
from webapp.core.providers.loading import ProviderFileError, octets, parsed_toml
from webapp.core.text import N_

_VERSION = Text()
KEYS = (
    Key("programs", ListOf(OneOf(tuple(CLIENTS)), least=1), "Ids of the programs: `gmx-pop-wizard clients`.",
        '["thunderbird"]'),
    Key("versions", ListOf(_VERSION), "How the versions begin, up to a dot: “153” is 153.0 and 153.8 too. Empty: all.",
        '["153", "157"]', ()),
    Key("since", Day(), "First day on which it is shown.", "2026-10-01"),
    Key("until", Day(), "Last day on which it is shown.", "2027-01-31"),
    Key("what", Languages(Text()), "What people notice, by language.", '{ de = "…", en = "…" }'),
    Key("advice", Languages(Text()), "What to do, by language.", '{ de = "…", en = "…" }'),
    Key("source", LINK, "Where it is described.", '"https://bugzilla.mozilla.org/show_bug.cgi?id=2077590"'),
)  # fmt: skip
_FILE = Table((Key("troubles", Tables(KEYS), "The entries.", "[[troubles]]"),))


@dataclass(frozen=True, slots=True)
class Trouble:
    """One entry. Each attribute is a key of the file; what, advice: by locale."""

    programs: tuple[str, ...]
    versions: tuple[str, ...]
    since: date
    until: date
    what: Mapping[str, str]
    advice: Mapping[str, str]
    source: str

    def fits(self, program: str, version: str = "") -> bool:
        """Whether it is one of `program` in `version`, "" for unknown."""
        if program not in self.programs:
            return False
        return not version or not self.versions or any(f"{version}.".startswith(f"{one}.") for one in self.versions)


def load(own: Path | None = None) -> tuple[Trouble, ...]:
    """Return the entries of the operator's file, then ours; raises InputError naming file and key of what is wrong."""
    shipped = resources.files("webapp.core") / "troubles.toml"
    files = ([(own, str(own))] if own else []) + [(shipped, shipped.name)]
    return tuple(entry for file, name in files for entry in _read(parsed_toml(octets(file, name), name), name))


def _read(content: Mapping[str, Any], name: str) -> Iterable[Trouble]:
    place = Place()
    values = _FILE.read(dict(content), place)
    if not place.problems:
        for number, entry in enumerate(values["troubles"]):
            if entry["until"] < entry["since"]:
                place.at("troubles").at(number).at("until").problem(N_("lies before since"))
    if place.problems:
        raise ProviderFileError(name, place.problems[:1])
    return [Trouble(**entry) for entry in values["troubles"]]


def shown(known: Iterable[Trouble], program: str, today: date, version: str = "") -> tuple[Trouble, ...]:
    """Return what people with `program` are told on this day, the newest first."""
    found = [one for one in known if one.fits(program, version) and one.since <= today <= one.until]
    return tuple(sorted(found, key=lambda one: one.since, reverse=True))
