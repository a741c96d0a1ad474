"""Where a port cannot be reached: whether the other one of the same protocol can, without a password.

Some networks block 995 and 465 and leave 110 and 587 open. The second look never logs in, so it changes nothing in how
often a password is tried.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import replace

from webapp.account import Server
from webapp.probe.connection import Clock, tls_context
from webapp.probe.conversation import Gate, Record, Setting
from webapp.probe.limits import LIMITS, Limits
from webapp.probe.pop3 import Pop3
from webapp.probe.redaction import Redaction
from webapp.probe.report import STAGES, FailureKind, Protocol, Report, Stage, Status
from webapp.probe.smtp import Smtp

UNREACHED = frozenset({FailureKind.REFUSED, FailureKind.UNREACHABLE, FailureKind.TIMED_OUT})


def with_other_ports(
    report: Report, servers: Iterable[Server], *, tls: ssl.SSLContext | None = None, limits: Limits = LIMITS
) -> Report:
    """Return `report` with what the other ports of `servers` said where its own could not be reached.

    The failed `connect` stage then knows `other_port`, and in `other_port_answers` whether a server stood behind it
    that speaks the protocol with encryption. Its failure stays; no other stage changes.
    """
    known = tuple(servers)
    for stage in report.failures():
        other = _other_server(stage, known)
        if other is not None:
            found = {
                "other_port": other.port,
                "other_port_answers": _answers(report, stage.protocol, other, tls, limits),
            }
            report = report.with_stage(replace(stage, detail={**stage.detail, **found}))
    return report


def _other_server(stage: Stage, servers: Iterable[Server]) -> Server | None:
    if stage.stage != "connect" or stage.failure is None or stage.failure.kind not in UNREACHED:
        return None
    return next(
        (
            server
            for server in servers
            if (server.type.value, server.hostname) == (stage.protocol.value, stage.host) and server.port != stage.port
        ),
        None,
    )


def _answers(report: Report, protocol: Protocol, server: Server, tls: ssl.SSLContext | None, limits: Limits) -> bool:
    """Dial `server` as a test without a login does; True where no stage failed."""
    stages = tuple(Stage(protocol, name, server.hostname, server.port) for name in STAGES[protocol])
    record = Record(replace(report, stages=stages, login=False, password_sent=False, mailbox=None), None)
    setting = Setting(
        user=report.address,
        password=None,
        tls=tls or tls_context(),
        clock=Clock(limits.run),
        limits=limits,
        record=record,
        gate=Gate(),
        redact=Redaction(report.address, None),
    )
    (Pop3 if protocol is Protocol.POP3 else Smtp)(server, setting).run()
    return all(stage.status is not Status.FAILED for stage in record.report.stages)
