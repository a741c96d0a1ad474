"""Full circle: send a marked mail to oneself and see it arrive. The one exception to rule 7 of the connection test.

One POP3 login counts what is there, one SMTP login sends, and two more POP3 logins at most look among the messages
that came after the count. Only the header of such a message is asked for (RFC 1939 section 7: TOP n 0), compared with
our mark and forgotten. Whatever refuses a login ends everything: no further login follows. Our mail stays where it is.

DATA and TOP are known to this file alone; the verbs that fetch or delete a message are known to none.
"""

from __future__ import annotations

import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from email.utils import format_datetime

from webapp import probe
from webapp.account import MailAccount, Server
from webapp.probe.connection import Cancelled, Clock, Failed
from webapp.probe.conversation import NOTHING, SKIP, Found, Gate, Record, Setting
from webapp.probe.dialogue import Lines, command
from webapp.probe.limits import LIMITS, Limits
from webapp.probe.pop3 import Pop3
from webapp.probe.redaction import Redaction
from webapp.probe.report import (
    CIRCLE_STAGES,
    STAGES,
    Circle,
    Failure,
    FailureKind,
    Protocol,
    Report,
    RunState,
    Stage,
    Status,
    Vantage,
    now,
)
from webapp.probe.secret import Secret
from webapp.probe.smtp import Smtp
from webapp.text import N_, locales, translations_for

ATTEMPTS = 3  # as how many login tests a circle counts
LOGINS_FOR_RECEIVING = 3
HEADERS_MAX = 10  # that one look asks for: the newest messages
HEADER = Lines(most=500, octets=64 * 1024)
LOOK_SECONDS = 15.0  # that are kept for the last look
MARK = "X-GMX-POP-Check"

SUBJECT = N_("Test mail: you may delete it")
TEXT = (
    N_("This mail was sent from this mailbox to itself. It shows that sending and receiving work."),
    N_("You asked for it in the connection test of the setup help for GMX by POP. You may delete it."),
    N_("If you did not ask for it, perhaps somebody knows your password. Then change it at GMX in the browser."),
)


def planned(
    account: MailAccount, *, vantage: Vantage, reference: str | None = None, started_at: datetime | None = None
) -> Report:
    """Return the report of a circle that has not begun."""
    report = probe.planned(account, vantage=vantage, login=True, reference=reference, started_at=started_at)
    servers = {Protocol.POP3: account.incoming, Protocol.SMTP: account.outgoing}
    return replace(report, circle=Circle(tuple(_pending(name, p, servers[p]) for p, name in CIRCLE_STAGES)))


def run(
    account: MailAccount,
    *,
    vantage: Vantage,
    password: Secret,
    seconds_between: float,
    tls: ssl.SSLContext | None = None,
    on_stage: Callable[[Stage], None] | None = None,
    cancelled: threading.Event | None = None,
    limits: Limits = LIMITS,
    clock: Clock | None = None,
    reference: str | None = None,
    started_at: datetime | None = None,
) -> Report:
    """Send a marked mail from `account` to itself and look for it.

    seconds_between: from the end of one POP3 login to the next; the last one waits twice as long where there is time,
    for a mail that is slow. on_stage and cancelled: as in `probe.run`. A stage that waits for its turn is told as
    pending, with the fact `due`: Unix seconds of when it begins.
    """
    report = planned(account, vantage=vantage, reference=reference, started_at=started_at)
    record = Record(report, on_stage)
    run_clock = clock or Clock(limits.circle, cancelled or threading.Event())
    setting = Setting(
        user=account.email_address,
        password=password,
        tls=tls or probe.tls_context(),
        clock=run_clock,
        limits=limits,
        record=record,
        gate=Gate(),
        redact=Redaction(account.email_address, password),
    )
    _close(account, setting, seconds_between)
    for stage in record.report.all_stages:
        if stage.status is Status.PENDING:
            record.stage(replace(stage, status=Status.SKIPPED, detail={}))
    return replace(record.report, state=_state(record))


