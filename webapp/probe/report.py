"""The report of a connection test: stages, failures, and the one shape in which everybody gets it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

VERSION = 1


class Protocol(StrEnum):
    POP3 = "pop3"
    SMTP = "smtp"


STAGES: Mapping[Protocol, tuple[str, ...]] = {
    Protocol.POP3: (
        "resolve", "connect", "tls", "greeting", "capa", "stls", "authenticate", "stat", "uidl", "quit",
    ),
    Protocol.SMTP: (
        "resolve", "connect", "tls", "greeting", "ehlo", "starttls", "authenticate", "mail", "rcpt", "rset", "quit",
    ),
}  # fmt: skip


# Full circle: the marked mail, then two looks for it. They stand beside the stages, in `Report.circle`.
CIRCLE_STAGES: tuple[tuple[Protocol, str], ...] = (
    (Protocol.SMTP, "data"), (Protocol.POP3, "look"), (Protocol.POP3, "look_again"),
)  # fmt: skip


class Status(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Vantage(StrEnum):
    """From where the test dials. Some diagnoses may be told from one place only."""

    SERVER = "server"
    THIS_COMPUTER = "this-computer"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"  # password sent, no answer: counted, never repeated
    INTERRUPTED = "interrupted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class FailureKind(StrEnum):
    """Why a stage failed. Closed: whoever handles one handles all."""

    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    TLS_FAILED = "tls_failed"
    TLS_VERSION = "tls_version"
    PLAINTEXT_ON_TLS_PORT = "plaintext_on_tls_port"
    WRONG_PROTOCOL = "wrong_protocol"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CERTIFICATE_SELF_SIGNED = "certificate_self_signed"
    CERTIFICATE_CHAIN_INCOMPLETE = "certificate_chain_incomplete"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_WRONG_HOST = "certificate_wrong_host"
    STARTTLS_MISSING = "starttls_missing"
    STARTTLS_INJECTED = "starttls_injected"
    CAPABILITY_MISSING = "capability_missing"
    AUTHENTICATION_FAILED = "authentication_failed"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    MAILBOX_IN_USE = "mailbox_in_use"
    LOGIN_DELAY = "login_delay"
    PERMANENTLY_REFUSED = "permanently_refused"
    REJECTED_SENDER = "rejected_sender"
    REPLY_TOO_LONG = "reply_too_long"
    PROTOCOL_ERROR = "protocol_error"
    LIMITED = "limited"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Failure:
    """kind; the response code as sent ("AUTH", "SYS/TEMP", "535", "535 5.7.8") or None; the reply, redacted, ≤ 200."""

    kind: FailureKind
    response_code: str | None = None
    reply: str | None = None


Detail = Mapping[str, "str | int | bool | list[str]"]  # in quotes: Python 3.9 runs this in the check of one file


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the dialogue. `milliseconds` is None until it has ended; `detail` holds facts by name."""

    protocol: Protocol
    stage: str
    host: str
    port: int
    status: Status = Status.PENDING
    milliseconds: float | None = None
    detail: Detail = field(default_factory=dict)
    failure: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        failure = self.failure and {
            "kind": self.failure.kind.value,
            "response_code": self.failure.response_code,
            "reply": self.failure.reply,
        }
        return {
            "protocol": self.protocol.value,
            "stage": self.stage,
            "host": self.host,
            "port": self.port,
            "status": self.status.value,
            "milliseconds": self.milliseconds,
            "detail": dict(self.detail),
            "failure": failure,
        }


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What STAT said: how many messages wait, and their octets."""

    messages: int
    octets: int


@dataclass(frozen=True, slots=True)
class Circle:
    """How far a full circle has come: the stages of CIRCLE_STAGES, in that order.

    A look that does not find the mail, or cannot look, is a warning and no failure: it proves nothing. It fails only
    where the login was refused, or was not answered.
    """

    stages: tuple[Stage, ...]

    @property
    def sent(self) -> bool | None:
        """Whether the mail was sent; None where it was handed over and nobody knows what became of it."""
        data = self.stages[0]
        if data.status is Status.RUNNING or data.detail.get("confirmed") is False:
            return None
        return data.status is Status.PASSED

    @property
    def looks(self) -> tuple[Stage, ...]:
        return self.stages[1:]

    @property
    def found(self) -> bool:
        return any(look.status is Status.PASSED for look in self.looks)

    @property
    def telling(self) -> tuple[Stage, ...]:
        """Return the stages that say how it ended: of several looks the last one."""
        ended = [look for look in self.looks if look.status in (Status.PASSED, Status.WARNING, Status.FAILED)]
        return (self.stages[0], *ended[-1:])

    def to_json(self) -> dict[str, Any]:
        return {"sent": self.sent, "found": self.found, "stages": [stage.to_json() for stage in self.stages]}


@dataclass(frozen=True, slots=True)
class Report:
    """A connection test as far as it has come. POP3 stages stand before SMTP stages.

    `address` is whole here; `to_json` shortens it unless asked not to. circle: only in a full circle.
    """

    reference: str
    address: str
    provider: str
    vantage: Vantage
    login: bool
    started_at: datetime  # UTC
    stages: tuple[Stage, ...]
    state: RunState = RunState.RUNNING
    password_sent: bool = False
    mailbox: Mailbox | None = None
    circle: Circle | None = None

    @property
    def passed(self) -> bool:
        """True where the run has ended and no stage failed."""
        return self.state is RunState.PASSED

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        return self.stages + (self.circle.stages if self.circle else ())

    def failures(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.all_stages if stage.status is Status.FAILED)

    def with_stage(self, stage: Stage) -> Report:
        """Return this report with `stage` in the place of the pending one of its name."""
        circle = self.circle and replace(self.circle, stages=_put(stage, self.circle.stages))
        return replace(self, stages=_put(stage, self.stages), circle=circle)


def _put(stage: Stage, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    return tuple(stage if (old.protocol, old.stage) == (stage.protocol, stage.stage) else old for old in stages)


def new_reference() -> str:
    """Return 8 characters of Crockford base32: what a person reads out to the helpdesk."""
    return "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
