"""The session: a cookie that is sealed, not only signed, because it holds a mail address.

Layout of the cookie, base64url without padding: 12 bytes nonce, then ChaCha20-Poly1305 over 8 bytes of time (Unix
seconds, big endian) and the session as JSON. The cookie's name is authenticated with it, so that no other sealed cookie
of ours can stand in its place. Random nonces of 96 bits are good for 2^32 cookies of one key (RFC 8439 section 4).
"""

from __future__ import annotations

import base64
import os
import time
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from flask import Flask, Request, Response, request
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from webapp.config import SESSION_BYTES_MAX, SESSION_HOURS, Config, derived_key

PURPOSE = "session cookie"
WITHOUT_SESSION = "/api/"  # below it no cookie is read and none is set …
FOR_PEOPLE = "/api/v1/"  # … but for the page that describes it
_NONCE_BYTES = 12
_TIME_BYTES = 8


def has_no_session(path: str) -> bool:
    return path.startswith(WITHOUT_SESSION) and path != FOR_PEOPLE


class SessionTooLargeError(RuntimeError):
    """What a room put into the session does not fit into a cookie: a mistake of ours, not of the person."""


class Session(CallbackDict[str, Any], SessionMixin):
    """What the cookie held, as a dict of plain JSON values; `modified` where the cookie must be written anew.

    Flask's own SecureCookieSession would do, were it not bound to a signature.
    """

    def __init__(self, initial: dict[str, Any] | None = None) -> None:
        def changed(_: object) -> None:
            self.modified = self.accessed = True

        super().__init__(initial or {}, changed)
        self.modified = False
        self.new = initial is None


class SealedSessionInterface(SessionInterface):
    """Opens and seals the session cookie. The first key seals; every key opens."""

    session_class = Session

    def __init__(self, keys: list[bytes], cookie_name: str) -> None:
        self._ciphers = [ChaCha20Poly1305(key) for key in keys]
        self._associated = cookie_name.encode()
        self._serializer = TaggedJSONSerializer()

    @classmethod
    def of(cls, config: Config, cookie_name: str) -> SealedSessionInterface:
        secrets = (config.secret_key, *config.secret_key_fallbacks)
        return cls([derived_key(secret, PURPOSE) for secret in secrets], cookie_name)

    def open_session(self, app: Flask, request: Request) -> Session:
        """Return the session of `request`: an empty one for no cookie, a foreign one or one that is too old."""
        if has_no_session(request.path):
            return Session(None)
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        return Session(self.unseal(cookie) if cookie else None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where the session changed, delete it where the session was emptied."""
        name = self.get_cookie_name(app)
        attributes: dict[str, Any] = {
            "path": "/",
            "secure": self.get_cookie_secure(app),
            "httponly": True,
            "samesite": self.get_cookie_samesite(app),
        }
        if not session.modified or has_no_session(request.path):
            return
        if session:
            response.set_cookie(name, self.seal(dict(session)), **attributes)
        else:
            response.delete_cookie(name, **attributes)

    def seal(self, content: dict[str, Any]) -> str:
        """Return `content` as a cookie value of at most SESSION_BYTES_MAX bytes; raises SessionTooLargeError."""
        value = self._sealed(content)
        if len(value) > SESSION_BYTES_MAX:
            raise SessionTooLargeError(f"session cookie of {len(value)} bytes, keys {sorted(content)}")
        return value.decode()

    def fits(self, content: dict[str, Any]) -> bool:
        """Whether `seal` takes it."""
        return len(self._sealed(content)) <= SESSION_BYTES_MAX

    def _sealed(self, content: dict[str, Any]) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        plain = int(time.time()).to_bytes(_TIME_BYTES) + self._serializer.dumps(content).encode()
        sealed = self._ciphers[0].encrypt(nonce, plain, self._associated)
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=")

    def unseal(self, value: str) -> dict[str, Any] | None:
        """Return what `seal` sealed with one of our keys within the last SESSION_HOURS, or None."""
        try:
            sealed = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._associated)
            except (InvalidTag, ValueError):  # ValueError: shorter than a nonce and a tag
                continue
            if time.time() - int.from_bytes(plain[:_TIME_BYTES]) > SESSION_HOURS * 3600:
                return None
            content: dict[str, Any] = self._serializer.loads(plain[_TIME_BYTES:].decode())
            return content
        return None
