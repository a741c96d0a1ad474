"""One protocol's side of a run: its stages in order, each recorded as it begins and ends.

A stage is a method that returns what it found, or raises Failed; after a failure the rest is skipped.
"""

from __future__ import annotations

import base64
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

from webapp.account import Server, SocketType
from webapp.probe.connection import Address, Cancelled, Clock, Connection, Failed, connect, look_up
from webapp.probe.dialogue import Broken, Dialogue, Reply
from webapp.probe.limits import Limits
from webapp.probe.report import STAGES, Detail, Failure, FailureKind, Mailbox, Protocol, Report, Stage, Status
from webapp.probe.secret import Secret

REPLY_MAX = 200  # characters that are kept
INITIAL_RESPONSE_MAX = 255  # octets of a POP3 command with its end (RFC 2449 section 4), shorter than SMTP's 512


class Record:
    """The report while it grows; both protocols write to it, from two threads."""

    def __init__(self, report: Report, on_stage: Callable[[Stage], None] | None) -> None:
        self._lock = threading.Lock()
        self._on_stage = on_stage
        self.report = report
        self.unanswered = False  # a password was sent and nothing came back
        self.cancelled = False

    def stage(self, stage: Stage) -> None:
        with self._lock:
            self.report = self.report.with_stage(stage)
            if self._on_stage is not None:
                self._on_stage(stage)

    def password_sent(self) -> None:
        with self._lock:
            self.report = replace(self.report, password_sent=True)

    def mailbox(self, mailbox: Mailbox) -> None:
        with self._lock:
            self.report = replace(self.report, mailbox=mailbox)


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
        for wait in clock.waits(clock.left):
            if self._known.wait(min(wait, 0.25)):
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


@dataclass(frozen=True, slots=True)
class Found:
    """What a stage that did not fail found: facts by name, and whether there is something to say about them."""

    detail: Detail
    warning: bool = False


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
        self._connection: Connection | None = None
        self._awaiting_login = False

    @abstractmethod
    def stages(self) -> dict[str, Callable[[], Found | None]]:
        """Return the stages behind `tls`, by id, in order."""

    def run(self) -> None:
        """Go through all stages; raises nothing."""
        work = {"resolve": self._resolve, "connect": self._connect, "tls": self._tls, **self.stages()}
        failed = False
        try:
            for name in STAGES[self.protocol]:
                failed = not self._one(name, work[name], skipped=failed) or failed
        finally:
            if self._connection is not None:
                self._connection.close()

    def _one(self, name: str, work: Callable[[], Found | None], *, skipped: bool) -> bool:
        """Run one stage and record it; return False where it failed or the run was cancelled."""
        stage = Stage(self.protocol, name, self.server.hostname, self.server.port)
        record = self.setting.record
        if skipped:
            record.stage(replace(stage, status=Status.SKIPPED))
            return False
        record.stage(replace(stage, status=Status.RUNNING))
        began = time.monotonic()
        ended = stage
        try:
            found = work()
            if found is None:
                ended = replace(stage, status=Status.SKIPPED)
            else:
                status = Status.WARNING if found.warning else Status.PASSED
                ended = replace(stage, status=status, detail=found.detail, milliseconds=_since(began))
        except Cancelled:
            record.cancelled = True
            ended = replace(stage, status=Status.SKIPPED)
        except Failed as failure:
            ended = replace(
                stage, status=Status.FAILED, detail=failure.detail, milliseconds=_since(began),
                failure=Failure(failure.kind, failure.response_code, self._kept(failure.reply)),
            )  # fmt: skip
            record.unanswered |= self._awaiting_login and failure.kind in (
                FailureKind.TIMED_OUT,
                FailureKind.CONNECTION_LOST,
            )
        except Exception:
            # No word of the exception is kept: it could hold what was sent.
            ended = replace(
                stage, status=Status.FAILED, milliseconds=_since(began), failure=Failure(FailureKind.UNEXPECTED)
            )
        record.stage(ended)
        return ended.status is not Status.FAILED and not record.cancelled

    def _kept(self, reply: bytes | None) -> str | None:
        return None if reply is None else redacted(reply, self.setting.user, self.setting.password)

    # Stages that both protocols share

    def _resolve(self) -> Found:
        setting = self.setting
        self._addresses = look_up(self.server.hostname, self.server.port, setting.clock, setting.limits)
        return Found({"addresses": [address[1] for address in self._addresses]})

    def _connect(self) -> Found:
        setting = self.setting
        sock, address, refusals = connect(self._addresses, setting.clock, setting.limits)
        self._connection = Connection(sock, setting.clock, setting.limits)
        detail: Detail = {"address": address[1]}
        if refusals:
            detail = {**detail, "refusals": [str(refusal) for refusal in refusals]}
        return Found(detail, warning=bool(refusals))

    def _tls(self) -> Found | None:
        """RFC 8314 section 3: implicit TLS. With STARTTLS the handshake belongs to the stage of that name."""
        return self._shake_hands() if self.server.socket_type is SocketType.SSL else SKIP

    def _shake_hands(self) -> Found:
        self.connection.start_tls(self.setting.tls, self.server.hostname)
        return Found(tls_facts(self.connection.tls))

    def _shake_hands_after_plain_text(self) -> Found:
        """RFC 2595 section 4, RFC 3207 section 6: nothing that came before the handshake may be believed after it."""
        if self._dialogue.unread or self.connection.has_more():
            raise Failed(FailureKind.STARTTLS_INJECTED)
        return self._shake_hands()

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise Failed(FailureKind.UNEXPECTED)
        return self._connection

    def _next(self) -> Reply:
        """Return the next reply that is owed; raises Failed."""
        waits = self.setting.clock.waits(self.setting.limits.reply)
        self._early += self._dialogue.receive(b"")
        while not self._early:
            self._early += self._dialogue.receive(self.connection.receive(waits))
        return self._usable(self._early.pop(0))

    def _usable(self, event: Reply | Broken) -> Reply:
        if isinstance(event, Broken):
            raise Failed(event.kind, event.excerpt)
        return event


