"""Generates the tables of docs/providers.md and docs/provider.schema.json from the loader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from webapp.core.providers.format import KEYS, schema
from webapp.core.providers.kinds import REQUIRED, Key, Kind, Languages, ListOf, OneOf, Table, Tables, TextsByName
from webapp.core.providers.types import SENTENCES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "providers.md"
SCHEMA = DOCS / "provider.schema.json"
_BEGIN, _END = "--update-golden -->\n", "<!-- end -->"
_HEAD = "| Key | Meaning | Example | Default |\n| --- | --- | --- | --- |\n"


def keys(table: tuple[Key, ...] = KEYS, path: str = "") -> Iterator[tuple[str, Key]]:
    """Yield every key with its path: `servers[].port`, `help.<language>.<topic>`."""
    for key in table:
        yield path + key.name, key
        inner, suffix = _inside(key.kind, "")
        if inner:
            yield from keys(inner, f"{path}{key.name}{suffix}.")


def _inside(kind: Kind, suffix: str) -> tuple[tuple[Key, ...], str]:
    match kind:
        case Tables():
            return kind.keys, suffix + "[]"
        case Table():
            return kind.keys, suffix
        case Languages():
            return _inside(kind.kind, suffix + ".<language>")
        case ListOf():
            return _inside(kind.kind, suffix + "[]")
        case _:
            return (), suffix


def tables() -> str:
    """Return the part of the page that is made from the loader."""
    rows = "".join(
        f"| `{path}` | {key.meaning}{_words(key.kind)} | `{key.example}` | {_default(key.default)} |\n"
        for path, key in keys()
    )
    sentences = "".join(f"| `{topic}` | {meaning} |\n" for topic, meaning in SENTENCES.items())
    return (
        f"\n{_HEAD}{rows}\nSentences that a file may bring:\n\n| Topic | What it says |\n| --- | --- |\n{sentences}\n"
    )


def page() -> str:
    """Return the whole page with its part made anew."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index(_BEGIN) + len(_BEGIN), text.index(_END)
    return text[:begin] + tables() + text[end:]


def schema_file() -> str:
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _words(kind: Kind) -> str:
    words = [] if not isinstance(kind, OneOf) else list(map(str, kind.words))
    if isinstance(kind, Languages) and isinstance(kind.kind, TextsByName) and isinstance(kind.kind.names, OneOf):
        words = list(kind.kind.names.words)
    return f" One of: {', '.join(f'`{word}`' for word in words)}." if words else ""


def _default(value: Any) -> str:
    if value is REQUIRED:
        return "**needed**"
    if value is None or value in ((), {}, ""):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
