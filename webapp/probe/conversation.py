"""One protocol's side of a run: its stages in order, each recorded as it begins and ends.

A stage is a method that returns what it found, or raises Failed; after a failure the rest is skipped.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

from webapp.account import Server, SocketType
from webapp.probe import certificate
from webapp.probe.connection import (
    Address,
    Cancelled,
    Clock,
    Connection,
    Failed,
    connect,
    has_authorities,
    look_up,
    unverified_context,
)
from webapp.probe.dialogue import Broken, Dialogue, Reply, command
from webapp.probe.limits import Limits
from webapp.probe.redaction import Redaction
from webapp.probe.report import STAGES, Detail, Failure, FailureKind, Mailbox, Protocol, Report, Stage, Status
from webapp.probe.secret import Secret

log = logging.getLogger(__name__)

INITIAL_RESPONSE_MAX = 255  # octets of a POP3 command with its end (RFC 2449 section 4), shorter than SMTP's 512


class Record:
    """The report while it grows; both protocols write to it, from two threads."""

    def __init__(self, report: Report, on_stage: Callable[[Stage], None] | None) -> None:
        self._lock = threading.Lock()
        self._on_stage = on_stage
        self._report = report  # as it was at the beginning
        self._stages = {(stage.protocol, stage.stage): stage for stage in report.all_stages}
        self._password_sent = report.password_sent
        self._mailbox = report.mailbox
        self.unanswered = False  # a password was sent, and no reply came that could be understood
        self.cancelled = False

    @property
    def report(self) -> Report:
        """The report as it is now."""
        with self._lock:
            begun, known = self._report, tuple(self._stages.values())
            own = len(begun.stages)
            circle = begun.circle and replace(begun.circle, stages=known[own:])
            return replace(
                begun, stages=known[:own], circle=circle, password_sent=self._password_sent, mailbox=self._mailbox
            )

    def stage(self, stage: Stage) -> None:
        with self._lock:
            self._stages[stage.protocol, stage.stage] = stage
            if self._on_stage is None:
                return
            try:
                self._on_stage(stage)
            except Exception as error:
                # Whoever watches must not end a run: it might be in the middle of a login.
                log.warning("nobody was told of %s %s: %s", stage.protocol.value, stage.stage, type(error).__name__)

    def password_sent(self) -> None:
        with self._lock:
            self._password_sent = True

    def mailbox(self, mailbox: Mailbox) -> None:
        with self._lock:
            self._mailbox = mailbox


class Gate:
    """What receiving found out about the login; sending waits for it."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._open = False

    def set(self, opened: bool) -> None:
        """Say whether POP3 answered +OK to the login; only the first word counts."""
        if not self._known.is_set():
            self._open = opened
            self._known.set()

    def wait(self, clock: Clock) -> bool:
        """Return what POP3 said, as soon as it is known; False when the run is over before. Raises Cancelled."""
        for wait in clock.waits(clock.left):
            if self._known.wait(wait):
                return self._open
        return False


@dataclass(frozen=True, slots=True)
class Setting:
    """What both protocols of a run share."""

    user: str
    password: Secret | None  # None: no login
    tls: ssl.SSLContext
    clock: Clock
    limits: Limits
    record: Record
    gate: Gate
    redact: Redaction


@dataclass(frozen=True, slots=True)
class Found:
    """What a stage that did not fail found: facts by name, whether to warn, and of which kind of failure if any."""

    detail: Detail
    warning: bool = False
    failure: FailureKind | None = None


SKIP = None  # what a stage returns that does not apply
NOTHING = Found({})


