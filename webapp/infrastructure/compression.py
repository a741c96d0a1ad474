"""Answers that take fewer bytes: gzip, where nothing secret could be read off the length.

Whoever makes a browser ask for a page with words of theirs in it, and sees how long the answer is, can guess what else
stands in it (BREACH). So a page is compressed only where a room says that its pages are for everybody, and only for a
visitor who sent no cookie and no query and is given no cookie. Static files hold nothing of anybody.
"""

import gzip

from flask import Blueprint, Request, Response
from flask.sansio.app import App

BYTES_MIN = 500  # below it nothing is won

_EXTENSION = "compression"


def allow(blueprint: Blueprint) -> None:
    """Let the pages of `blueprint` be compressed: what they say to a visitor without a cookie is no secret."""
    blueprint.record(lambda state: _rooms(state.app).add(blueprint.name))


def _rooms(app: App) -> set[str]:
    rooms: set[str] = app.extensions.setdefault(_EXTENSION, set())
    return rooms


def compressed(app: App, request: Request, response: Response) -> Response:
    """Return `response`, compressed where it may be; to be called when its cookies are set."""
    if not _may_be(app, request, response):
        return response
    response.vary.add("Accept-Encoding")
    if takes_gzip(request):
        response.set_data(zipped(response.get_data(), 6))
        response.content_encoding = "gzip"
    return response


def _may_be(app: App, request: Request, response: Response) -> bool:
    return (
        response.status_code == 200
        and response.mimetype == "text/html"
        and request.blueprint in _rooms(app)
        and request.method in ("GET", "HEAD")
        and not request.cookies
        and not request.query_string
        and "Set-Cookie" not in response.headers
        and not response.direct_passthrough
        and len(response.get_data()) >= BYTES_MIN
    )


def takes_gzip(request: Request) -> bool:
    return request.accept_encodings["gzip"] > 0


def zipped(content: bytes, level: int) -> bytes:
    """Return `content` as gzip, the same every time: there is no time in it."""
    return gzip.compress(content, level, mtime=0)
