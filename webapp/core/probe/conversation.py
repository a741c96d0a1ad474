"""One protocol's side of a run: its stages in order, each recorded as it begins and ends.

A stage is a method that returns Found, or raises Failed; after a failure the rest is skipped.
"""

from __future__ import annotations

import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from webapp.core.account import Server, SocketType
from webapp.core.probe import certificate
from webapp.core.probe.connection import (
    Address,
    Cancelled,
    Connection,
    Failed,
    connect,
    has_authorities,
    look_up,
    unverified_context,
)
from webapp.core.probe.context import RunContext
from webapp.core.probe.dialogue import Broken, Dialogue, Reply, command
from webapp.core.probe.report import Detail, Failure, FailureKind, Protocol, Stage, Status
from webapp.core.probe.secret import Secret
from webapp.core.text import N_

log = logging.getLogger(__name__)

INITIAL_RESPONSE_MAX = 255  # octets of a POP3 command with CR LF (RFC 2449 section 4); SMTP allows 512


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a stage that did not fail: facts by name, and for a warning its kind of failure."""

    detail: Detail
    warning: bool = False
    failure: FailureKind | None = None


SKIP = None  # the result of a stage that does not apply
NOTHING = Found({})


@dataclass(frozen=True, slots=True)
class StageKind:
    """The description of a stage.

    label: for people. verbs: the commands it may send. needs_login: skipped without a login.
    conditional: applies to one kind of encryption only, and is hidden for the other.
    """

    id: str
    label: str
    verbs: tuple[str, ...]
    needs_login: bool
    conditional: bool


Method = TypeVar("Method", bound=Callable[..., Any])


def as_stage(
    label: str, *verbs: str, needs_login: bool = False, conditional: bool = False
) -> Callable[[Method], Method]:
    """Mark a method as a stage, in the order of the class; its name without the underscore is the id."""

    def entry(method: Method) -> Method:
        kind = StageKind(method.__name__.lstrip("_"), label, verbs, needs_login, conditional)
        setattr(method, _KIND, kind)
        return method

    return entry


_KIND = "stage_kind"


class Conversation(ABC, Generic[Reply]):
    """The stages of one protocol with one server: the methods that are marked with `as_stage`.

    kinds: by id. order: the ids in order. verbs: the only commands that `_command` makes.
    """

    protocol: ClassVar[Protocol]
    kinds: ClassVar[Mapping[str, StageKind]]
    order: ClassVar[tuple[str, ...]]
    verbs: ClassVar[frozenset[str]]

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        methods = [method for base in reversed(cls.__mro__) for method in vars(base).values()]
        cls.kinds = {kind.id: kind for method in methods if (kind := getattr(method, _KIND, None))}
        cls.verbs = frozenset(verb for kind in cls.kinds.values() for verb in kind.verbs)
        if "order" not in vars(cls):
            cls.order = tuple(cls.kinds)

    def __init__(self, server: Server, context: RunContext, dialogue: Dialogue[Reply]) -> None:
        self.server = server
        self.context = context
        self._dialogue: Dialogue[Reply] = dialogue
        self._early: list[Reply | Broken] = []  # received ahead, by pipelining
        self._addresses: list[Address] = []
        self._address: Address | None = None  # the connected one
        self._connection: Connection | None = None
        self._logs_in = context.password is not None
        self._awaiting_login = False
        self._may_quit = False  # no reply is outstanding

    @classmethod
    def _command(cls, verb: str, *arguments: str) -> bytes:
        """Return a command line; raises ValueError for a verb that no stage names, and as `command` does.

        A mail is never read, deleted or moved: no stage names a verb for that.
        """
        if verb not in cls.verbs:
            raise ValueError("a verb that no stage names")
        return command(verb, *arguments)

    def run(self) -> None:
        """Run all stages; raises nothing."""
        failed = False
        try:
            for name in self.order:
                failed = not self._run_stage(name, skipped=failed) or failed
        finally:
            if self._connection is not None:
                if failed and self._may_quit:
                    self._quit_unheard()
                self._connection.close()

    def _run_stage(self, name: str, *, skipped: bool) -> bool:
        """Run and record one stage; return False where it failed or the run was cancelled."""
        stage = Stage(self.protocol, name, self.server.hostname, self.server.port)
        recorder = self.context.recorder
        if skipped:
            recorder.stage(replace(stage, status=Status.SKIPPED))
            return False
        try:
            self._wait_before(name)
            recorder.stage(replace(stage, status=Status.RUNNING))
            ended = self._perform(stage)
        except Cancelled:
            recorder.cancelled = True
            ended = replace(stage, status=Status.SKIPPED)
        if self._awaiting_login:
            recorder.unanswered = True
        log.debug("%s %s %s in %s ms", self.protocol.value, name, ended.status.value, ended.milliseconds)
        recorder.stage(ended)
        return ended.status is not Status.FAILED and not recorder.cancelled

    def _perform(self, stage: Stage) -> Stage:
        """Run the method of a stage; return the ended stage, skipped where it does not apply. Raises Cancelled."""
        needless = self.kinds[stage.stage].needs_login and not self._logs_in
        work: Callable[[], Found | None] = getattr(self, f"_{stage.stage}")
        began = time.monotonic()
        failure, detail = None, NOTHING.detail
        try:
            found = SKIP if needless else work()
            status = Status.SKIPPED if found is None else Status.WARNING if found.warning else Status.PASSED
            if found is not None:
                detail, failure = found.detail, Failure(found.failure) if found.failure else None
        except Failed as failed:
            reply = None if failed.reply is None else self.context.redact(failed.reply)
            status, detail = Status.FAILED, failed.detail
            failure = Failure(failed.kind, failed.response_code, reply)
        except Cancelled:
            raise
        except Exception as error:
            # Only the type: the message could contain what was sent.
            name = type(error).__name__
            log.error("%s %s ended in %s", self.protocol.value, stage.stage, name)
            status, detail, failure = Status.FAILED, {"error": name}, Failure(FailureKind.UNEXPECTED)
        milliseconds = None if status is Status.SKIPPED else round((time.monotonic() - began) * 1000, 1)
        return Stage(stage.protocol, stage.stage, stage.host, stage.port, status, milliseconds, detail, failure)

    def _wait_before(self, name: str) -> None:
        """Hook: wait for a precondition of `name`, outside its time-out. Raises Cancelled."""

    # Stages that both protocols share

    @as_stage(N_("Look up the name"))
    def _resolve(self) -> Found:
        """Resolve IPv6 and IPv4 addresses with the system's resolver."""
        context = self.context
        self._addresses = look_up(self.server.hostname, self.server.port, context.clock, context.bounds)
        return Found({"addresses": [address[1] for address in self._addresses]})

    @as_stage(N_("Connect"))
    def _connect(self) -> Found:
        """Connect to the first address that answers. A silent one before it is a warning: mail programs hang there."""
        context = self.context
        sock, address, refusals = connect(self._addresses, context.clock, context.bounds)
        self._connection, self._address = Connection(sock, context.clock, context.bounds), address
        detail: Detail = {"address": address[1], "refusals": [str(refusal) for refusal in refusals]}
        silent = any(refusal.kind is FailureKind.TIMED_OUT for refusal in refusals)
        return Found(detail, warning=silent, failure=FailureKind.TIMED_OUT if silent else None)

    @as_stage(N_("Encrypt"), conditional=True)
    def _tls(self) -> Found | None:
        """RFC 8314 section 3: implicit TLS. The stages stls and starttls do their own handshake."""
        return self._shake_hands() if self.server.socket_type is SocketType.SSL else SKIP

    def _shake_hands(self) -> Found:
        try:
            self.connection.start_tls(self.context.tls, self.server.hostname)
        except Failed as failed:
            if not failed.kind.value.startswith("certificate_"):
                raise
            raise self._with_certificate(failed) from None
        return Found(self._redacted(certificate.facts(self.connection.tls)))

    def _shake_hands_after_plain_text(self) -> Found:
        """RFC 2595 section 4, RFC 3207 section 6: discard what came before the handshake; here, fail (injection)."""
        self._refuse_injected_text()
        try:
            return self._shake_hands()
        except Failed as failed:
            if (
                failed.kind is FailureKind.PLAINTEXT_ON_TLS_PORT
            ):  # injected text that arrived in place of the ServerHello
                raise Failed(FailureKind.STARTTLS_INJECTED, detail=failed.detail) from None
            raise

    def _refuse_injected_text(self) -> None:
        if self._early or self._dialogue.unread or self.connection.has_more():
            raise Failed(FailureKind.STARTTLS_INJECTED)

    def _with_certificate(self, failed: Failed) -> Failed:
        """Fetch the refused certificate on a second connection, without verification and without a login."""
        try:
            chain = self._presented_certificates()
        except Failed:
            chain = []
        kind = failed.kind
        detail = {**failed.detail, **(certificate.certificate_facts(chain[0]) if chain else {})}
        if kind is FailureKind.CERTIFICATE_UNTRUSTED:
            if has_authorities(self.context.tls):
                kind = certificate.explain_untrusted(chain)
            else:
                detail["trust_store"] = "empty"  # no certificate can be trusted
        return Failed(kind, detail=self._redacted(detail))

    def _presented_certificates(self) -> list[certificate.Certificate]:
        if self._address is None:
            return []
        context = self.context
        sock, _, _ = connect([self._address], context.clock, context.bounds)
        connection = Connection(sock, context.clock, context.bounds)
        try:
            if self.server.socket_type is SocketType.STARTTLS:
                self._ask_for_tls(connection)
            connection.start_tls(unverified_context(), self.server.hostname)
            return certificate.presented(connection.tls)
        finally:
            connection.close()

    @abstractmethod
    def _ask_for_tls(self, connection: Connection) -> None:
        """Bring `connection` to the start of its handshake (STARTTLS); raises Failed."""

    def _redacted(self, detail: Detail) -> Detail:
        """Return `detail` with its texts redacted: they are the server's."""
        redact = self.context.redact
        return {
            name: redact(value)
            if isinstance(value, str)
            else list(map(redact, value))
            if isinstance(value, list)
            else value
            for name, value in detail.items()
        }

    @property
    def _password(self) -> Secret:
        """The password; only a stage that needs a login asks for it."""
        if self.context.password is None:
            raise Failed(FailureKind.UNEXPECTED)
        return self.context.password

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise Failed(FailureKind.UNEXPECTED)
        return self._connection

    def _next(self) -> Reply:
        """Return the next outstanding reply; raises Failed."""
        self._may_quit = False  # a reply is outstanding
        reply = self._read(self.connection, self._dialogue, self._early)
        self._may_quit = True
        return reply

    def _read(self, connection: Connection, dialogue: Dialogue[Reply], early: list[Reply | Broken]) -> Reply:
        waits = self.context.clock.waits(self.context.bounds.reply)
        early += dialogue.receive(b"")
        while not early:
            early += dialogue.receive(connection.receive(waits))
        event = early.pop(0)
        if isinstance(event, Broken):
            raise Failed(event.kind, event.excerpt)
        return event

    def _quit_unheard(self) -> None:
        """Send QUIT after a failure, without waiting for the reply."""
        with contextlib.suppress(Failed):
            self.connection.send(self._command("QUIT"))
