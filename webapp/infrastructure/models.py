"""The tables of all rooms. Each change needs a migration in migrations/versions.

Types are portable between SQLite and PostgreSQL. Times are `UTCDateTime`.
"""

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
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.core.text import N_, Word


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored without time zone because SQLite has none."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of every table. Constraints are named by convention, so that migrations can find them."""

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
    """A helpdesk agent. Passwords are hashed, secrets sealed."""

    __tablename__ = "agents"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(254), unique=True)  # lower case; a mail address where OIDC is used
    name: Mapped[str] = mapped_column(String(64))  # as people see it
    role: Mapped[str] = mapped_column(String(8))  # agent, admin
    password_hash: Mapped[str | None] = mapped_column(String(255))  # argon2id
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    totp_step: Mapped[int] = mapped_column(default=0)  # of the last accepted code, against replay
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    setup_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256 of a first-run link
    setup_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    oidc_subject: Mapped[str | None] = mapped_column(String(512), unique=True)  # issuer, blank, subject
    may_bulk: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # admins always may


class BulkJob(Base):
    """A bulk export of an agent; deleted after an hour. Personal data is sealed."""

    __tablename__ = "bulk_jobs"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(12))  # running, ready, interrupted
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)  # last progress
    rows: Mapped[int]
    done: Mapped[int]
    bad: Mapped[int]
    remarks: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON
    archive: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed ZIP


class AgentSession(Base):
    """A signed-in browser. The cookie has the token, the table its SHA-256."""

    __tablename__ = "agent_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    level: Mapped[str] = mapped_column("stage", String(8))  # password: second factor pending; full
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    browser: Mapped[str] = mapped_column(String(40))
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)  # of the pending passkey ceremony
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
    """A one-time code for a lost second factor; deleted when used."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)  # SHA-256
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    # Codes of earlier versions were shorter: HMAC-SHA-256 with the site's key instead.
    keyed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=true())


class AuditEntry(Base):
    """An action of an agent or the operator. Names agents and case references, never a person."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    agent: Mapped[str] = mapped_column(String(254))  # the login, as it was; "" for the command line
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(254))


# The helpdesk: cases


class CaseState(Word):
    WAITING = "waiting", N_("waits for help")  # the person pressed “Hilfe holen”; nobody helps yet
    BOOKED = "booked", N_("calls at a time")  # the person calls at a time they chose
    INVITED = "invited", N_("invited")  # the agent made the case; nobody has come yet
    CONFIRMING = "confirming", N_("about to connect")  # link or code was used; the person has not yet agreed
    JOINED = "joined", N_("connected")
    ENDED = "ended", N_("ended by the person")
    CLOSED = "closed", N_("closed")  # by the agent, or by time


class Outcome(Word):
    SOLVED = "solved", N_("Solved: mail arrives in the program")
    BY_HAND = "by-hand", N_("Solved another way")
    NOT_SOLVED = "not-solved", N_("Not solved")
    BROKEN_OFF = "broken-off", N_("The call broke off")
    EXPIRED = "expired", N_("Never closed")  # nobody closed it


class Case(Base):
    """A helpdesk case. Deleted after WEBAPP_HELPDESK_RETENTION with its events, notes and runs."""

    __tablename__ = "cases"
    # No id twice: a test that still runs for a deleted case must not report to a new one.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"), index=True)
    ticket: Mapped[str] = mapped_column(String(40), default="")
    label: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))  # the agent's name for it
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when the person's page last asked
    state: Mapped[str] = mapped_column(String(12), index=True)  # a CaseState
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    touched_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    joined_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))  # an Outcome
    person_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256 of the person's token
    link_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # HMAC-SHA-256
    link_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    call_from: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the code of a call at a time is good from here on
    check_words: Mapped[str] = mapped_column("words", String(40), default="")  # the two check words
    sequence: Mapped[int] = mapped_column(default=0)  # grows with every change; the ETag of the live view
    address: Mapped[str] = mapped_column(String(254), default="")  # shortened unless the person shares it
    shares_address: Mapped[bool] = mapped_column(default=False)
    prefill: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    counted: Mapped[bool] = mapped_column(default=False)  # in the statistics


