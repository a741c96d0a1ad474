"""A blocked port: the other one is looked at without a password, and never where something else failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.dovecot import ANNA, Dovecot
from webapp.core import probe
from webapp.core.account import Server, ServerType, SocketType
from webapp.core.diagnosis import explain
from webapp.core.probe import FailureKind, Protocol, Report, Secret, Stage, Status, Vantage
from webapp.core.probe.other_ports import UNREACHED, with_other_ports

pytestmark = pytest.mark.peers


def blocked(dovecot: Dovecot, *types: ServerType) -> tuple[Report, list[Server]]:
    """Return the report of a login test whose ports of `types` are closed, and all servers there are."""
    closed = {type_: Server(type_, dovecot.hostname, 1, SocketType.SSL) for type_ in types}
    account = dovecot.account(ANNA.address)
    account = replace(
        account,
        incoming=closed.get(ServerType.POP3, account.incoming),
        outgoing=closed.get(ServerType.SMTP, account.outgoing),
    )
    report = probe.run(
        account,
        vantage=Vantage.THIS_COMPUTER,
        login=True,
        password=Secret(ANNA.password),
        tls=probe.tls_context(dovecot.ca_file),
    )
    others = [dovecot.server(type_, SocketType.STARTTLS) for type_ in (ServerType.POP3, ServerType.SMTP)]
    return report, [account.incoming, account.outgoing, *others]


def connect_stage(report: Report, protocol: Protocol) -> Stage:
    return next(stage for stage in report.stages if (stage.protocol, stage.stage) == (protocol, "connect"))


def test_an_open_other_port_is_told_and_nobody_logs_in_there(dovecot: Dovecot) -> None:
    before = dovecot.attempts(ANNA.address)
    report, servers = blocked(dovecot, ServerType.POP3, ServerType.SMTP)
    looked = with_other_ports(report, servers, tls=probe.tls_context(dovecot.ca_file))
    for protocol, port in ((Protocol.POP3, "pop3"), (Protocol.SMTP, "submission")):
        stage = connect_stage(looked, protocol)
        assert stage.status is Status.FAILED
        assert stage.detail["other_port"] == dovecot.ports[port]
        assert stage.detail["other_port_answers"] is True
    assert [diagnosis.id for diagnosis in explain(looked)] == ["only-port-110", "only-port-587"]
    assert dovecot.attempts(ANNA.address) == before
    assert (looked.state, looked.password_sent) == (report.state, False)


def test_only_the_blocked_protocol_is_looked_at_again(dovecot: Dovecot) -> None:
    before = dovecot.attempts(ANNA.address)
    report, servers = blocked(dovecot, ServerType.SMTP)
    looked = with_other_ports(report, servers, tls=probe.tls_context(dovecot.ca_file))
    assert "other_port" not in connect_stage(looked, Protocol.POP3).detail
    assert [diagnosis.id for diagnosis in explain(looked)] == ["only-port-587"]
    assert dovecot.attempts(ANNA.address) == before + 1  # the login of the test itself


def test_where_the_other_port_is_closed_too_the_network_is_the_cause(dovecot: Dovecot) -> None:
    report, servers = blocked(dovecot, ServerType.POP3, ServerType.SMTP)
    looked = with_other_ports(report, [*servers[:2], replace(servers[2], port=2), replace(servers[3], port=2)])
    assert connect_stage(looked, Protocol.POP3).detail["other_port_answers"] is False
    assert [diagnosis.id for diagnosis in explain(looked)] == ["port-blocked"]


def test_a_server_without_encryption_behind_the_other_port_is_no_way(dovecot: Dovecot) -> None:
    report, servers = blocked(dovecot, ServerType.POP3)
    looked = with_other_ports(report, servers, tls=probe.tls_context())  # the certificate is not trusted
    assert connect_stage(looked, Protocol.POP3).detail["other_port_answers"] is False


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - UNREACHED))
def test_no_other_failure_leads_to_a_second_look(kind: FailureKind) -> None:
    server = Server(ServerType.POP3, "pop.example.org", 995, SocketType.SSL)
    stage = Stage(
        Protocol.POP3, "connect", server.hostname, server.port, Status.FAILED, 1.0, failure=probe.report.Failure(kind)
    )
    report = replace(
        Report("7KQ2M9XA", "anna@gmx.de", "gmx.net", Vantage.THIS_COMPUTER, False, probe.report.now(), (stage,))
    )
    assert with_other_ports(report, [server, replace(server, port=110)]) is report
