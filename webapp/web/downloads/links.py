"""Short-lived links to a person's files: no cookie needed, nothing readable in the database.

A link is its token, 128 random bits. The database holds the token's SHA-256 and, sealed, what the files are made of;
the key is derived from the token, so whoever has the database and no link reads nothing.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from webapp.infrastructure import db
from webapp.infrastructure.config import LINK_HOURS
from webapp.infrastructure.models import DownloadLink
from webapp.infrastructure.sealing import Sealer, UnsealError, derived_key

_TOKEN_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")

Content = Mapping[str, Any]  # plain JSON


class ExpiredLinkError(LookupError):
    """There was such a link, and its time is over."""


def keep(content: Content, token: str | None = None) -> str:
    """Keep `content` for LINK_HOURS from now and return the token of its link.

    With the `token` of an earlier link that link gets the new content, so that one already sent to a phone shows it;
    a link that is gone is made again under the same token.
    """
    token = token or secrets.token_urlsafe(_TOKEN_BYTES)
    now = datetime.now(UTC)
    with db.begin() as session:
        _delete_expired(session, now)
        session.merge(
            DownloadLink(
                token_hash=_hash(token), sealed=_seal(token, content), expires_at=now + timedelta(hours=LINK_HOURS)
            )
        )
    return token


def find(token: str) -> Content:
    """Return what the link holds; raises ExpiredLinkError, or LookupError for a token that opens nothing."""
    if not _TOKEN.fullmatch(token):
        raise LookupError
    with db.read() as session:
        link = session.get(DownloadLink, _hash(token))
        if link is None:
            raise LookupError
        if link.expires_at <= datetime.now(UTC):
            raise ExpiredLinkError
        return _open(token, link.sealed)


def remove(token: str) -> None:
    """Delete the link with all it holds; one that is gone already is no error."""
    with db.begin() as session:
        session.execute(delete(DownloadLink).where(DownloadLink.token_hash == _hash(token)))


def purge(now: datetime | None = None) -> int:
    """Delete every link whose time is over; return how many there were."""
    with db.begin() as session:
        return _delete_expired(session, now or datetime.now(UTC))


def _delete_expired(session: Session, now: datetime) -> int:
    gone = session.execute(
        delete(DownloadLink).where(DownloadLink.expires_at <= now).returning(DownloadLink.token_hash)
    )
    return len(gone.all())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _sealer(token: str) -> Sealer:
    return Sealer(derived_key(token, "download link"))


def _seal(token: str, content: Content) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return _sealer(token).seal(text.encode(), _hash(token))


def _open(token: str, sealed: bytes) -> Content:
    try:
        content: dict[str, Any] = json.loads(_sealer(token).open(sealed, _hash(token)))
    except UnsealError:  # not what we sealed under this token
        raise LookupError from None
    return content
