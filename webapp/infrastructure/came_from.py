"""Where a person came from: a page of ours that led to this one. Never an address of somebody else."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException


def init_app(app: Flask) -> None:
    app.jinja_env.globals["came_from"] = came_from


def endpoint_of(path: str) -> str | None:
    """Return the endpoint of our page at `path`, None where none is shown."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return None
    return str(endpoint)


def came_from(*endpoints: str) -> str | None:
    """Return the path and query of the page with the link to this one, where it is one of `endpoints`; else None.

    The browser says it (Referer, which our own Referrer-Policy lets it send to us). So pages name those that lie before
    them, and no two each other: “back” would go round.
    """
    try:
        link = urlsplit(request.referrer or "")
    except ValueError:  # no address at all
        return None
    if link.netloc != request.host or endpoint_of(link.path.removeprefix(request.script_root)) not in endpoints:
        return None
    return f"{link.path}?{link.query}" if link.query else link.path
