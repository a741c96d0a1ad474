"""The connection test: POP3 and submission, stage by stage, without or with one login each.

Connects only to the servers of the account. Standard library only.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from webapp.core.account import MailAccount
from webapp.core.probe.bounds import BOUNDS, Bounds
from webapp.core.probe.connection import Clock, tls_context
from webapp.core.probe.context import Recorder, RunContext
from webapp.core.probe.conversation import StageKind
from webapp.core.probe.pop3 import Pop3
from webapp.core.probe.report import (
    Circle,
    Failure,
    FailureKind,
    Mailbox,
    Protocol,
    Report,
    RunState,
    Stage,
    Status,
    Vantage,
    now,
    pending,
)
from webapp.core.probe.secret import Secret
from webapp.core.probe.smtp import Smtp
from webapp.core.text import new_reference

__all__ = [
    "BOUNDS",
    "KINDS",
    "STAGES",
    "Bounds",
    "Circle",
    "Failure",
    "FailureKind",
    "Mailbox",
    "Protocol",
    "Report",
    "RunState",
    "Secret",
    "Stage",
    "Status",
    "Vantage",
    "planned",
    "run",
    "tls_context",
]  # fmt: skip

KINDS: Mapping[Protocol, Mapping[str, StageKind]] = {Protocol.POP3: Pop3.kinds, Protocol.SMTP: Smtp.kinds}
STAGES: Mapping[Protocol, tuple[str, ...]] = {protocol: tuple(kinds) for protocol, kinds in KINDS.items()}


def planned(
    account: MailAccount,
    *,
    vantage: Vantage,
    login: bool,
    reference: str | None = None,
    started_at: datetime | None = None,
) -> Report:
    """Return the report of a run before its start: every stage is pending."""
    return Report(
        reference=reference or new_reference(),
        address=account.email_address,
        provider=account.provider_id,
        vantage=vantage,
        login=login,
        started_at=started_at or now(),
        stages=pending(Protocol.POP3, STAGES[Protocol.POP3], account.incoming)
        + pending(Protocol.SMTP, STAGES[Protocol.SMTP], account.outgoing),
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
    bounds: Bounds = BOUNDS,
    reference: str | None = None,
    started_at: datetime | None = None,
) -> Report:
    """Test the servers of `account`; with `login`, log in at most once to each, SMTP only after POP3's +OK.

    on_stage: callback for each stage as it begins and ends; called from two threads, serialised.
    cancelled: set it to cancel the run. Raises ValueError for `login` without a password.
    """
    if login and password is None:
        raise ValueError("a login needs a password")
    report = planned(account, vantage=vantage, login=login, reference=reference, started_at=started_at)
    recorder = Recorder(report, on_stage)
    cancelled = cancelled or threading.Event()
    clock = Clock(bounds.run_with_login if login else bounds.run, cancelled)
    context = RunContext(recorder, clock, bounds, password=password if login else None, tls=tls, login=account.login)
    sending = threading.Thread(target=Smtp(account.outgoing, context).run, name="smtp", daemon=True)
    sending.start()
    try:
        Pop3(account.incoming, context).run()
    except BaseException:  # Ctrl+C: cancel the SMTP thread too
        cancelled.set()
        raise
    finally:
        context.pop3_login.set(False)
        sending.join()
    return recorder.ended
