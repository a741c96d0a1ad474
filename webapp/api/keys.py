"""API keys: made at the command line, shown once, kept as a hash, with scopes and a limit of their own.

A key is 256 random bits, so that one round of SHA-256 protects it in the database: there is nothing to guess.
"""

import hashlib
import re
import secrets
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.core.text import N_, InputError
from webapp.infrastructure import db
from webapp.infrastructure.config import Config, Scope
from webapp.infrastructure.models import ApiKey

PREFIX = "gmxpop_"  # so that scanners of published code recognise a key
NAME_MAX = 40
REQUESTS_PER_MINUTE = 600

_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{NAME_MAX - 1}}}")


def add(config: Config, name: str, scopes: frozenset[Scope], per_minute: int = REQUESTS_PER_MINUTE) -> str:
    """Return a new key named `name`, which is shown this once; raises InputError for a name of no use."""
    if not _NAME.fullmatch(name):
        raise InputError(
            N_("The name of a key is made of a-z, 0-9, dots and hyphens, at most %(limit)s."), limit=NAME_MAX
        )
    token = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        name=name,
        hashed=_hash(token),
        scopes=" ".join(sorted(scopes)),
        per_minute=per_minute,
        created_at=datetime.now(UTC),
    )
    try:
        with db.begin(config) as session:
            session.add(key)
    except IntegrityError:
        raise InputError(N_("There is a key named “%(name)s” already."), name=name) from None
    return token


def revoke(config: Config, name: str) -> None:
    """Make the key named `name` worth nothing, at once; raises InputError where there is none."""
    with db.begin(config) as session:
        key = session.scalar(select(ApiKey).where(ApiKey.name == name))
        if key is None:
            raise InputError(N_("There is no key named “%(name)s”."), name=name)
        key.revoked_at = key.revoked_at or datetime.now(UTC)


def listed(config: Config) -> list[ApiKey]:
    """Return every key, oldest first."""
    with db.read(config) as session:
        return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def find(token: str) -> ApiKey | None:
    """Return the key that `token` is, or None where there is none or it was revoked; needs an application context."""
    if not _TOKEN.fullmatch(token):
        return None
    with db.read() as session:
        return session.scalar(select(ApiKey).where(ApiKey.hashed == _hash(token), ApiKey.revoked_at.is_(None)))


def scopes_of(key: ApiKey | None) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in key.scopes.split()) if key else frozenset()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
