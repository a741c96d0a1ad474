"""Static files under fingerprinted URLs, cacheable for a year; texts also as gzip, made once. Templates, read once.

One fingerprint for the whole folder, as a path segment, so that relative imports and url() need no rewriting.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory, url_for
from jinja2 import FunctionLoader

from webapp.infrastructure import compression

YEAR_SECONDS = 365 * 24 * 3600
TEXTS = {  # what is sent as gzip, too
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}

blueprint = Blueprint("assets", __name__)


@cache
def folder(name: str) -> Path:
    """Return the folder `name` (static, templates): inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / name
    return packaged if packaged.is_dir() else package.parent / name


@cache
def _templates() -> dict[str, tuple[str, str]]:
    """Return every template by its name: its text and its path."""
    root = folder("templates")
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): (path.read_text("utf-8"), str(path)) for path in found}


def templates() -> FunctionLoader:
    """Return a loader of the templates as they are now.

    A process that runs on while a new version is put in its place must not read what belongs to other code.
    """
    texts = _templates()

    def find(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (*texts[name], lambda: True) if name in texts else None

    return FunctionLoader(find)


@cache
def fingerprint() -> str:
    """Return a hash of the names and contents of all static files, computed once per process."""
    digest = hashlib.sha256()
    root = folder("static")
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def asset(name: str) -> str:
    """Return the URL of the static file `name`, such as css/app.css; raises FileNotFoundError if it is missing."""
    if not (folder("static") / name).is_file():
        raise FileNotFoundError(f"static/{name}")
    return url_for("assets.show", version=fingerprint(), name=name)


blueprint.add_app_template_global(asset)


@cache
def _texts() -> dict[str, tuple[bytes, bytes]]:
    """Return every text file by its name: as it is and as gzip, made once per process."""
    root = folder("static")
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.suffix in TEXTS}
    return {name: (content, compression.zipped(content, 9)) for name, content in found.items()}


def read() -> None:
    """Read every text and compute the fingerprint, so that no request does."""
    fingerprint()
    _texts()


@blueprint.get("/static/<version>/<path:name>")
def show(version: str, name: str) -> Response:
    text = _texts().get(name)
    if text is None:
        response = send_from_directory(folder("static"), name)
    else:
        zipped = compression.takes_gzip(request)
        response = Response(text[zipped], content_type=TEXTS[Path(name).suffix])
        if zipped:
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        response.set_etag(f"{fingerprint()}-{name}{'-gzip' if zipped else ''}")
        response.make_conditional(request)
    if version == fingerprint():
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    return response
