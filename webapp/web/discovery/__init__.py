"""Discovery for mail programs, as WSGI middleware in front of Flask.

Autoconfig (draft-ietf-mailmaint-autoconfig-06): GET of three well-known paths. Autodiscover (MS-OXDSCLI): POST of one
path, in any letter case, and the JSON that new Outlook asks first. PACC: GET of one well-known path. Public data only;
no cookie, no database, no DNS. They are given under any host name, so `autoconfig.example.org` needs no setting.

Middleware instead of a blueprint for throughput: the requests need no session, CSRF token or locale. Others pass to
Flask unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication

from webapp.web.discovery import autoconfig, autodiscover, autodiscover_json, pacc
from webapp.web.discovery.answer import Answer, Headers

if TYPE_CHECKING:
    from flask import Flask

    from webapp.core.providers import Provider

AUTOCONFIG_PATHS = frozenset(
    {"/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml", "/.well-known/mail-v1.xml"}
)
AUTODISCOVER_PATH = "/autodiscover/autodiscover.xml"

Environ = dict[str, Any]
Count = Callable[[str, str, int], None]
Room = Callable[[Environ], Answer]
Known = Callable[[], "Mapping[str, Provider]"]


def init_app(app: Flask, known: Known, headers: Mapping[str, str], count: Count) -> None:
    """Install the middleware.

    known: returns the providers by id; the same mapping until they change. headers: the site's security headers;
    Cache-Control is set here. count: called with method, path and status of each response.
    """
    common = tuple((name, value) for name, value in headers.items() if name != "Cache-Control")
    app.wsgi_app = Discovery(app.wsgi_app, known, common, count)  # type: ignore[method-assign]


class Discovery:
    def __init__(self, application: WSGIApplication, known: Known, common: Headers, count: Count) -> None:
        self._application = application
        self._known = known
        self._common = common
        self._count = count
        self._providers: Mapping[str, Provider] | None = None
        self._rooms: Mapping[str, Room] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path not in AUTOCONFIG_PATHS:
            path = _known_path(path)
        if not path:
            return self._application(environ, start_response)
        answer = self._answering()[path](environ)
        method = environ["REQUEST_METHOD"]
        self._count(method, path, int(answer.status[:3]))
        start_response(answer.status, [*answer.headers, *self._common])
        return [b"" if method == "HEAD" else answer.body]

    def _answering(self) -> Mapping[str, Room]:
        found = self._known()
        if found is not self._providers:  # a race of two threads is harmless: same result
            self._rooms = {
                **dict.fromkeys(AUTOCONFIG_PATHS, autoconfig.Autoconfig(found)),
                AUTODISCOVER_PATH: partial(autodiscover.answer, found),
                autodiscover_json.PATH: partial(autodiscover_json.answer, found),
                pacc.PATH: partial(pacc.answer, found),
            }
            self._providers = found
        return self._rooms


def _known_path(path: str) -> str:
    """Return the path of a room other than autoconfig's, by what was asked in any letter case; "" for none."""
    if path == pacc.PATH:
        return path
    lower = path[: len(autodiscover_json.PATH) + 1].lower()
    if lower == AUTODISCOVER_PATH and len(path) == len(AUTODISCOVER_PATH):
        return AUTODISCOVER_PATH
    return autodiscover_json.PATH if lower.rstrip("/") == autodiscover_json.PATH else ""
