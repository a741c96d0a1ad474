"""Codes that lead to a link from another device: typed there once, within minutes.

A code lies in the table of links, under its keyed hash and sealed with the site's key: nine digits are too few for a
key made of them. Whoever has the database alone reads nothing; whoever has the site's key too, what they lead to, for
minutes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

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


def take(code: str) -> tuple[str, dict[str, str]] | None:
    """Return token and place of a code and use it up; None for one that is unknown, used or too old."""
    for hashed in keyed_hashes(current_config(), _PURPOSE, code):
        with db.begin() as session:
            found = session.execute(
                delete(DownloadLink)
                .where(DownloadLink.token_hash == hashed, DownloadLink.expires_at > datetime.now(UTC))
                .returning(DownloadLink.sealed)
            ).scalar()
        if found is not None:
            token, place = json.loads(Sealer.of(current_config(), _PURPOSE).open(found, hashed))
            return token, place
    return None


def remove(code: str) -> None:
    """Make a code good for nothing."""
    take(code)
