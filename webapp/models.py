"""The tables. Every room adds its own here, with a migration in migrations/versions.

Types are portable between SQLite and PostgreSQL. Times are `UTCDateTime`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    false,
)
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


# The helpdesk: agents


class Agent(Base):
    """Somebody who helps. Nothing here opens an account by itself: passwords are hashed, secrets sealed."""

    __tablename__ = "agents"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(254), unique=True)  # lower case; a mail address where OIDC is used
    name: Mapped[str] = mapped_column(String(64))  # as people see it
    role: Mapped[str] = mapped_column(String(8))  # agent, admin
    password_hash: Mapped[str | None] = mapped_column(String(255))  # argon2id
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    totp_step: Mapped[int] = mapped_column(default=0)  # of the last code accepted; none is good twice
    failures: Mapped[int] = mapped_column(default=0)  # refused sign-ins since the last good one
    locked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    setup_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256 of a first-run link
    setup_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    oidc_subject: Mapped[str | None] = mapped_column(String(512), unique=True)  # issuer, blank, subject
    may_bulk: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # an admin always may


class BulkJob(Base):
    """Files for many people that an agent has made; deleted an hour later. What names a person is sealed."""

    __tablename__ = "bulk_jobs"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(12))  # running, ready, interrupted
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when it last said how far it is
    rows: Mapped[int]
    done: Mapped[int]
    bad: Mapped[int]
    remarks: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON
    archive: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed ZIP


class AgentSession(Base):
    """A signed-in browser. The cookie holds the token, the table its SHA-256."""

    __tablename__ = "agent_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(8))  # password: the second factor is still to come; full
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    browser: Mapped[str] = mapped_column(String(40))
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)  # of the passkey ceremony under way
    enrolling: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed TOTP secret, not yet confirmed


class Passkey(Base):
    """A WebAuthn credential, the second factor of an agent."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RecoveryCode(Base):
    """A code for the day the second factor is lost; deleted when used."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)  # HMAC-SHA-256
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)


class AuditEntry(Base):
    """What an agent or the operator did. Names agents and case references, never a person."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    agent: Mapped[str] = mapped_column(String(254))  # the login, as it was; "" for the command line
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(254))


class HelpdeskAttempt(Base):
    """One try at something that is limited; `bucket` is a keyed hash of who tries what."""

    __tablename__ = "helpdesk_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    bucket: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


# The helpdesk: cases


class Case(Base):
    """One person being helped. Deleted after WEBAPP_HELPDESK_RETENTION with all that hangs on it."""

    __tablename__ = "cases"
    # No id twice: a test that still runs for a deleted case must not tell a new one.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"), index=True)
    ticket: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[str] = mapped_column(String(12), index=True)  # of webapp.helpdesk.cases.State
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    touched_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    joined_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    person_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256 of the person's token
    link_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # HMAC-SHA-256
    link_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    words: Mapped[str] = mapped_column(String(40), default="")  # the two check words
    sequence: Mapped[int] = mapped_column(default=0)  # grows with every change; the ETag of the live view
    address: Mapped[str] = mapped_column(String(254), default="")  # shortened unless the person shares it
    shares_address: Mapped[bool] = mapped_column(default=False)
    prefill: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    counted: Mapped[bool] = mapped_column(default=False)  # in the statistics


class CaseEvent(Base):
    """Something that happened in a case, in the closed vocabulary of webapp.helpdesk.vocabulary."""

    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(8))
    words: Mapped[dict[str, Any]] = mapped_column(JSON)


class CaseNote(Base):
    """A note of an agent, plain text."""

    __tablename__ = "case_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    agent: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    text: Mapped[str] = mapped_column(String(1000))


class CaseRun(Base):
    """Which case a connection test belongs to: a worker reports its stages by the id of the run alone."""

    __tablename__ = "case_runs"

    run_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # 1 for the first test of the case


class Delivery(Base):
    """A report on its way to another system."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    target: Mapped[str] = mapped_column(String(12))  # webhook, zammad, znuny, osticket
    reference: Mapped[str] = mapped_column(String(8), index=True)  # of the case
    report: Mapped[dict[str, Any]] = mapped_column(JSON)  # emptied once delivered
    state: Mapped[str] = mapped_column(String(10), index=True)  # pending, delivered, dead
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)  # while it is being sent: when somebody else may
    problem: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Count(Base):
    """How often something was so on one day. Counts name no person and outlive the cases."""

    __tablename__ = "helpdesk_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int]


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
