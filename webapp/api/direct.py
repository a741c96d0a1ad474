"""One file by GET, answered before Flask is asked: mail programs and scripts come in crowds.

Only what is plain is answered here: a known host, no key, a query that holds no mistake. Everything else, and every
refusal, goes on to Flask, where the same functions answer the same request with the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.sansio.utils import get_host

from webapp import providers, security
from webapp.api import exports
from webapp.api.inputs import from_query
from webapp.api.limits import RequestLimits
from webapp.api.operations import COUNTED, LIMITS
from webapp.clients import CLIENTS, Client
from webapp.i18n import accepted_locale
from webapp.security import network
from webapp.signing import sign

if TYPE_CHECKING:
    from flask import Flask

    from webapp.config import Config
    from webapp.providers import Provider

Environ = dict[str, Any]

PREFIX = "/api/v1/exports/"
_BY_PATH: Mapping[str, Client] = {f"{PREFIX}{client.id}": client for client in CLIENTS.values() if client.formats}
_FIELDS = {client.id: exports.fields(client) for client in _BY_PATH.values()}


def init_app(app: Flask, config: Config) -> None:
    """Answer in front of `app`, behind the layer that knows a proxy's client: call it before that one is put on."""
    app.extensions[LIMITS] = RequestLimits()
    app.wsgi_app = DirectExports(app, app.wsgi_app, config)  # type: ignore[method-assign]


class DirectExports:
    """Answers plain requests for one file; everything else goes to `application`."""

    def __init__(self, app: Flask, application: WSGIApplication, config: Config) -> None:
        self._app = app
        self._application = application
        self._config = config
        self._limits: RequestLimits = app.extensions[LIMITS]
        self._headers = tuple(security.file_headers(config).items())
        self._hosts = frozenset(config.hosts) - {config.helpdesk_host}  # where agents' pages answer alone
        self._providers: Mapping[str, Provider] | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        client = _BY_PATH.get(environ["PATH_INFO"])
        if client is None or environ["REQUEST_METHOD"] != "GET" or not self._is_plain(environ):
            return self._application(environ, start_response)
        wait = self._limits.take(network(environ.get("REMOTE_ADDR", "")), self._config.api_requests_per_minute)
        if wait is None:
            environ[COUNTED] = True
            found = self._answer(client, environ)
            if found is not None:
                content, headers = found
                self._app.extensions["metrics"].count("GET", f"{PREFIX}{client.id}", 200)
                start_response("200 OK", headers)
                return [content]
        return self._application(environ, start_response)

    def _is_plain(self, environ: Environ) -> bool:
        return "HTTP_AUTHORIZATION" not in environ and _host(environ.get("HTTP_HOST", "")) in self._hosts

    def _answer(self, client: Client, environ: Environ) -> tuple[bytes, list[tuple[str, str]]] | None:
        if self._providers is None:
            self._providers = providers.load(self._config.providers_dir)
        try:
            values = from_query(environ.get("QUERY_STRING", ""), _FIELDS[client.id])
            locale = values["locale"] or _accepted(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
            export, notes = exports.made(client, values, self._providers, self._config, locale)
            export = sign(export, self._config)
        except Exception:  # Flask meets the same again, and knows how to say it
            return None
        exports.told(self._app, client, export)
        headers = [
            *exports.headers(export, notes, locale).items(),
            ("Content-Length", str(len(export.content))),
            *self._headers,
        ]
        return export.content, headers


@lru_cache(64)
def _host(header: str) -> str | None:
    """Return the name in a Host header, None where Flask sees none: a bad port, a user, a path behind it."""
    return security.host_name(get_host("", header))


@lru_cache(256)
def _accepted(header: str) -> str:
    return accepted_locale(parse_accept_header(header, LanguageAccept))
