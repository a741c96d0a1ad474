"""Protection of every page: headers, CSP nonces, host names, CSRF, request sizes. Session: see `session`."""

import io
import secrets
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, g, request, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField

from webapp.infrastructure.config import BODY_BYTES_MAX, FORM_PARTS_MAX, Config, current_config
from webapp.infrastructure.config_values import is_loopback, url_host
from webapp.infrastructure.logs import logger
from webapp.infrastructure.sealing import site_keys
from webapp.infrastructure.session import SealedSessionInterface

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

PROBED = frozenset({"/healthz", "/readyz", "/readyz/tests", "/metrics"})  # their answers name no address

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class InMemoryRequest(Request):
    """A request whose uploads stay in memory: they are small, and personal."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


class ForgottenPasswordField(PasswordField):
    """A password, or a code like one, that is gone when its request is.

    A form is a circle, which Python frees at some later time.
    """

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        g.setdefault("passwords", []).append(self)


def _forget_passwords(_error: BaseException | None) -> None:
    for field in g.pop("passwords", ()):
        field.data, field.raw_data = None, None


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
        WTF_CSRF_SECRET_KEY=site_keys(config, "csrf token")[::-1],  # itsdangerous signs with the last of them
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: people leave a page open while they look for a setting
        WTF_CSRF_SSL_STRICT=False,  # refuse_cross_site does it, and lets browsers pass that send no Referer
    )
    app.session_interface = SealedSessionInterface.of(config, cookie_name)
    app.before_request(refuse_foreign_host)
    app.before_request(refuse_nul)
    app.before_request(refuse_cross_site)  # before the token is looked for
    csrf.init_app(app)
    app.after_request(add_headers)
    app.teardown_request(_forget_passwords)
    app.jinja_env.globals.update(csp_nonce=csp_nonce, indexed_as=lambda: g.get("indexed"))
    if config.trusted_proxies:
        count = config.trusted_proxies
        # The proxy must hand on the Host header itself; X-Forwarded-Host is ignored.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    else:
        app.before_request(_notice_proxy)


def _notice_proxy() -> None:
    """Log, once: a proxy that is not set up makes everybody one network address."""
    if "X-Forwarded-For" in request.headers and "proxy" not in current_app.extensions:
        current_app.extensions["proxy"] = "noticed"
        logger.warning(
            "a request came with X-Forwarded-For. If a proxy of yours is in front, set WEBAPP_TRUSTED_PROXIES: until "
            "then everybody counts as one network address"
        )


def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def allow_indexing() -> None:
    """Let search engines index the current page, under its public address; by default none is.

    Only as it is for somebody new: without a cookie, and without a query but that for the language.
    """
    if current_config().public_url and not request.cookies and not request.args.keys() - {"lang"}:
        g.indexed = current_config().public_url + request.script_root + request.path


def allow_form_target(origin: str) -> None:
    """Let forms of the current page submit to `origin` too: the OIDC issuer."""
    g.form_targets = [*g.get("form_targets", []), origin]


def public_url(endpoint: str, **values: Any) -> str:
    """Return the absolute URL of `endpoint`, with WEBAPP_PUBLIC_URL if set."""
    origin = current_config().public_url
    return origin + url_for(endpoint, **values) if origin else url_for(endpoint, _external=True, **values)


def is_only_here() -> bool:
    """Whether this site is reached by a loopback name: no phone gets there by a link."""
    return is_loopback(urlsplit(current_config().public_url or request.host_url).hostname or "")


def refuse_foreign_host() -> None:
    """Answer 400 to a request for a name that is not ours, except of probes, which name the machine.

    Flask's own TRUSTED_HOSTS cannot name an IPv6 address (Werkzeug 3.1.9 cuts each name at its first colon).
    """
    if url_host(f"//{request.host}") not in current_config().hosts and request.path not in PROBED:
        raise SecurityError


def refuse_nul() -> None:
    """Answer 404 to a path with U+0000, on which PostgreSQL fails."""
    if "\0" in request.path:
        abort(404)


def refuse_cross_site() -> None:
    """Answer 403 to a cross-site request with an unsafe method.

    By Fetch Metadata, or Origin in older browsers; a request with neither still needs the CSRF token.
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
    """Return the headers that `add_headers` sets on a response that is no page and is not cached."""
    made = {"Content-Security-Policy": FILE_POLICY, **HEADERS, "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}
    if config.https:
        made["Strict-Transport-Security"] = HSTS
    return made


def add_headers(response: Response) -> Response:
    """Set security headers. A view may set `Cache-Control: public` and call `allow_indexing`."""
    headers = response.headers
    page = response.mimetype == "text/html"
    targets = "".join(f" {origin}" for origin in g.get("form_targets", ()))
    headers["Content-Security-Policy"] = (
        PAGE_POLICY.format(nonce=csp_nonce(), form_targets=targets) if page else FILE_POLICY
    )
    headers.update(HEADERS)
    if current_config().https:
        headers["Strict-Transport-Security"] = HSTS
    if not g.get("indexed"):
        headers["X-Robots-Tag"] = "noindex"
    if not response.cache_control.public:
        headers["Cache-Control"] = "no-store"
    return response


def clear_site(response: BaseResponse) -> BaseResponse:
    """Clear the browser's cache and storage of this site; cookies are deleted one by one."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
