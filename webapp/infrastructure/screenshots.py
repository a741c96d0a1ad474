"""What is known of the pictures taken from real programs: static/guides/<client>/<locale>/pictures.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from webapp.infrastructure.assets import folder


@dataclass(frozen=True, slots=True)
class Taken:
    """One picture. path: below static/. ring: x, y, width and height in its pixels, None for none."""

    path: str
    width: int
    height: int
    ring: tuple[int, int, int, int] | None
    version: str


def taken(client: str, locale: str, name: str) -> Taken | None:
    """Return the picture `name` of a client in a language, None where it was not taken."""
    return _taken(client, locale).get(name)


@cache
def _taken(client: str, locale: str) -> Mapping[str, Taken]:
    path = f"guides/{client}/{locale}"
    file = folder("static") / path / "pictures.json"
    if not file.is_file():
        return {}
    return {
        name: Taken(
            f"{path}/{facts['file']}",
            facts["width"],
            facts["height"],
            tuple(facts["ring"]) if facts.get("ring") else None,
            facts.get("version", ""),
        )
        for name, facts in json.loads(file.read_text("utf-8")).items()
    }
