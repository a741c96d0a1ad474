"""Hash keys of the limits: a random one per day (UTC), sealed with every secret key of the site.

Tries are written with today's key and looked up with every key that a window reaches back to; older keys are deleted.
From then on nobody, the operator included, can link the tries of one address over several days.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, delete, insert, select, update

from webapp.infrastructure.config import Config
from webapp.infrastructure.models import LimitKey
from webapp.infrastructure.sealing import SharedSealer, UnsealError, site_keys

KEYS = cast(Table, LimitKey.__table__)
_PURPOSE = "key of the day"


class Keys:
    """The valid keys; with `writing` the first is today's."""

    def __init__(self, connection: Connection, config: Config, now: datetime, *, writing: bool = False) -> None:
        sealer = SharedSealer.of(config, _PURPOSE)
        today: list[bytes] = []
        others: list[bytes] = []
        for number, made_at, sealed in connection.execute(select(KEYS).order_by(KEYS.c.id.desc())):
            if not sealed:
                others += former(config)
                continue
            try:
                key = sealer.open(sealed)
                anew = sealer.renewed(sealed) if writing else None
            except UnsealError:  # the secret key was lost, and the counts with it
                continue
            if anew is not None:
                connection.execute(update(KEYS).where(KEYS.c.id == number).values(sealed=anew))
            (others if today or made_at.date() != now.date() else today).append(key)
        if writing and not today:
            today.append(secrets.token_bytes(32))
            connection.execute(insert(KEYS).values(made_at=now, sealed=sealer.seal(today[0])))
        self._all = today + others

    def hashed(self, kind: str, who: str) -> bytes:
        """Return the hash to write; needs `writing`."""
        return self.each(kind, who)[0]

    def each(self, kind: str, who: str) -> list[bytes]:
        """Return the hashes to look up."""
        return [hmac.digest(key, f"{kind}\0{who}".encode(), "sha256") for key in self._all]


def former(config: Config) -> list[bytes]:
    """Return the hash keys of earlier versions; the migration left an empty row for them."""
    return [b"", *site_keys(config, "limits"), *site_keys(config, "helpdesk limits")]


def purge_keys(connection: Connection, now: datetime) -> None:
    """Delete keys from before yesterday: no window reaches back to them."""
    yesterday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    connection.execute(delete(KEYS).where(KEYS.c.made_at < yesterday))
