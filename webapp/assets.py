"""Static files under a URL with their fingerprint, which browsers may keep for a year.

The fingerprint is one for the whole folder and a folder of the URL itself: a module that imports its neighbour and a
stylesheet that names an image need no rewriting.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, send_from_directory, url_for

YEAR_SECONDS = 365 * 24 * 3600

blueprint = Blueprint("assets", __name__)


@cache
def folder(name: str) -> Path:
    """Return the folder `name` (static, templates): inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    packaged = package / name
    return packaged if packaged.is_dir() else package.parent / name


@cache
def fingerprint() -> str:
    """Return what changes when any static file does: names and contents, read once per process."""
    digest = hashlib.sha256()
    root = folder("static")
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def asset(name: str) -> str:
    """Return the URL of the static file `name`, such as css/app.css; raises FileNotFoundError for one there is not."""
    if not (folder("static") / name).is_file():
        raise FileNotFoundError(f"static/{name}")
    return url_for("assets.show", version=fingerprint(), name=name)


blueprint.add_app_template_global(asset)


@blueprint.get("/static/<version>/<path:name>")
def show(version: str, name: str) -> Response:
    response = send_from_directory(folder("static"), name)
    if version == fingerprint():
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    return response