def tls_facts(sock: ssl.SSLSocket) -> Detail:
    """Return version and cipher, and whose certificate it is for how many more days."""
    certificate = sock.getpeercert() or {}
    cipher = sock.cipher()
    facts: dict[str, str | int | bool | list[str]] = {
        "version": sock.version() or "",
        "cipher": cipher[0] if cipher else "",
    }
    for part in ("subject", "issuer"):
        names = dict(pair for pairs in certificate.get(part, ()) for pair in pairs)  # type: ignore[misc]
        if names:
            facts[part] = str(names.get("commonName") or names.get("organizationName") or "")
    not_after = certificate.get("notAfter")
    if isinstance(not_after, str):
        facts["days_left"] = int((ssl.cert_time_to_seconds(not_after) - time.time()) // 86_400)
    return facts


def redacted(reply: bytes, user: str, password: Secret | None) -> str:
    """Return what may be kept of a reply: no name, no password in any form it was sent in, printable ASCII, short.

    POP3 servers repeat the user name, and a hostile one may repeat everything.
    """
    text = reply.decode("utf-8", "replace")
    hidden = [user, user.partition("@")[0]]
    if password is not None:
        secret = password.reveal()
        combined = f"\0{user}\0{secret}"
        hidden += [secret, *(base64.b64encode(form.encode()).decode().rstrip("=") for form in (secret, combined))]
    for word in sorted((word for word in hidden if len(word) > 2 or word == hidden[0]), key=len, reverse=True):
        text = _replace_any_case(text, word)
    if password is not None and len(password.reveal()) <= 2 and password.reveal() in text:
        return "****"
    printable = "".join(character if " " <= character <= "~" else "?" for character in text)
    return printable[:REPLY_MAX]


def _replace_any_case(text: str, word: str) -> str:
    folded, wanted = text.lower(), word.lower()
    if len(folded) != len(text):  # a character whose lower case is longer: compare as it stands
        return text.replace(word, "****")
    start = folded.find(wanted)
    while start >= 0:
        text = text[:start] + "****" + text[start + len(word) :]
        folded = text.lower()
        start = folded.find(wanted, start + 4)
    return text


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