def _close(account: MailAccount, setting: Setting, seconds_between: float) -> None:
    record, clock = setting.record, setting.clock
    Pop3(account.incoming, setting).run()
    last = clock.now
    before = record.report.mailbox
    if before is None or _is_over(record):
        return
    mark = secrets.token_hex(16)
    sending = _Sending(account.outgoing, setting, compose(account.email_address, mark, record.report.reference))
    sending.run()
    if not sending.sent:
        return
    for number, (protocol, name) in enumerate(CIRCLE_STAGES[1:], 1):
        stage = _pending(name, protocol, account.incoming)
        wait = last + seconds_between - clock.now
        if number == LOGINS_FOR_RECEIVING - 1:
            wait = max(wait, min(wait + seconds_between, clock.left - LOOK_SECONDS))
        if wait >= clock.left:
            return
        record.stage(replace(stage, detail={"due": int(time.time() + max(wait, 0))}))
        try:
            clock.pause(max(wait, 0))
        except Cancelled:
            record.cancelled = True
            return
        look = _Look(account.incoming, _of_its_own(setting, account.incoming), before.messages, mark)
        ended = _look(stage, look, record, clock)
        record.stage(ended)
        if ended.status is not Status.WARNING or _is_over(record):
            return
        if ended.failure is not None and ended.failure.kind is FailureKind.CAPABILITY_MISSING:
            return  # one more login would see no more
        last = clock.now


def _is_over(record: Record) -> bool:
    return bool(record.cancelled or record.unanswered or record.report.failures())


def _state(record: Record) -> RunState:
    if record.unanswered:
        return RunState.UNKNOWN
    if record.cancelled:
        return RunState.CANCELLED
    return RunState.FAILED if record.report.failures() else RunState.PASSED


def _pending(name: str, protocol: Protocol, server: Server) -> Stage:
    return Stage(protocol, name, server.hostname, server.port)


def compose(address: str, mark: str, reference: str) -> bytes:
    """Return the mail as SMTP wants it (RFC 5321 section 4.5.2): 7 bits, lines that begin with a dot doubled, ended.

    It says in every language what it is. RFC 3834: no absence note answers it.
    """
    every = [translations_for(locale) for locale in locales()]
    mail = EmailMessage(policy=ON_THE_WIRE)
    mail["Date"] = format_datetime(now())
    mail["From"] = mail["To"] = address
    mail["Subject"] = " / ".join(each.gettext(SUBJECT) for each in every)
    mail["Message-ID"] = f"<{mark}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[MARK] = mark
    paragraphs = ["\n\n".join(map(each.gettext, TEXT)) for each in every]
    mail.set_content("\n\n* * *\n\n".join([*paragraphs, f"GMX-POP {reference}"]) + "\n", cte="quoted-printable")
    lines = mail.as_bytes().splitlines()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


def bears(header: Iterable[bytes], mark: str) -> bool:
    """Whether the header is that of the mail with `mark`: by our own field, or by Message-ID where that one is lost.

    Not by just any line: a bounce names in its References what it answers.
    """
    unfolded: list[bytes] = []
    for line in header:
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1] += line
        else:
            unfolded.append(line)
    fields = (line.partition(b":") for line in unfolded)
    wanted = mark.encode("ascii")
    return any(
        (name.strip().lower() == MARK.lower().encode() and value.strip() == wanted)
        or (name.strip().lower() == b"message-id" and value.strip().startswith(b"<" + wanted + b"@"))
        for name, _, value in fields
    )


