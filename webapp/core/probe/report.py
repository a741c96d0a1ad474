"""The report of a connection test: stages, failures, and its JSON shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from webapp.core.account import Server

VERSION = 1


class Protocol(StrEnum):
    POP3 = "pop3"
    SMTP = "smtp"


# Full circle: the marked mail, then two looks for it; in `Report.circle`, apart from the other stages.
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
    """Where the test runs. A diagnosis may be limited to one of them."""

    SERVER = "server"
    THIS_COMPUTER = "this-computer"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"  # password sent, no reply: counted, never repeated
    INTERRUPTED = "interrupted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class FailureKind(StrEnum):
    """Why a stage failed. A closed set: handlers must be exhaustive."""

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
    """response_code: as sent ("AUTH", "SYS/TEMP", "535", "535 5.7.8") or None. reply: redacted, ≤ 200 characters."""

    kind: FailureKind
    response_code: str | None = None
    reply: str | None = None


Detail = Mapping[str, "str | int | bool | list[str]"]  # quoted for Python 3.9, in the single-file check


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the dialogue. milliseconds: None until it has ended. detail: facts by name."""

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
    """The result of STAT."""

    messages: int
    octets: int


@dataclass(frozen=True, slots=True)
class Circle:
    """The state of a full circle: the stages of CIRCLE_STAGES, in order.

    A look that does not find the mail, or breaks off, is a warning: it proves nothing. It fails only where the login
    is refused or not answered.
    """

    stages: tuple[Stage, ...]

    @property
    def sent(self) -> bool | None:
        """Whether the mail was sent; None for unknown (sent without a reply)."""
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
        """Return the stages that show the result: of several looks, the last."""
        ended = [look for look in self.looks if look.status in (Status.PASSED, Status.WARNING, Status.FAILED)]
        return (self.stages[0], *ended[-1:])

    def to_json(self) -> dict[str, Any]:
        return {"sent": self.sent, "found": self.found, "stages": [stage.to_json() for stage in self.stages]}


@dataclass(frozen=True, slots=True)
class Report:
    """A connection test so far. POP3 stages come before SMTP stages.

    address: unshortened; `to_json` shortens it by default. circle: None unless it is a full circle.
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
    def word(self) -> str:
        """Return the provider's id as the first word of a report: GMX, NORDLICHT."""
        return self.provider.partition(".")[0].upper()

    @property
    def passed(self) -> bool:
        """Whether the run has ended without a failed stage."""
        return self.state is RunState.PASSED

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        return self.stages + (self.circle.stages if self.circle else ())

    def failures(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.all_stages if stage.status is Status.FAILED)

    def with_stage(self, stage: Stage) -> Report:
        """Return this report with `stage` replacing the one of its protocol and id."""
        circle = self.circle and replace(self.circle, stages=_put(stage, self.circle.stages))
        return replace(self, stages=_put(stage, self.stages), circle=circle)


def _put(stage: Stage, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    return tuple(stage if (old.protocol, old.stage) == (stage.protocol, stage.stage) else old for old in stages)


def pending(protocol: Protocol, names: Iterable[str], server: Server) -> tuple[Stage, ...]:
    """Return the stages `names` of a conversation with `server` that has not begun."""
    return tuple(Stage(protocol, name, server.hostname, server.port) for name in names)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
