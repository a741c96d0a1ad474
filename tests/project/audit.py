"""`make audit ADVISORIES=…`: which pinned libraries have known faults, by a source of advisories that you name.

A source is a folder, a .zip or a .json file of records in the OSV format (https://ossf.github.io/osv-schema/), here or
behind https. Nothing is asked about this program, and nothing leaves the machine but the request for the source. Exit
code 0: no fault is known. 1: one is. 2: there is no source, or nothing in it.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
from packaging.version import InvalidVersion, Version

PINS = Path(__file__).parents[2] / "requirements.txt"
SECONDS = 120

Record = Mapping[str, Any]


def records(source: str) -> Iterator[Record]:
    """Yield the records of a source; raises OSError, ValueError."""
    if re.match(r"https?://", source):
        answer = requests.get(source, timeout=SECONDS)
        answer.raise_for_status()
        yield from _in_file(source.partition("?")[0], answer.content)
        return
    path = Path(source)
    for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        yield from _in_file(file.name, file.read_bytes())


def _in_file(name: str, content: bytes) -> Iterator[Record]:
    if name.endswith(".zip"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        for entry in archive.namelist():
            if entry.endswith(".json"):
                yield from _in_file(entry, archive.read(entry))
        return
    found = json.loads(content)
    yield from found if isinstance(found, list) else [found]


def pins(text: str) -> dict[str, str]:
    """Return the pinned versions by name."""
    return {plain(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)}


def plain(name: str) -> str:
    """Return the name of a library as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def faults(record: Record, pinned: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each pinned library that the record is about."""
    if record.get("withdrawn"):
        return
    for affected in record.get("affected", ()):
        package = affected.get("package", {})
        name = plain(package.get("name", ""))
        if package.get("ecosystem") == "PyPI" and name in pinned and _is_affected(affected, pinned[name]):
            yield f"{name} {pinned[name]}: {record.get('id')} {record.get('summary', '')}".rstrip()


def _is_affected(affected: Record, version: str) -> bool:
    if version in affected.get("versions", ()):
        return True
    ranges = (found for found in affected.get("ranges", ()) if found.get("type") == "ECOSYSTEM")
    return any(_is_within(found.get("events", ()), Version(version)) for found in ranges)


def _is_within(events: list[Mapping[str, str]], version: Version) -> bool:
    """Whether `version` lies behind an introduction that no fix follows (OSV schema, evaluation of ranges)."""
    within = False
    for kind, at in sorted(((kind, at) for event in events for kind, at in event.items()), key=_place):
        reached = at == "0" or version >= _version(at)
        if kind == "introduced" and reached:
            within = True
        elif (kind == "fixed" and reached) or (kind == "last_affected" and version > _version(at)):
            within = False
    return within


def _place(event: tuple[str, str]) -> Version:
    return _version(event[1])


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def main(arguments: list[str], text: str = "") -> int:
    if not arguments or not arguments[0]:
        sys.stderr.write("Name a source of advisories: make audit ADVISORIES=<folder, .zip or https address, OSV>\n")
        return 2
    pinned, number, found = pins(text or PINS.read_text("utf-8")), 0, set()
    try:
        for record in records(arguments[0]):
            number += 1
            found.update(faults(record, pinned))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"The source of advisories cannot be read: {type(error).__name__}: {error}\n")
        return 2
    if not number:
        sys.stderr.write("The source of advisories holds no record.\n")
        return 2
    for line in sorted(found):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(pinned)} libraries, {number} advisories, {len(found)} known faults.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