class CaseEvent(Base):
    """An event of a case, in the closed vocabulary of webapp.helpdesk.vocabulary."""

    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(8))
    details: Mapped[dict[str, Any]] = mapped_column("words", JSON)


class CaseNote(Base):
    """A note of an agent, plain text."""

    __tablename__ = "case_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    agent: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    text: Mapped[str] = mapped_column(String(1000))


class CaseRun(Base):
    """The case of a connection test: workers report stages by run id only."""

    __tablename__ = "case_runs"

    run_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # 1 for the first test of the case


class CaseWatcher(Base):
    """The colleague whom the agent of a case lets look on, once the person has agreed."""

    __tablename__ = "case_watchers"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    agreed: Mapped[bool] = mapped_column(default=False)


class Course(Base):
    """A course of one day: its places are links on a sheet of paper. Deleted after its day."""

    __tablename__ = "courses"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(34))
    day: Mapped[date]  # where the helpdesk is
    places: Mapped[int]
    seed: Mapped[bytes] = mapped_column(LargeBinary)  # sealed; the links are made of it
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # None: closed


class CoursePlace(Base):
    """A link on the sheet of a course."""

    __tablename__ = "course_places"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)  # SHA-256
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"), index=True)


class Delivery(Base):
    """A delivery of webapp.infrastructure.outbox."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    target: Mapped[str] = mapped_column(String(12))  # operator, webhook, zammad
    reference: Mapped[str] = mapped_column(String(8), index=True)  # of the case it is about; "" for none
    body: Mapped[dict[str, Any]] = mapped_column("report", JSON)  # emptied once delivered where it is about a case
    state: Mapped[str] = mapped_column(String(10), index=True)  # pending, delivered, dead
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)  # while it is sent: end of the claim
    problem: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Count(Base):
    """Statistics of one day; names no person and outlives the cases."""

    __tablename__ = "helpdesk_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int]


class DownloadLink(Base):
    """A download link of `webapp.web.downloads.links`. token_hash: SHA-256. sealed: opens with the token only."""

    __tablename__ = "download_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Lease(Base):
    """The lease of a duty of webapp.infrastructure.background."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime] = mapped_column(UTCDateTime)  # when it is due again
    holder: Mapped[str | None] = mapped_column(String(16))  # the process that runs the duty
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)  # end of the lease, renewed while the duty runs


class HealthSample(Base):
    """Result of one health check of a provider's server, without a password."""

    __tablename__ = "health_samples"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    provider: Mapped[str] = mapped_column(String(64))
    protocol: Mapped[str] = mapped_column(String(8))
    port: Mapped[int]
    failure: Mapped[str | None] = mapped_column(String(40))  # of FailureKind; None: it answered
    milliseconds: Mapped[int]  # from the name to the end of the greeting


# Limits (webapp.infrastructure.limits). Of these only pauses are copied into a backup.


class LimitRow(Base):
    """A try, counted in sliding windows; by whom is stored as keyed hashes only."""

    __tablename__ = "limits"
    __table_args__ = (Index("ix_limits_bucket_at", "bucket", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # account, address, code ...
    bucket: Mapped[bytes] = mapped_column(LargeBinary(80))  # HMAC-SHA-256 of kind and who; of the breaker: its name
    click: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)  # HMAC-SHA-256 of the id of the try
    amount: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    state: Mapped[str] = mapped_column(String(8))  # of webapp.infrastructure.limits.store.State


class LimitKey(Base):
    """The key with which the tries of one day are hashed; deleted when no window reaches back to it."""

    __tablename__ = "limit_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # with every secret key; empty: the keys of earlier versions


class Pause(Base):
    """An open breaker: its login tests are switched off for everybody."""

    __tablename__ = "pauses"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    until: Mapped[datetime] = mapped_column(UTCDateTime)


class Place(Base):
    """A place in the queue in front of login tests, of nobody: its run id is in the person's own session."""

    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)  # the order
    click: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)  # SHA-256 of the run id
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when its page last asked
    turn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # since when it may go in


# The API (webapp.api.keys)


class ApiKey(Base):
    """An API key, stored as a hash."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    hashed: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256, hexadecimal
    scopes: Mapped[str] = mapped_column(String(200))  # separated by blanks
    per_minute: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