class Conversation(ABC, Generic[Reply]):
    """The stages of one protocol with one server."""

    protocol: Protocol

    def __init__(self, server: Server, setting: Setting, dialogue: Dialogue[Reply]) -> None:
        self.server = server
        self.setting = setting
        self._dialogue: Dialogue[Reply] = dialogue
        self._early: list[Reply | Broken] = []  # replies that came together with the one before
        self._addresses: list[Address] = []
        self._address: Address | None = None  # the one that answered
        self._connection: Connection | None = None
        self._awaiting_login = False
        self._polite = False  # the server waits for a command

    @property
    def order(self) -> tuple[str, ...]:
        """The ids of all stages, in the order in which they run."""
        return STAGES[self.protocol]

    @abstractmethod
    def stages(self) -> dict[str, Callable[[], Found | None]]:
        """Return the stages behind `tls`, by id, in order."""

    def run(self) -> None:
        """Go through all stages; raises nothing."""
        work = {"resolve": self._resolve, "connect": self._connect, "tls": self._tls, **self.stages()}
        failed = False
        try:
            for name in self.order:
                failed = not self._one(name, work[name], skipped=failed) or failed
        finally:
            if self._connection is not None:
                if failed and self._polite:
                    self._say_goodbye()
                self._connection.close()

    def _one(self, name: str, work: Callable[[], Found | None], *, skipped: bool) -> bool:
        """Run one stage and record it; return False where it failed or the run was cancelled."""
        stage = Stage(self.protocol, name, self.server.hostname, self.server.port)
        record = self.setting.record
        if skipped:
            record.stage(replace(stage, status=Status.SKIPPED))
            return False
        try:
            self._before(name)
            record.stage(replace(stage, status=Status.RUNNING))
            ended = self._ended(stage, work)
        except Cancelled:
            record.cancelled = True
            ended = replace(stage, status=Status.SKIPPED)
        if self._awaiting_login:
            record.unanswered = True
        log.debug("%s %s %s in %s ms", self.protocol.value, name, ended.status.value, ended.milliseconds)
        record.stage(ended)
        return ended.status is not Status.FAILED and not record.cancelled

    def _ended(self, stage: Stage, work: Callable[[], Found | None]) -> Stage:
        """Do the work of a stage; return how it ended, skipped where it does not apply. Raises Cancelled."""
        began = time.monotonic()
        failure, detail = None, NOTHING.detail
        try:
            found = work()
            status = Status.SKIPPED if found is None else Status.WARNING if found.warning else Status.PASSED
            if found is not None:
                detail, failure = found.detail, Failure(found.failure) if found.failure else None
        except Failed as failed:
            reply = None if failed.reply is None else self.setting.redact(failed.reply)
            status, detail = Status.FAILED, failed.detail
            failure = Failure(failed.kind, failed.response_code, reply)
        except Cancelled:
            raise
        except Exception as error:
            # The type and no word of the message: it could hold what was sent.
            name = type(error).__name__
            log.error("%s %s ended in %s", self.protocol.value, stage.stage, name)
            status, detail, failure = Status.FAILED, {"error": name}, Failure(FailureKind.UNEXPECTED)
        milliseconds = None if status is Status.SKIPPED else round((time.monotonic() - began) * 1000, 1)
        return Stage(stage.protocol, stage.stage, stage.host, stage.port, status, milliseconds, detail, failure)

    def _before(self, name: str) -> None:
        """Wait for what the stage `name` needs from elsewhere; its time does not count. Raises Cancelled."""

    # Stages that both protocols share

    def _resolve(self) -> Found:
        """Ask the system for the addresses, IPv6 and IPv4."""
        setting = self.setting
        self._addresses = look_up(self.server.hostname, self.server.port, setting.clock, setting.limits)
        return Found({"addresses": [address[1] for address in self._addresses]})

    def _connect(self) -> Found:
        """Connect to the first address that answers. One that stays silent is a warning: mail programs wait there."""
        setting = self.setting
        sock, address, refusals = connect(self._addresses, setting.clock, setting.limits)
        self._connection, self._address = Connection(sock, setting.clock, setting.limits), address
        detail: Detail = {"address": address[1], "refusals": [str(refusal) for refusal in refusals]}
        silent = any(refusal.kind is FailureKind.TIMED_OUT for refusal in refusals)
        return Found(detail, warning=silent, failure=FailureKind.TIMED_OUT if silent else None)

    def _tls(self) -> Found | None:
        """RFC 8314 section 3: implicit TLS. With STARTTLS the handshake belongs to the stage of that name."""
        return self._shake_hands() if self.server.socket_type is SocketType.SSL else SKIP

    def _shake_hands(self) -> Found:
        try:
            self.connection.start_tls(self.setting.tls, self.server.hostname)
        except Failed as failed:
            if not failed.kind.value.startswith("certificate_"):
                raise
            raise self._with_certificate(failed) from None
        return Found(self._shown(certificate.facts(self.connection.tls)))

    def _shake_hands_after_plain_text(self) -> Found:
        """RFC 2595 section 4, RFC 3207 section 6: nothing that came before the handshake may be believed after it."""
        self._refuse_injected_text()
        try:
            return self._shake_hands()
        except Failed as failed:
            if (
                failed.kind is FailureKind.PLAINTEXT_ON_TLS_PORT
            ):  # it came a moment later, in the server's hello's place
                raise Failed(FailureKind.STARTTLS_INJECTED, detail=failed.detail) from None
            raise

    def _refuse_injected_text(self) -> None:
        if self._early or self._dialogue.unread or self.connection.has_more():
            raise Failed(FailureKind.STARTTLS_INJECTED)

    def _with_certificate(self, failed: Failed) -> Failed:
        """Fetch the certificate that was refused, on a second connection that verifies nothing and never logs in."""
        try:
            chain = self._presented_certificates()
        except Failed:
            chain = []
        kind = failed.kind
        detail = {**failed.detail, **(certificate.certificate_facts(chain[0]) if chain else {})}
        if kind is FailureKind.CERTIFICATE_UNTRUSTED:
            if has_authorities(self.setting.tls):
                kind = certificate.explain_untrusted(chain)
            else:
                detail["trust_store"] = "empty"  # then nobody's certificate can be trusted
        return Failed(kind, detail=self._shown(detail))

    def _presented_certificates(self) -> list[certificate.Certificate]:
        if self._address is None:
            return []
        setting = self.setting
        sock, _, _ = connect([self._address], setting.clock, setting.limits)
        connection = Connection(sock, setting.clock, setting.limits)
        try:
            if self.server.socket_type is SocketType.STARTTLS:
                self._ask_for_tls(connection)
            connection.start_tls(unverified_context(), self.server.hostname)
            return certificate.presented(connection.tls)
        finally:
            connection.close()

    @abstractmethod
    def _ask_for_tls(self, connection: Connection) -> None:
        """Lead another connection to the point where its handshake begins; raises Failed."""

    def _shown(self, detail: Detail) -> Detail:
        """Return `detail` fit to be kept: its texts are the server's."""
        redact = self.setting.redact
        return {
            name: redact(value)
            if isinstance(value, str)
            else list(map(redact, value))
            if isinstance(value, list)
            else value
            for name, value in detail.items()
        }

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise Failed(FailureKind.UNEXPECTED)
        return self._connection

    def _next(self) -> Reply:
        """Return the next reply that is owed; raises Failed."""
        self._polite = False  # while a reply is owed there is nothing to say
        reply = self._read(self.connection, self._dialogue, self._early)
        self._polite = True
        return reply

    def _read(self, connection: Connection, dialogue: Dialogue[Reply], early: list[Reply | Broken]) -> Reply:
        waits = self.setting.clock.waits(self.setting.limits.reply)
        early += dialogue.receive(b"")
        while not early:
            early += dialogue.receive(connection.receive(waits))
        event = early.pop(0)
        if isinstance(event, Broken):
            raise Failed(event.kind, event.excerpt)
        return event

    def _say_goodbye(self) -> None:
        """Send QUIT after a refusal and wait for no answer."""
        with contextlib.suppress(Failed):
            self.connection.send(command("QUIT"))
