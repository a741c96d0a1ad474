"""The connection test itself: POP3 and submission, stage by stage, without or with one login each.

Dials the servers of the account and nobody else. Standard library only.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from webapp.account import MailAccount
from webapp.probe.connection import Clock, tls_context
from webapp.probe.conversation import Gate, Record, Setting
from webapp.probe.limits import LIMITS, Limits
from webapp.probe.pop3 import Pop3
from webapp.probe.redaction import Redaction
from webapp.probe.report import (
    STAGES,
    FailureKind,
    Protocol,
    Report,
    RunState,
    Stage,
    Status,
    Vantage,
    new_reference,
    now,
)
from webapp.probe.secret import Secret
from webapp.probe.smtp import Smtp

__all__ = [
    "LIMITS", "FailureKind", "Limits", "Protocol", "Report", "RunState", "Secret", "Stage", "Status", "Vantage",
    "planned", "run", "tls_context",
]  # fmt: skip


def planned(
    account: MailAccount,
    *,
    vantage: Vantage,
    login: bool,
    reference: str | None = None,
    started_at: datetime | None = None,
) -> Report:
    """Return the report of a run that has not begun: every stage is pending."""
    stages = tuple(
        Stage(protocol, name, server.hostname, server.port)
        for protocol, server in ((Protocol.POP3, account.incoming), (Protocol.SMTP, account.outgoing))
        for name in STAGES[protocol]
    )
    return Report(
        reference=reference or new_reference(),
        address=account.email_address,
        provider=account.provider_id,
        vantage=vantage,
        login=login,
        started_at=started_at or now(),
        stages=stages,
    )


def run(
    account: MailAccount,
    *,
    vantage: Vantage,
    login: bool = False,
    password: Secret | None = None,
    tls: ssl.SSLContext | None = None,
    on_stage: Callable[[Stage], None] | None = None,
    cancelled: threading.Event | None = None,
    limits: Limits = LIMITS,
    reference: str | None = None,
    started_at: datetime | None = None,
) -> Report:
    """Test the servers of `account`; with `login`, log in at most once to each, SMTP only after POP3's +OK.

    on_stage: called with each stage as it begins and ends, from two threads but never at the same time.
    cancelled: set it to end the run. Raises ValueError where `login` comes without a password.
    """
    if login and password is None:
        raise ValueError("a login needs a password")
    report = planned(account, vantage=vantage, login=login, reference=reference, started_at=started_at)
    record = Record(report, on_stage)
    cancelled = cancelled or threading.Event()
    setting = Setting(
        user=account.email_address,
        password=password if login else None,
        tls=tls or tls_context(),
        clock=Clock(limits.run_with_login if login else limits.run, cancelled),
        limits=limits,
        record=record,
        gate=Gate(),
        redact=Redaction(account.email_address, password if login else None),
    )
    sending = threading.Thread(target=Smtp(account.outgoing, setting).run, name="smtp", daemon=True)
    sending.start()
    try:
        Pop3(account.incoming, setting).run()
    except BaseException:  # Ctrl+C: sending stops too, and nothing more is sent
        cancelled.set()
        raise
    finally:
        setting.gate.set(False)
        sending.join()
    return replace(record.report, state=_state(record))


def _state(record: Record) -> RunState:
    if record.unanswered:
        return RunState.UNKNOWN
    if record.cancelled:
        return RunState.CANCELLED
    return RunState.FAILED if record.report.failures() else RunState.PASSED
