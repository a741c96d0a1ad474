"""Discovery: what mail programs ask for by themselves, answered before Flask is asked, at the speed of memory.

Autoconfig (draft-ietf-mailmaint-autoconfig-06): GET of three well-known paths. Autodiscover (MS-OXDSCLI): POST of one
path, in any letter case. The answers hold public data only; no cookie, no database, no DNS. They are the same under
every host name, so that `autoconfig.example.org` needs no setting here.

A WSGI layer and not a blueprint, because mail programs come in crowds and need nothing of what pages need: no session,
no token, no language. A request that is none of theirs goes on to Flask untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication

from webapp import providers
from webapp.discovery import autoconfig, autodiscover
from webapp.discovery.answer import Headers

if TYPE_CHECKING:
    from flask import Flask

    from webapp.config import Config
    from webapp.providers import Provider

AUTOCONFIG_PATHS = frozenset(
    {"/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml", "/.well-known/mail-v1.xml"}
)
AUTODISCOVER_PATH = "/autodiscover/autodiscover.xml"

Environ = dict[str, Any]
Count = Callable[[str, str, int], None]


def init_app(app: Flask, config: Config, headers: Mapping[str, str], count: Count) -> None:
    """Answer discovery in front of `app`. The providers are read at the first question, after fork.

    headers: what protects every answer of the site; how long one may be kept is said here. count: is told method,
    path of ours and status of each answer.
    """
    common = tuple((name, value) for name, value in headers.items() if name != "Cache-Control")
    load = partial(providers.load, config.providers_dir)
    app.wsgi_app = Discovery(app.wsgi_app, load, common, count)  # type: ignore[method-assign]


class Discovery:
    """Answers discovery; everything else goes to `application`."""

    def __init__(
        self, application: WSGIApplication, load: Callable[[], Mapping[str, Provider]], common: Headers, count: Count
    ) -> None:
        self._application = application
        self._load = load
        self._common = common
        self._count = count
        self._rooms: tuple[autoconfig.Autoconfig, autodiscover.Autodiscover] | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in AUTOCONFIG_PATHS:
            answer = self._answering()[0](environ)
        elif len(path) == len(AUTODISCOVER_PATH) and path.lower() == AUTODISCOVER_PATH:
            path, answer = AUTODISCOVER_PATH, self._answering()[1](environ)
        else:
            return self._application(environ, start_response)
        method = environ["REQUEST_METHOD"]
        self._count(method, path, int(answer.status[:3]))
        start_response(answer.status, [*answer.headers, *self._common])
        return [b"" if method == "HEAD" else answer.body]

    def _answering(self) -> tuple[autoconfig.Autoconfig, autodiscover.Autodiscover]:
        if self._rooms is None:  # two threads may both read the files: the same comes out
            found = self._load()
            self._rooms = (autoconfig.Autoconfig(found), autodiscover.Autodiscover(found))
        return self._rooms
