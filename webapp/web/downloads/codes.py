"""Codes that lead to a link from another device: typed there once, within minutes.

A code lies in the table of links, under its keyed hash and sealed with the site's key: nine digits are too few for a
key made of them. Whoever has the database alone reads nothing; whoever has the site's key too, what they lead to, for
minutes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.sql.dml import ReturningDelete

from webapp.infrastructure import db
from webapp.infrastructure.codes import CODE_MINUTES, new_code
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import DownloadLink
from webapp.infrastructure.sealing import Sealer, keyed_hash, keyed_hashes

_PURPOSE = "code of a link"


def make(token: str, place: Mapping[str, str]) -> str:
    """Return a code that leads to `place`, the parts of an address, behind the link `token`."""
    config, code = current_config(), new_code()
    hashed = keyed_hash(config, _PURPOSE, code)
    sealed = Sealer.of(config, _PURPOSE).seal(json.dumps([token, dict(place)]).encode(), hashed)
    with db.begin() as session:
        until = datetime.now(UTC) + timedelta(minutes=CODE_MINUTES)
        session.merge(DownloadLink(token_hash=hashed, sealed=sealed, expires_at=until))
    return code


def take(code: str, browser: str) -> tuple[str, dict[str, str]] | None:
    """Return token and place of a code; None for one that is unknown, too old, or used by another than `browser`.

    browser: a secret of who types it. From the first press on the code is good for them alone, so that a second one,
    sent before the first was answered, leads to the same place.
    """
    config, theirs = current_config(), f"{browser} {code}"
    sealer = Sealer.of(config, _PURPOSE)
    with db.begin() as session:
        for said in (code, theirs):
            for hashed in keyed_hashes(config, _PURPOSE, said):
                row = session.execute(_deleted(hashed)).first()
                if row is not None:
                    what, held = sealer.open(row.sealed, hashed), keyed_hash(config, _PURPOSE, theirs)
                    again = DownloadLink(token_hash=held, sealed=sealer.seal(what, held), expires_at=row.expires_at)
                    session.merge(again)
                    token, place = json.loads(what)
                    return token, place
    return None


def remove(code: str) -> None:
    with db.begin() as session:
        for hashed in keyed_hashes(current_config(), _PURPOSE, code):
            session.execute(_deleted(hashed))


def _deleted(hashed: bytes) -> ReturningDelete[bytes, datetime]:
    return (
        delete(DownloadLink)
        .where(DownloadLink.token_hash == hashed, DownloadLink.expires_at > datetime.now(UTC))
        .returning(DownloadLink.sealed, DownloadLink.expires_at)
    )
