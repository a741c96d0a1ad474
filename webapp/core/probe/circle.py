"""Full circle: send a marked mail to oneself and look for it. The only test that sends mail and reads headers.

One POP3 login counts the messages, one SMTP login sends, and at most two more POP3 logins look among the newer
messages. Only headers are fetched (RFC 1939 section 7: TOP n 0), compared with our mark and dropped. A refused login
ends the run: no further login follows. Our mail is not deleted.

Only this module uses DATA and TOP; no module has the verbs that fetch or delete a message.
"""

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

from webapp.core import probe
from webapp.core.account import MailAccount, Server
from webapp.core.probe.connection import Cancelled, Clock, Failed
from webapp.core.probe.context import Recorder, RunContext
from webapp.core.probe.conversation import NOTHING, SKIP, Found, as_stage
from webapp.core.probe.dialogue import Lines
from webapp.core.probe.pop3 import Pop3
from webapp.core.probe.report import (
    CIRCLE_STAGES,
    Circle,
    Failure,
    FailureKind,
    Protocol,
    Report,
    Stage,
    Status,
    Vantage,
    now,
    pending,
)
from webapp.core.probe.smtp import Smtp
from webapp.core.text import N_, in_every_language

ATTEMPTS = 3  # login tests that a circle counts as
LOGINS_FOR_RECEIVING = 3
HEADERS_MAX = 10  # fetched by one look, newest first
HEADER = Lines(most=500, octets=64 * 1024)
LOOK_SECONDS = 15.0  # reserved for the last look
MARK = "X-POP-Check"

SUBJECT = N_("Test mail: you may delete it")
TEXT = (
    N_("This mail was sent from this mailbox to itself. It shows that sending and receiving work."),
    N_("You asked for it in the connection test of the setup help for %(provider)s by POP. You may delete it."),
    N_(
        "If you did not ask for it, perhaps somebody knows your password. Then change it at %(provider)s in the "
        "browser."
    ),
)


def planned(
    account: MailAccount, *, vantage: Vantage, reference: str | None = None, started_at: datetime | None = None
) -> Report:
    report = probe.planned(account, vantage=vantage, login=True, reference=reference, started_at=started_at)
    servers = {Protocol.POP3: account.incoming, Protocol.SMTP: account.outgoing}
    stages = (stage for protocol, name in CIRCLE_STAGES for stage in pending(protocol, [name], servers[protocol]))
    return replace(report, circle=Circle(tuple(stages)))


def run(
    account: MailAccount,
    *,
    vantage: Vantage,
    password: probe.Secret,
    seconds_between: float,
    tls: ssl.SSLContext | None = None,
    on_stage: Callable[[Stage], None] | None = None,
    cancelled: threading.Event | None = None,
    bounds: probe.Bounds = probe.BOUNDS,
    clock: Clock | None = None,
    reference: str | None = None,
    started_at: datetime | None = None,
) -> Report:
    """Send a marked mail from `account` to itself and look for it.

    seconds_between: minimum between two POP3 logins; doubled before the last one if time allows, for slow mail.
    on_stage, cancelled: as in `probe.run`. A waiting stage is reported as pending, with the fact `due`: the Unix
    time of its start.
    """
    report = planned(account, vantage=vantage, reference=reference, started_at=started_at)
    recorder = Recorder(report, on_stage)
    clock = clock or Clock(bounds.circle, cancelled or threading.Event())
    context = RunContext(recorder, clock, bounds, password=password, tls=tls, login=account.login)
    _close(account, context, seconds_between)
    for stage in recorder.report.all_stages:
        if stage.status is Status.PENDING:
            recorder.stage(replace(stage, status=Status.SKIPPED, detail={}))
    return recorder.ended


def _close(account: MailAccount, context: RunContext, seconds_between: float) -> None:
    recorder, clock = context.recorder, context.clock
    Pop3(account.incoming, context).run()
    last = clock.now
    before = recorder.report.mailbox
    if before is None or _is_over(recorder):
        return
    mark = secrets.token_hex(16)
    sending = _Sending(account.outgoing, context, compose(account, mark, recorder.report))
    sending.run()
    if not sending.sent:
        return
    assert recorder.report.circle  # noqa: S101  planned so
    for number, stage in enumerate(recorder.report.circle.looks, 1):
        wait = last + seconds_between - clock.now
        if number == LOGINS_FOR_RECEIVING - 1:
            wait = max(wait, min(wait + seconds_between, clock.left - LOOK_SECONDS))
        if wait >= clock.left:
            return
        recorder.stage(replace(stage, detail={"due": int(time.time() + max(wait, 0))}))
        try:
            clock.pause(max(wait, 0))
        except Cancelled:
            recorder.cancelled = True
            return
        look = _Look(account.incoming, _context_of_look(context, account.incoming), before.messages, mark)
        ended = _look(stage, look, recorder, clock)
        recorder.stage(ended)
        if ended.status is not Status.WARNING or _is_over(recorder):
            return
        if ended.failure is not None and ended.failure.kind is FailureKind.CAPABILITY_MISSING:
            return  # another login would find no more
        last = clock.now