class _Sending(Smtp):
    """Submission up to the end: the mail follows where the ordinary test takes sender and recipient back."""

    def __init__(self, server: Server, setting: Setting, mail: bytes) -> None:
        super().__init__(server, setting)
        self._mail_text = mail
        self.sent = False
        setting.gate.set(True)  # receiving has passed: that is why we are here

    @property
    def order(self) -> tuple[str, ...]:
        before, after = STAGES[Protocol.SMTP][:-2], STAGES[Protocol.SMTP][-2:]
        return (*before, "data", *after)

    def stages(self) -> dict[str, Callable[[], Found | None]]:
        return {**super().stages(), "data": self._data, "rset": lambda: SKIP}

    def _data(self) -> Found | None:
        """RFC 5321 section 4.1.1.4. Handed over without an answer, or cancelled: nobody knows whether it was sent."""
        if not self._logged_in:
            return SKIP
        ready = self._ask(b"DATA\r\n")
        if ready.code != 354:
            self._must(ready, sender=True)
            raise Failed(FailureKind.PROTOCOL_ERROR)
        try:
            reply = self._ask(self._mail_text)
        except Failed as failed:
            raise Failed(failed.kind, failed.reply, failed.response_code, {"confirmed": False}) from None
        except Cancelled:
            self.setting.record.cancelled = True
            return Found({"confirmed": False}, warning=True)
        self._must(reply, sender=True)
        self.sent = True
        return Found({"octets": len(self._mail_text)})


class _Look(Pop3):
    """One more POP3 session: who came after the count, newest first, and does one of them bear our mark."""

    def __init__(self, server: Server, setting: Setting, above: int, mark: str) -> None:
        super().__init__(server, setting)
        self._above = above
        self._mark = mark
        self.messages = 0
        self.headers = 0  # how many were asked for
        self.found = False

    @property
    def order(self) -> tuple[str, ...]:
        return (*STAGES[Protocol.POP3][:-3], "stat", "top", "quit")

    def stages(self) -> dict[str, Callable[[], Found | None]]:
        return {**super().stages(), "stat": self._count, "top": self._top, "quit": self._leave}

    def _count(self) -> Found:
        self.messages = self._counted(self._ask(command("STAT"))).messages
        return NOTHING

    def _top(self) -> Found:
        """RFC 1939 section 7, with 0 lines of the text: only of messages that were not there before we sent."""
        newest = range(self.messages, self._above, -1)
        for number in newest[:HEADERS_MAX]:
            self.headers += 1
            reply = self._ask(b"TOP %d 0\r\n" % number, HEADER)
            if not reply.ok:
                raise Failed(FailureKind.CAPABILITY_MISSING, f"{reply.status} ".encode() + reply.text, reply.code)
            if bears(reply.lines, self._mark):
                self.found = True
                break
        return NOTHING

    def _leave(self) -> Found:
        self._ask(command("QUIT"))
        return NOTHING


def _of_its_own(setting: Setting, server: Server) -> Setting:
    """Return the setting of one look: its stages are its own, and one stage of the circle in all."""
    report = setting.record.report
    stages = tuple(_pending(name, Protocol.POP3, server) for name in (*STAGES[Protocol.POP3], "top"))
    return replace(setting, record=Record(replace(report, stages=stages, circle=None), None), gate=Gate())


def _look(stage: Stage, look: _Look, record: Record, clock: Clock) -> Stage:
    """Log in once more; return the stage at its end."""
    record.stage(replace(stage, status=Status.RUNNING))
    began = clock.now
    look.run()
    inner = look.setting.record
    record.cancelled = record.cancelled or inner.cancelled
    record.unanswered = record.unanswered or inner.unanswered
    ended = replace(
        stage,
        status=Status.PASSED if look.found else Status.WARNING,
        milliseconds=round((clock.now - began) * 1000, 1),
        detail={"messages": look.messages, "headers": look.headers},
    )
    broken = next(iter(inner.report.failures()), None)
    if inner.cancelled and not look.found:
        return replace(ended, status=Status.SKIPPED, milliseconds=None, detail={})
    if broken is None or look.found:
        return ended
    failure = broken.failure or Failure(FailureKind.UNEXPECTED)
    refused = broken.stage == "authenticate"
    status = Status.FAILED if refused else Status.WARNING
    return replace(ended, status=status, failure=failure, detail={"step": broken.stage})
