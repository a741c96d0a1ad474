"""The tables. Every room adds its own here, with a migration in migrations/versions.

Types are portable between SQLite and PostgreSQL. Times are `UTCDateTime`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Index, LargeBinary, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides. SQLite keeps no time zone, so it is kept without and put back."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of every table. Constraints get names by rule, so that a migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DownloadLink(Base):
    """A link to somebody's files: `webapp.downloads.links` writes and reads it.

    token_hash: SHA-256 of the token. sealed: nonce and ciphertext, which only the token opens.
    """

    __tablename__ = "download_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Lease(Base):
    """When a periodic duty is due again; whoever moves `until` on does it."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime] = mapped_column(UTCDateTime)


class HealthSample(Base):
    """One check of a provider's server without a password: how it ended, and after how many milliseconds."""

    __tablename__ = "health_samples"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    provider: Mapped[str] = mapped_column(String(64))
    protocol: Mapped[str] = mapped_column(String(8))
    port: Mapped[int]
    failure: Mapped[str | None] = mapped_column(String(40))  # of FailureKind; None: it answered
    milliseconds: Mapped[int]  # from the name to the end of the greeting


# Limits of the connection test (webapp.connection_tests.limits)


class Attempt(Base):
    """Something that is counted in a moving window. Whose it is stands here as a keyed hash only."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_kind_hashed_at", "kind", "hashed", "at"), Index("ix_attempts_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    hashed: Mapped[str] = mapped_column(String(64))
    amount: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Pause(Base):
    """Something that is switched off for everybody until then."""

    __tablename__ = "pauses"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    until: Mapped[datetime] = mapped_column(UTCDateTime)


# The API (webapp.api.keys)


class ApiKey(Base):
    """A key to the API. Of the key itself only a hash stands here."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    hashed: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256, hexadecimal
    scopes: Mapped[str] = mapped_column(String(200))  # separated by blanks
    per_minute: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
