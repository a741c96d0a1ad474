"""Builds `gmx-pop-check.pyz` from the installed modules.

Built lazily and cached per process: it takes less than a second, needs no build step, and is never older than the code
or the operator's provider files.

Reproducible: entries are sorted, dated 1980, and uncompressed, since the output of zlib depends on its version.
Uncompressed also means readable in an editor.
"""

import ast
import hashlib
import io
import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo

from webapp.core.clients.files import entry
from webapp.core.providers.loading import contents
from webapp.core.text import SOURCE_LOCALE, locales

FILE_NAME = "gmx-pop-check.pyz"
DAY = "day"  # a date in providers.json: {"day": "2026-11-28"}
MEDIA_TYPE = "application/zip"

_PACKAGE = Path(__file__).parents[2]
_START = "webapp.web.check_file.start"
_ROOTS = ("webapp.web.check_file.older", "webapp.web.check_file.program")
_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # of the catalogues: reproducible
_SHEBANG = b"#!/usr/bin/env python3\n"


@dataclass(frozen=True, slots=True)
class CheckFile:
    """The file and its SHA-256 in hexadecimal."""

    content: bytes = field(repr=False)
    sha256: str


def check_file(providers_dir: Path | None = None, ca_file: Path | None = None) -> CheckFile:
    """Return the file for the built-in providers and those in a folder; raises InputError for invalid files."""
    return built({id_: content for id_, (_, content) in contents(providers_dir).items()}, ca_file)


def built(known: Mapping[str, Mapping[str, Any]], ca_file: Path | None = None) -> CheckFile:
    """Return the file for these providers (parsed TOML by id), built once for the same ones.

    It trusts `ca_file` in addition to the system's authorities. Raises OSError if that is unreadable.
    """
    return _built(_providers(known), ca_file)


@lru_cache(4)
def _built(providers: bytes, ca_file: Path | None) -> CheckFile:
    files = {"__main__.py": _source(_START), **dict(_modules())}
    strings = {text for source in files.values() for text in _strings(source)}
    files["webapp/web/check_file/providers.json"] = providers
    if ca_file is not None:
        files["webapp/web/check_file/authorities.pem"] = ca_file.read_bytes()
    for locale in locales():
        if locale != SOURCE_LOCALE:
            files[f"webapp/translations/{locale}/LC_MESSAGES/messages.mo"] = trimmed_catalogue(locale, strings)
    files["webapp/translations/__init__.py"] = b""  # importlib.resources of Python 3.9 needs a package
    content = _zipped(files)
    return CheckFile(content, hashlib.sha256(content).hexdigest())


def _modules() -> Iterator[tuple[str, bytes]]:
    """Yield path and source of every module imported at start, and of their packages."""
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
        assert path is not None  # noqa: S101  found modules have a path
        yield path.relative_to(_PACKAGE.parent).as_posix(), path.read_bytes()


def _imported(source: bytes) -> Iterator[str]:
    """Yield our modules that `source` imports at module level, without those under TYPE_CHECKING."""
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


def _providers(known: Mapping[str, Mapping[str, Any]]) -> bytes:
    def written(value: Any) -> dict[str, str]:
        if isinstance(value, date):
            return {DAY: value.isoformat()}
        raise TypeError(type(value).__name__)

    return json.dumps(known, ensure_ascii=False, indent=1, default=written).encode()


def trimmed_catalogue(locale: str, msgids: Collection[str]) -> bytes:
    """Return a messages.mo with the translations of `locale` for `msgids`."""
    with (resources.files("webapp.translations") / locale / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        whole = read_mo(file)
    trimmed = Catalog(locale=locale, creation_date=_EPOCH, revision_date=_EPOCH)
    for message in whole:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        if msgid and msgid in msgids:
            trimmed.add(message.id, message.string)
    written = io.BytesIO()
    write_mo(written, trimmed)
    return written.getvalue()


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    buffer.write(_SHEBANG)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(entry(name, compressed=False), files[name])
    return buffer.getvalue()