def _is_over(recorder: Recorder) -> bool:
    return bool(recorder.cancelled or recorder.unanswered or recorder.report.failures())


def compose(account: MailAccount, mark: str, report: Report) -> bytes:
    """Return the mail as SMTP data (RFC 5321 section 4.5.2): 7 bits, dot-stuffed, with the final dot.

    Explains itself in every language. Marked as automatic (RFC 3834), so that no auto-reply follows.
    """
    address = account.email_address
    mail = EmailMessage(policy=ON_THE_WIRE)
    mail["Date"] = format_datetime(now())
    mail["From"] = mail["To"] = address
    mail["Subject"] = " / ".join(in_every_language(SUBJECT))
    mail["Message-ID"] = f"<{mark}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[MARK] = mark
    said = [in_every_language(text, provider=account.provider_name) for text in TEXT]
    paragraphs = ["\n\n".join(each) for each in zip(*said, strict=True)]
    signed = [*paragraphs, f"{report.word}-POP {report.reference}"]
    mail.set_content("\n\n* * *\n\n".join(signed) + "\n", cte="quoted-printable")
    lines = mail.as_bytes().splitlines()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


def bears(header: Iterable[bytes], mark: str) -> bool:
    """Whether the header is that of the mail with `mark`: by our own field or, if that is lost, by Message-ID.

    Other fields do not count: a bounce repeats the mark in References.
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
    """Submission with DATA where the ordinary test sends RSET."""

    order = tuple(name for each in Smtp.order for name in (("data", each) if each == "rset" else (each,)))

    def __init__(self, server: Server, context: RunContext, mail: bytes) -> None:
        super().__init__(server, context)
        self._mail_text = mail
        self.sent = False
        context.pop3_login.set(True)  # POP3 has passed

    def _rset(self) -> None:
        return SKIP

    @as_stage(N_("Send the test mail"), needs_login=True)
    def _data(self) -> Found | None:
        """RFC 5321 section 4.1.1.4. No reply, or cancelled: `confirmed` is False, the mail may have been sent."""
        ready = self._ask(b"DATA\r\n")
        if ready.code != 354:
            self._must(ready, sender=True)
            raise Failed(FailureKind.PROTOCOL_ERROR)
        try:
            reply = self._ask(self._mail_text)
        except Failed as failed:
            raise Failed(failed.kind, failed.reply, failed.response_code, {"confirmed": False}) from None
        except Cancelled:
            self.context.recorder.cancelled = True
            return Found({"confirmed": False}, warning=True)
        self._must(reply, sender=True)
        self.sent = True
        return Found({"octets": len(self._mail_text)})


class _Look(Pop3):
    """Another POP3 session that searches the headers of the new messages, newest first, for our mark."""

    order = tuple("top" if name == "uidl" else name for name in Pop3.order)

    def __init__(self, server: Server, context: RunContext, above: int, mark: str) -> None:
        super().__init__(server, context)
        self._above = above
        self._mark = mark
        self.messages = 0
        self.headers = 0  # fetched
        self.found = False

    def _stat(self) -> Found:
        self.messages = self._counted(self._ask(self._command("STAT"))).messages
        return NOTHING

    @as_stage(N_("Look whether it has arrived"), needs_login=True)
    def _top(self) -> Found:
        """RFC 1939 section 7, 0 lines of the body; only messages that were not there before sending."""
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

    def _quit(self) -> Found:
        self._ask(self._command("QUIT"))
        return NOTHING


def _context_of_look(context: RunContext, server: Server) -> RunContext:
    """Return a context with a report of its own: the circle shows all stages of a look as one."""
    report = context.recorder.report
    stages = pending(Protocol.POP3, _Look.order, server)
    recorder = Recorder(replace(report, stages=stages, circle=None), None)
    return RunContext(
        recorder, context.clock, context.bounds, password=context.password, tls=context.tls, login=context.login
    )


def _look(stage: Stage, look: _Look, recorder: Recorder, clock: Clock) -> Stage:
    """Run one look; return the circle's stage for it."""
    recorder.stage(replace(stage, status=Status.RUNNING))
    began = clock.now
    look.run()
    inner = look.context.recorder
    recorder.cancelled = recorder.cancelled or inner.cancelled
    recorder.unanswered = recorder.unanswered or inner.unanswered
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
