"""The session cookie: encrypted, not only signed, because it contains a mail address.

Content, sealed and in base64url without padding: 8 bytes of Unix time (big endian), then the session as JSON. The
cookie's name is associated data, so that no other sealed cookie can replace it.
"""

from __future__ import annotations

import base64
import time
from typing import Any

from flask import Flask, Request, Response, request
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from webapp.infrastructure.config import SESSION_BYTES_MAX, SESSION_HOURS, Config
from webapp.infrastructure.sealing import Sealer, site_keys

PURPOSE = "session cookie"
WITHOUT_SESSION = "/api/"  # no cookie is read or set below it …
FOR_PEOPLE = "/api/v1/"  # … except for the documentation page
MISTAKE = (
    "mistake"  # in the session: what was sent with a mistake that no page has told yet; goes first where it is full
)
SPARE = "outcomes"  # in the session: a list whose oldest entries go then
PLACE = "place"  # in the session: in which step of which guide a person is; goes where that is not enough
_TIME_BYTES = 8


def has_no_session(path: str) -> bool:
    return path.startswith(WITHOUT_SESSION) and path != FOR_PEOPLE


class SessionTooLargeError(RuntimeError):
    """The session does not fit into a cookie: a bug."""


class Session(CallbackDict[str, Any], SessionMixin):
    """The session as a dict of JSON values; `modified` if the cookie must be written."""

    def __init__(self, initial: dict[str, Any] | None = None) -> None:
        def changed(_: object) -> None:
            self.modified = self.accessed = True

        super().__init__(initial or {}, changed)
        self.modified = False
        self.new = initial is None


class SealedSessionInterface(SessionInterface):
    """Opens and seals the session cookie."""

    session_class = Session

    def __init__(self, keys: list[bytes], cookie_name: str) -> None:
        self._sealer = Sealer(*keys)
        self._associated = cookie_name.encode()
        self._serializer = TaggedJSONSerializer()

    @classmethod
    def of(cls, config: Config, cookie_name: str) -> SealedSessionInterface:
        return cls(site_keys(config, PURPOSE), cookie_name)

    def open_session(self, app: Flask, request: Request) -> Session:
        """Return the session of `request`; empty without a valid cookie."""
        if has_no_session(request.path):
            return Session(None)
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        return Session(self.unseal(cookie) if cookie else None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie if the session changed; delete it if the session is empty."""
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
            self._make_room(session)
            response.set_cookie(name, self.seal(dict(session)), **attributes)
        else:
            response.delete_cookie(name, **attributes)

    def _make_room(self, session: SessionMixin) -> None:
        if MISTAKE in session and not self.fits(dict(session)):
            del session[MISTAKE]
        while session.get(SPARE) and not self.fits(dict(session)):
            session[SPARE] = session[SPARE][1:]
        if PLACE in session and not self.fits(dict(session)):
            del session[PLACE]

    def seal(self, content: dict[str, Any]) -> str:
        """Return `content` as a cookie value of at most SESSION_BYTES_MAX bytes; raises SessionTooLargeError."""
        value = self._sealed(content)
        if len(value) > SESSION_BYTES_MAX:
            raise SessionTooLargeError(f"session cookie of {len(value)} bytes, keys {sorted(content)}")
        return value.decode()

    def fits(self, content: dict[str, Any]) -> bool:
        return len(self._sealed(content)) <= SESSION_BYTES_MAX

    def _sealed(self, content: dict[str, Any]) -> bytes:
        plain = int(time.time()).to_bytes(_TIME_BYTES) + self._serializer.dumps(content).encode()
        return base64.urlsafe_b64encode(self._sealer.seal(plain, self._associated)).rstrip(b"=")

    def unseal(self, value: str) -> dict[str, Any] | None:
        """Inverse of `seal` with any key; None if invalid or older than SESSION_HOURS."""
        try:
            sealed = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
            plain = self._sealer.open(sealed, self._associated)
        except ValueError:  # no base64url, or UnsealError
            return None
        if time.time() - int.from_bytes(plain[:_TIME_BYTES]) > SESSION_HOURS * 3600:
            return None
        content: dict[str, Any] = self._serializer.loads(plain[_TIME_BYTES:].decode())
        return content
