"""Builds `gmx-pop-check.pyz` out of the modules of this very package.

Built when it is first asked for and kept for the life of the process: it takes some ten milliseconds, needs no step of
its own when the site is installed, and can never be older than the code or than the operator's provider files.

The same source gives the same bytes on every machine: entries are sorted, dated 1980, and stored uncompressed, since
two versions of zlib pack the same text differently. And whoever is in doubt can read the file with an editor.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from webapp.check_file.catalogues import trimmed_catalogue
from webapp.providers.loading import contents
from webapp.text import SOURCE_LOCALE, locales

FILE_NAME = "gmx-pop-check.pyz"
MEDIA_TYPE = "application/zip"

_PACKAGE = Path(__file__).parent.parent
_START = "webapp.check_file.start"
_ROOTS = ("webapp.check_file.older", "webapp.check_file.program")
_SHEBANG = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


@dataclass(frozen=True, slots=True)
class CheckFile:
    """The file, and the SHA-256 of its bytes in hexadecimal."""

    content: bytes = field(repr=False)
    sha256: str


@cache
def check_file(providers_dir: Path | None = None, ca_file: Path | None = None) -> CheckFile:
    """Return the file for the providers in force; `ca_file` is trusted in it beside the system's authorities.

    Raises InputError for provider files of no use, OSError where `ca_file` cannot be read.
    """
    files = {"__main__.py": _source(_START), **dict(_modules())}
    strings = {text for source in files.values() for text in _strings(source)}
    files["webapp/check_file/providers.json"] = _providers(providers_dir)
    if ca_file is not None:
        files["webapp/check_file/authorities.pem"] = ca_file.read_bytes()
    for locale in locales():
        if locale != SOURCE_LOCALE:
            files[f"webapp/translations/{locale}/LC_MESSAGES/messages.mo"] = trimmed_catalogue(locale, strings)
    files["webapp/translations/__init__.py"] = b""  # importlib.resources of Python 3.9 looks only into packages
    content = _zipped(files)
    return CheckFile(content, hashlib.sha256(content).hexdigest())


def _modules() -> Iterator[tuple[str, bytes]]:
    """Yield path and source of every module that the program imports when it starts, and of the packages around."""
    found: set[str] = set()
    waiting = list(_ROOTS)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [name.rpartition(".")[0]] if "." in name else []
        waiting += _imported(_source(name))
    for name in sorted(found):
        path = _path(name)
        assert path is not None  # noqa: S101  only what has a path was found
        yield path.relative_to(_PACKAGE.parent).as_posix(), path.read_bytes()


def _imported(source: bytes) -> Iterator[str]:
    """Yield the modules of ours that `source` imports at its top, not those inside functions or for type checkers."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == _PACKAGE.name:
            yield node.module
            for alias in node.names:
                if _path(f"{node.module}.{alias.name}"):
                    yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == _PACKAGE.name)


def _path(module: str) -> Path | None:
    base = _PACKAGE.parent.joinpath(*module.split("."))
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _source(module: str) -> bytes:
    path = _path(module)
    if path is None:
        raise FileNotFoundError(module)
    return path.read_bytes()


def _strings(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _providers(directory: Path | None) -> bytes:
    def written(value: Any) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(type(value).__name__)

    known = {id_: content for id_, (_, content) in contents(directory).items()}
    return json.dumps(known, ensure_ascii=False, indent=1, default=written).encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    buffer.write(_SHEBANG)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
