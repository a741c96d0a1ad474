"""The probe against a real server, which counts the logins itself."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from tests.support.dovecot import ANNA, BLANKS, POP_OFF, UMLAUT, Dovecot, User, reserve
from webapp.core import probe
from webapp.core.account import SocketType
from webapp.core.probe import FailureKind, Protocol, Report, RunState, Secret, Stage, Status, Vantage

pytestmark = pytest.mark.peers

(WAITED_FOR,) = reserve(1)  # by two messages
Check = Callable[..., Report]
SOCKET_TYPES = pytest.mark.parametrize("socket_type", list(SocketType))


@pytest.fixture
def check(dovecot: Dovecot) -> Check:
    """Run the probe as `user`; with a password it logs in."""

    def run(
        user: User = ANNA,
        password: str | None = None,
        socket_type: SocketType = SocketType.SSL,
        tls: ssl.SSLContext | None = None,
    ) -> Report:
        return probe.run(
            dovecot.account(user.address, socket_type),
            vantage=Vantage.SERVER,
            login=password is not None,
            password=None if password is None else Secret(password),
            tls=tls or probe.tls_context(dovecot.ca_file),
        )

    return run


def attempts(dovecot: Dovecot, user: User) -> tuple[int, int]:
    return dovecot.attempts(user.address, "pop3"), dovecot.attempts(user.address, "submission")


def stage(report: Report, protocol: Protocol, name: str) -> Stage:
    (found,) = (each for each in report.stages if (each.protocol, each.stage) == (protocol, name))
    return found


@SOCKET_TYPES
@pytest.mark.parametrize("user", [ANNA, UMLAUT, BLANKS], ids=["plain", "umlaut", "blanks"])
def test_a_right_password_passes_every_stage_with_one_login_each(
    check: Check, dovecot: Dovecot, user: User, socket_type: SocketType
) -> None:
    before = attempts(dovecot, user)
    report = check(user, user.password, socket_type)
    assert (report.state, report.password_sent) == (RunState.PASSED, True)
    assert attempts(dovecot, user) == (before[0] + 1, before[1] + 1)
    other = {"stls", "starttls"} if socket_type is SocketType.SSL else {"tls"}
    assert {each.stage for each in report.stages if each.status is Status.SKIPPED} == other


@SOCKET_TYPES
def test_without_a_password_every_server_is_asked_and_nothing_is_tried(
    check: Check, dovecot: Dovecot, socket_type: SocketType
) -> None:
    before = attempts(dovecot, ANNA)
    report = check(ANNA, None, socket_type)
    assert (report.state, report.password_sent, report.mailbox) == (RunState.PASSED, False, None)
    assert attempts(dovecot, ANNA) == before
    assert {stage(report, protocol, "authenticate").status for protocol in Protocol} == {Status.SKIPPED}
    assert {stage(report, protocol, "quit").status for protocol in Protocol} == {Status.PASSED}


@SOCKET_TYPES
@pytest.mark.parametrize(
    ("user", "password"), [(ANNA, "test-wrong"), (POP_OFF, POP_OFF.password)], ids=["wrong", "off"]
)
def test_a_refused_login_is_tried_once_and_never_at_smtp(
    check: Check, dovecot: Dovecot, user: User, password: str, socket_type: SocketType
) -> None:
    before = attempts(dovecot, user)
    report = check(user, password, socket_type)
    (failed,) = report.failures()
    assert failed.failure is not None
    assert (failed.protocol, failed.stage) == (Protocol.POP3, "authenticate")
    assert (failed.failure.kind, failed.failure.response_code) == (FailureKind.AUTHENTICATION_FAILED, "AUTH")
    assert (report.state, report.password_sent) == (RunState.FAILED, True)
    assert attempts(dovecot, user) == (before[0] + 1, before[1])


@SOCKET_TYPES
def test_nobody_logs_in_to_a_server_whose_certificate_is_not_trusted(
    check: Check, dovecot: Dovecot, socket_type: SocketType
) -> None:
    before = attempts(dovecot, ANNA)
    report = check(ANNA, ANNA.password, socket_type, tls=ssl.create_default_context())
    assert {each.failure.kind for each in report.failures() if each.failure} == {FailureKind.CERTIFICATE_UNTRUSTED}
    assert not report.password_sent
    assert attempts(dovecot, ANNA) == before
    assert stage(report, Protocol.POP3, "tls" if socket_type is SocketType.SSL else "stls").detail["names"]


def test_counts_what_waits_and_leaves_it_where_it_is(check: Check, dovecot: Dovecot) -> None:
    user = WAITED_FOR
    for size in (10, 2000):
        dovecot.deliver(user.address, size=size)
    first, second = (check(user, user.password) for _ in range(2))
    assert first.mailbox is not None
    assert (first.mailbox.messages, second.mailbox) == (2, first.mailbox)
    assert first.mailbox.octets > 2000
    assert stage(first, Protocol.POP3, "uidl").detail["count"] == 2


def test_uses_the_pipelining_that_the_server_offers(check: Check) -> None:
    report = check(ANNA, ANNA.password)
    capabilities = stage(report, Protocol.POP3, "capa").detail["capabilities"]
    assert isinstance(capabilities, list)
    assert "PIPELINING" in capabilities
    assert stage(report, Protocol.POP3, "authenticate").detail["mechanism"] == "PLAIN"


def test_the_provider_files_lead_to_this_server(dovecot: Dovecot) -> None:
    from webapp.core import providers

    for provider in providers.load(dovecot.providers_dir).values():
        account = provider.account(ANNA.address)
        assert (account.incoming, account.outgoing) == (dovecot.account().incoming, dovecot.account().outgoing)
