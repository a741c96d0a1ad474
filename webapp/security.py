"""What protects every page: headers, nonces, host names, cross-site requests, sizes of requests, who counts as one.

One place for all of it. The session cookie has a module of its own, `webapp.session`.
"""

from __future__ import annotations

import io
import ipaddress
import re
import secrets
from functools import lru_cache
from typing import IO, Any, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, request, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import cached_property

from webapp.config import BODY_BYTES_MAX, FORM_PARTS_MAX, Config, current_config
from webapp.session import SealedSessionInterface

csrf = CSRFProtect()

# Nonce, no 'self' for scripts: a file an attacker manages to place on this host still does not run.
PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'{form_targets}; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
FILE_POLICY = "sandbox; default-src 'none'"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # not no-referrer: it turns the Origin of our own forms into "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-read=()",
}
HSTS = "max-age=63072000; includeSubDomains"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

UNKNOWN_NETWORK = "unknown"
_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)](?::\d+)?|([0-9.]+):\d+")


class InMemoryRequest(Request):
    """A request whose uploads touch no disk: bodies are short, and what is in them is people's own."""

    @cached_property
    def stream(self) -> IO[bytes]:
        return cast("IO[bytes]", _Body(super().stream))

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


class _Body:
    """The body of a request as it comes. One that the server cannot read is a mistake in the request: 400.

    gunicorn's own errors would be taken for a crash of ours, and repeat in the log what could not be read.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except HTTPException:
            raise
        except Exception:
            raise BadRequest from None


def init_app(app: Flask, config: Config) -> None:
    """Protect `app`; `config` must be completed."""
    app.request_class = InMemoryRequest
    cookie_name = "__Host-session" if config.https else "session"
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name,
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict drops the session of a person who comes by a link in a webmail
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES_MAX,
        MAX_FORM_PARTS=FORM_PARTS_MAX,
        PREFERRED_URL_SCHEME="https" if config.https else "http",
        WTF_CSRF_SECRET_KEY=config.key("csrf token"),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: people leave a page open while they look for a setting
        WTF_CSRF_SSL_STRICT=False,  # refuse_cross_site does it, and lets browsers pass that send no Referer
    )
    app.session_interface = SealedSessionInterface.of(config, cookie_name)
    app.before_request(refuse_foreign_host)
    app.before_request(refuse_nul)
    app.before_request(refuse_cross_site)  # before the token is looked for
    csrf.init_app(app)
    app.after_request(add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    if config.trusted_proxies:
        count = config.trusted_proxies
        # The proxy must hand on the Host header itself; X-Forwarded-Host is ignored.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]


def csp_nonce() -> str:
    """Return the nonce of the page being made: the same within one response, new for each."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def allow_indexing() -> None:
    """Let search engines keep the page being made. Nothing else is for them."""
    g.indexable = True


def allow_form_target(origin: str) -> None:
    """Let forms of the page being made lead to `origin`, too: the issuer at which somebody signs in."""
    g.form_targets = [*g.get("form_targets", []), origin]


def public_url(endpoint: str, **values: Any) -> str:
    """Return the whole URL of `endpoint`, for links that leave the browser: from WEBAPP_PUBLIC_URL where it is set."""
    origin = current_config().public_url
    return origin + url_for(endpoint, **values) if origin else url_for(endpoint, _external=True, **values)


def refuse_foreign_host() -> None:
    """Answer 400 to a request for a name that is not ours.

    Flask's own TRUSTED_HOSTS cannot name an IPv6 address (Werkzeug 3.1.9 cuts each name at its first colon).
    """
    if host_name(request.host) not in current_config().hosts:
        raise SecurityError


def host_name(host: str) -> str | None:
    """Return the name in `host`, as Werkzeug reads it from a request: without its port; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def refuse_nul() -> None:
    """Answer 404 to a path that holds U+0000: nothing of ours is called so, and PostgreSQL fails on it."""
    if "\0" in request.path:
        abort(404)


def refuse_cross_site() -> None:
    """Answer 403 to a changing request which the browser says was sent by another site.

    Fetch Metadata first, Origin where a browser is too old for it; what sends neither is no browser, or one whose form
    still needs the token.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):  # none: typed or reloaded by the person
            abort(403)
        return
    origin = request.headers.get("Origin")
    if origin is not None and (not origin or origin.lower() not in (_own_origin(), current_config().public_url)):
        abort(403)


def _own_origin() -> str:
    parts = urlsplit(request.host_url)
    return f"{parts.scheme}://{parts.netloc}"


def file_headers(config: Config) -> dict[str, str]:
    """Return the headers of a response that is no page and is kept nowhere: what `add_headers` gives it."""
    made = {"Content-Security-Policy": FILE_POLICY, **HEADERS, "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}
    if config.https:
        made["Strict-Transport-Security"] = HSTS
    return made


def add_headers(response: Response) -> Response:
    """Add the headers of every response. What a view may say itself: `Cache-Control: public`, and `allow_indexing`."""
    headers = response.headers
    page = response.mimetype == "text/html"
    targets = "".join(f" {origin}" for origin in g.get("form_targets", ()))
    headers["Content-Security-Policy"] = (
        PAGE_POLICY.format(nonce=csp_nonce(), form_targets=targets) if page else FILE_POLICY
    )
    for name, value in HEADERS.items():
        headers[name] = value
    if current_config().https:
        headers["Strict-Transport-Security"] = HSTS
    if not g.get("indexable"):
        headers["X-Robots-Tag"] = "noindex"
    if not response.cache_control.public:
        headers["Cache-Control"] = "no-store"
    return response


@lru_cache(1024)
def network(address: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 of an IPv6 address.

    Some proxies write the port behind it, which changes with every connection. All that is no address is one source.
    """
    with_port = _WITH_PORT.fullmatch(address)
    try:
        parsed = ipaddress.ip_address(with_port[1] or with_port[2] if with_port else address)
    except ValueError:
        return UNKNOWN_NETWORK
    if parsed.version == 6 and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
