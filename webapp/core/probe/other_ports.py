"""When a port is unreachable: check the protocol's other port, without a login.

Some networks block 995 and 465 and leave 110 and 587 open. No password is sent, so login counts are not affected.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import replace

from webapp.core.account import Server
from webapp.core.probe.bounds import BOUNDS, Bounds
from webapp.core.probe.connection import Clock
from webapp.core.probe.context import Recorder, RunContext
from webapp.core.probe.pop3 import Pop3
from webapp.core.probe.report import FailureKind, Protocol, Report, Stage, pending
from webapp.core.probe.smtp import Smtp

UNREACHED = frozenset({FailureKind.REFUSED, FailureKind.UNREACHABLE, FailureKind.TIMED_OUT})


def with_other_ports(
    report: Report, servers: Iterable[Server], *, tls: ssl.SSLContext | None = None, bounds: Bounds = BOUNDS
) -> Report:
    """Return `report` with facts about the other ports of `servers` added to failed `connect` stages.

    `other_port`, and `other_port_answers`: whether it speaks the protocol with encryption. Nothing else changes.
    """
    known = tuple(servers)
    for stage in report.failures():
        other = _other_server(stage, known)
        if other is not None:
            found = {
                "other_port": other.port,
                "other_port_answers": _answers(report, stage.protocol, other, tls, bounds),
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


def _answers(report: Report, protocol: Protocol, server: Server, tls: ssl.SSLContext | None, bounds: Bounds) -> bool:
    """Run a check of `server` without a login; True if no stage failed."""
    conversation = Pop3 if protocol is Protocol.POP3 else Smtp
    stages = pending(protocol, conversation.order, server)
    recorder = Recorder(
        replace(report, stages=stages, circle=None, login=False, password_sent=False, mailbox=None), None
    )
    conversation(server, RunContext(recorder, Clock(bounds.run), bounds, tls=tls)).run()
    return not recorder.report.failures()
