"""The connection test against servers: a real Dovecot, and a scripted one for faults."""

from __future__ import annotations

import logging
import pickle
import ssl
import time
import traceback
from collections.abc import Sequence
from typing import Any

import pytest
import trustme

from tests.support.dovecot import ANNA, POP_OFF, UMLAUT, Dovecot
from tests.support.fault_server import FaultServer
from webapp import probe
from webapp.account import KEEP_FOREVER, MailAccount, Server, ServerType, SocketType
from webapp.probe import FailureKind, Protocol, RunState, Secret, Status, Vantage
from webapp.probe.limits import Limits
from webapp.text import InputError

PASSWORD = "canary-Test-Passwort-4711"
QUICK = Limits(run=2, run_with_login=3, resolve=1, connect=0.5, tls=0.5, reply=0.5)
CA = trustme.CA()


def server_context(certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (certificate or CA.issue_cert("127.0.0.1")).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    return context


def account(incoming: int, outgoing: int, socket_type: SocketType) -> MailAccount:
    servers = (
        Server(type_, "127.0.0.1", port, socket_type)
        for type_, port in ((ServerType.POP3, incoming), (ServerType.SMTP, outgoing))
    )
    return MailAccount("anna@gmx.de", "", *servers, KEEP_FOREVER, "gmx.net")


@pytest.mark.peers
@pytest.mark.parametrize("socket_type", list(SocketType))
@pytest.mark.parametrize("user", [ANNA, UMLAUT], ids=["plain", "umlaut"])
def test_a_right_password_passes_every_stage_with_one_login_each(
    dovecot: Dovecot, socket_type: SocketType, user: Any
) -> None:
    before = dovecot.attempts(user.address, "pop3"), dovecot.attempts(user.address, "submission")
    report = probe.run(
        dovecot.account(user.address, socket_type), vantage=Vantage.THIS_COMPUTER, login=True,
        password=Secret(user.password), tls=probe.tls_context(dovecot.ca_file),
    )  # fmt: skip
    assert report.passed
    assert report.password_sent
    assert report.mailbox is not None
    after = dovecot.attempts(user.address, "pop3"), dovecot.attempts(user.address, "submission")
    assert after == (before[0] + 1, before[1] + 1)


@pytest.mark.peers
def test_a_refused_login_is_tried_once_and_never_at_smtp(dovecot: Dovecot) -> None:
    report = probe.run(
        dovecot.account(POP_OFF.address), vantage=Vantage.THIS_COMPUTER, login=True,
        password=Secret(POP_OFF.password), tls=probe.tls_context(dovecot.ca_file),
    )  # fmt: skip
    assert report.state is RunState.FAILED
    (failed,) = report.failures()
    assert failed.failure is not None
    assert (failed.protocol, failed.stage) == (Protocol.POP3, "authenticate")
    assert failed.failure.kind is FailureKind.AUTHENTICATION_FAILED
    assert (dovecot.attempts(POP_OFF.address), dovecot.attempts(POP_OFF.address, "submission")) == (1, 0)


@pytest.mark.peers
def test_without_a_password_nothing_is_tried(dovecot: Dovecot) -> None:
    before = dovecot.attempts(ANNA.address)
    report = probe.run(dovecot.account(), vantage=Vantage.SERVER, tls=probe.tls_context(dovecot.ca_file))
    assert report.passed
    assert not report.password_sent
    assert dovecot.attempts(ANNA.address) == before
    assert {s.status for s in report.stages if s.stage in ("authenticate", "stat", "mail")} == {Status.SKIPPED}


@pytest.mark.peers
def test_an_unknown_authority_is_told_apart_from_a_wrong_password(dovecot: Dovecot) -> None:
    report = probe.run(
        dovecot.account(),
        vantage=Vantage.SERVER,
        login=True,
        password=Secret(PASSWORD),
        tls=ssl.create_default_context(),
    )
    kinds = {stage.failure.kind for stage in report.failures() if stage.failure}
    assert kinds <= {FailureKind.CERTIFICATE_UNTRUSTED, FailureKind.CERTIFICATE_CHAIN_INCOMPLETE,
                     FailureKind.CERTIFICATE_SELF_SIGNED}  # fmt: skip
    assert not report.password_sent


GREETING = b"+OK POP server ready H migmx027\r\n"
CAPA = (GREETING, "expect", b"+OK\r\nUSER\r\nSASL PLAIN\r\nUIDL\r\nPIPELINING\r\n.\r\n")
LOGIN_REFUSALS: dict[str, tuple[bytes, FailureKind]] = {
    "gmx": (b"-ERR authentication failed\r\n", FailureKind.AUTHENTICATION_FAILED),
    "auth": (b"-ERR [AUTH] no\r\n", FailureKind.AUTHENTICATION_FAILED),
    "in use": (b"-ERR [IN-USE] locked\r\n", FailureKind.MAILBOX_IN_USE),
    "login delay": (b"-ERR [LOGIN-DELAY] wait\r\n", FailureKind.LOGIN_DELAY),
    "temporary": (b"-ERR [SYS/TEMP] later\r\n", FailureKind.TEMPORARILY_UNAVAILABLE),
    "permanent": (b"-ERR [SYS/PERM] never\r\n", FailureKind.PERMANENTLY_REFUSED),
    "unknown code": (b"-ERR [X-OTHER] never\r\n", FailureKind.AUTHENTICATION_FAILED),
}
POP3_FAULTS: dict[str, tuple[Sequence[bytes | str], str, FailureKind]] = {
    "silent": (["hang"], "greeting", FailureKind.TIMED_OUT),
    "closes": (["close"], "greeting", FailureKind.CONNECTION_LOST),
    "resets": (["reset"], "greeting", FailureKind.CONNECTION_LOST),
    "busy greeting": ([b"-ERR [SYS/TEMP] busy\r\n"], "greeting", FailureKind.TEMPORARILY_UNAVAILABLE),
    "imap greeting": ([b"* OK IMAP4rev1 ready\r\n"], "greeting", FailureKind.WRONG_PROTOCOL),
    "smtp greeting": ([b"220 mail ESMTP\r\n"], "greeting", FailureKind.WRONG_PROTOCOL),
    "http greeting": ([b"HTTP/1.1 400 Bad Request\r\n"], "greeting", FailureKind.WRONG_PROTOCOL),
    "binary greeting": ([b"\x00\x01\x02\xff\r\n"], "greeting", FailureKind.PROTOCOL_ERROR),
    "long greeting": ([b"+OK " + b"x" * 5000], "greeting", FailureKind.REPLY_TOO_LONG),
    "drips": (["drip"], "greeting", FailureKind.TIMED_OUT),
    "endless capa": ([GREETING, "expect", b"+OK\r\n", "flood"], "capa", FailureKind.REPLY_TOO_LONG),
    "capa closed": ([GREETING, "expect", "close"], "capa", FailureKind.CONNECTION_LOST),
    "no login method": ([GREETING, "expect", b"+OK\r\nUIDL\r\nSASL CRAM-MD5\r\n.\r\n"], "authenticate",
                        FailureKind.CAPABILITY_MISSING),
    "malformed stat": ([*CAPA, "expect", b"+OK\r\n", "expect", b"+OK many mails\r\n"], "stat", FailureKind.PROTOCOL_ERROR),
    **{
        name: ([*CAPA, "expect", reply], "authenticate", kind) for name, (reply, kind) in LOGIN_REFUSALS.items()
    },
}  # fmt: skip


def run_pop3(script: Sequence[bytes | str]) -> tuple[probe.Report, FaultServer, float]:
    with FaultServer(script, server_context(), implicit_tls=True) as pop3, FaultServer(["hang"]) as smtp:
        began = time.monotonic()
        report = probe.run(
            account(pop3.port, smtp.port, SocketType.SSL), vantage=Vantage.THIS_COMPUTER, login=True,
            password=Secret(PASSWORD), tls=client_context(), limits=QUICK,
        )  # fmt: skip
        return report, pop3, time.monotonic() - began


@pytest.mark.parametrize("name", POP3_FAULTS)
def test_names_each_fault_of_a_pop3_server(name: str) -> None:
    script, stage, kind = POP3_FAULTS[name]
    report, server, seconds = run_pop3(script)
    failed = next(s for s in report.failures() if s.protocol is Protocol.POP3)
    assert failed.failure is not None
    assert (failed.stage, failed.failure.kind) == (stage, kind)
    assert seconds < QUICK.run_with_login + 2
    logins = [line for line in server.seen if line.startswith((b"AUTH", b"PASS"))]
    sent = stage in ("stat",) or (stage == "authenticate" and kind is not FailureKind.CAPABILITY_MISSING)
    assert len(logins) == int(sent)
    assert report.password_sent is sent


@pytest.mark.parametrize("end", ["hang", "close", "reset"])
def test_a_login_without_an_answer_is_unknown_and_not_repeated(end: str) -> None:
    report, server, _ = run_pop3([*CAPA, "expect", end])
    assert report.state is RunState.UNKNOWN
    assert report.password_sent
    assert sum(line.startswith(b"AUTH") for line in server.seen) == 1


def test_a_refused_auth_plain_does_not_fall_back_to_user_and_pass() -> None:
    report, server, _ = run_pop3([*CAPA, "expect", b"-ERR authentication failed\r\n", "expect", b"+OK\r\n", "expect"])
    assert report.state is RunState.FAILED
    verbs = [line.split()[0] for line in server.seen if line.strip()]
    assert verbs.count(b"AUTH") == 1
    assert not {b"USER", b"PASS"} & set(verbs)


EHLO = b"250-mail\r\n250-SIZE 69920427\r\n250 AUTH LOGIN PLAIN\r\n"
SMTP_FAULTS: dict[str, tuple[list[bytes | str], str, FailureKind]] = {
    "421 greeting": ([b"421 gmx.net Service not available\r\n"], "greeting", FailureKind.TEMPORARILY_UNAVAILABLE),
    "554 greeting": ([b"554-gmx.net No SMTP service\r\n554 IP address is block listed.\r\n"], "greeting",
                     FailureKind.PERMANENTLY_REFUSED),
    "pop3 greeting": ([b"+OK POP server\r\n"], "greeting", FailureKind.WRONG_PROTOCOL),
    "endless ehlo": ([b"220 ok\r\n", "expect", b"250-A\r\n" * 200], "ehlo", FailureKind.REPLY_TOO_LONG),
    "only login": ([b"220 ok\r\n", "expect", b"250-mail\r\n250 AUTH LOGIN\r\n"], "authenticate",
                   FailureKind.CAPABILITY_MISSING),
    "535": ([b"220 ok\r\n", "expect", EHLO, "expect", b"535 Authentication credentials invalid\r\n"], "authenticate",
            FailureKind.AUTHENTICATION_FAILED),
    "534": ([b"220 ok\r\n", "expect", EHLO, "expect", b"534 5.7.9 Application-specific password required\r\n"],
            "authenticate", FailureKind.AUTHENTICATION_FAILED),
    "454": ([b"220 ok\r\n", "expect", EHLO, "expect", b"454 4.7.0 Temporary failure\r\n"], "authenticate",
            FailureKind.TEMPORARILY_UNAVAILABLE),
    "sender": ([b"220 ok\r\n", "expect", EHLO, "expect", b"235 ok\r\n", "expect", b"250 ok\r\n", "expect",
                b"550-Requested action not taken: mailbox unavailable\r\n550 Sender address is not allowed.\r\n"],
               "rcpt", FailureKind.REJECTED_SENDER),
    "spam pause": ([b"220 ok\r\n", "expect", EHLO, "expect", b"235 ok\r\n", "expect", b"250 ok\r\n", "expect",
                    b"550-Requested action not taken: mailbox unavailable\r\n"
                    b"550 Failure sending mail. Try again later\r\n"], "rcpt", FailureKind.TEMPORARILY_UNAVAILABLE),
}  # fmt: skip


@pytest.mark.parametrize("name", SMTP_FAULTS)
def test_names_each_fault_of_a_submission_server(name: str) -> None:
    script, stage, kind = SMTP_FAULTS[name]
    good = [*CAPA[:2], b"+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n", "expect", b"+OK\r\n", "expect", b"+OK 1 2\r\n", "expect",
            b"+OK\r\n.\r\n", "expect", b"+OK\r\n"]  # fmt: skip
    context = server_context()
    with FaultServer(good, context, True) as pop3, FaultServer(script, context, True) as smtp:
        report = probe.run(
            account(pop3.port, smtp.port, SocketType.SSL), vantage=Vantage.SERVER, login=True,
            password=Secret(PASSWORD), tls=client_context(), limits=QUICK,
        )  # fmt: skip
    (failed,) = report.failures()
    assert failed.failure is not None
    assert (failed.stage, failed.failure.kind) == (stage, kind)


STARTTLS_FAULTS: dict[str, tuple[list[bytes | str], FailureKind]] = {
    "missing": ([GREETING, "expect", b"+OK\r\nUSER\r\n.\r\n"], FailureKind.STARTTLS_MISSING),
    "refused": ([GREETING, "expect", b"+OK\r\nSTLS\r\n.\r\n", "expect", b"-ERR no\r\n"], FailureKind.STARTTLS_MISSING),
    "injected": ([GREETING, "expect", b"+OK\r\nSTLS\r\n.\r\n", "expect", b"+OK go\r\n+OK injected\r\n", "hang"],
                 FailureKind.STARTTLS_INJECTED),
}  # fmt: skip


@pytest.mark.parametrize("name", STARTTLS_FAULTS)
def test_never_sends_a_password_before_encryption(name: str) -> None:
    script, kind = STARTTLS_FAULTS[name]
    with FaultServer(script, server_context()) as pop3, FaultServer(["close"]) as smtp:
        report = probe.run(
            account(pop3.port, smtp.port, SocketType.STARTTLS), vantage=Vantage.SERVER, login=True,
            password=Secret(PASSWORD), tls=client_context(), limits=QUICK,
        )  # fmt: skip
    failed = next(s for s in report.failures() if s.protocol is Protocol.POP3)
    assert failed.failure is not None
    assert failed.failure.kind is kind
    assert not report.password_sent
    assert not [line for line in pop3.seen if line.startswith((b"AUTH", b"PASS", b"USER"))]


def certificate_faults() -> dict[str, tuple[ssl.SSLContext, set[FailureKind]]]:
    import datetime

    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    return {
        "expired": (server_context(CA.issue_cert("127.0.0.1", not_after=past)), {FailureKind.CERTIFICATE_EXPIRED}),
        "wrong host": (server_context(CA.issue_cert("pop.example.org")), {FailureKind.CERTIFICATE_WRONG_HOST}),
        "untrusted": (
            server_context(trustme.CA().issue_cert("127.0.0.1")),
            {FailureKind.CERTIFICATE_UNTRUSTED, FailureKind.CERTIFICATE_CHAIN_INCOMPLETE},
        ),
    }


@pytest.mark.parametrize("name", ["expired", "wrong host", "untrusted"])
def test_a_certificate_that_is_not_in_order_ends_the_test_before_the_login(name: str) -> None:
    context, kinds = certificate_faults()[name]
    with FaultServer([GREETING, "expect"], context, True) as pop3, FaultServer(["close"]) as smtp:
        report = probe.run(
            account(pop3.port, smtp.port, SocketType.SSL), vantage=Vantage.SERVER, login=True,
            password=Secret(PASSWORD), tls=client_context(), limits=QUICK,
        )  # fmt: skip
    failed = next(s for s in report.failures() if s.protocol is Protocol.POP3)
    assert failed.failure is not None
    assert (failed.stage, failed.failure.kind in kinds) == ("tls", True)
    assert not report.password_sent


def test_plain_text_on_a_tls_port_and_a_closed_port_have_their_own_names() -> None:
    with FaultServer([b"+OK plain\r\n", "hang"]) as pop3, FaultServer(["close"]) as closed:
        port = closed.port
        closed.__exit__()
        report = probe.run(
            account(pop3.port, port, SocketType.SSL), vantage=Vantage.SERVER, tls=client_context(), limits=QUICK
        )
    kinds = {s.protocol: s.failure.kind for s in report.failures() if s.failure}
    assert kinds == {Protocol.POP3: FailureKind.PLAINTEXT_ON_TLS_PORT, Protocol.SMTP: FailureKind.REFUSED}


def test_the_password_is_nowhere_even_where_a_server_repeats_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f'-ERR wrong "{PASSWORD}" for anna@gmx.de {PASSWORD.upper()}\r\n'.encode()
    report, _, _ = run_pop3([*CAPA, "expect", echo])
    everything = repr(report) + str([stage.to_json() for stage in report.stages]) + caplog.text
    assert PASSWORD not in everything
    assert PASSWORD.upper() not in everything
    reply = report.failures()[0].failure
    assert reply is not None
    assert "anna" not in (reply.reply or "")


@pytest.mark.parametrize("stage", ["resolve", "greeting", "capa", "authenticate", "stat", "quit"])
def test_a_crash_in_a_stage_is_unexpected_and_leaks_nothing(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.probe.pop3 import Pop3

    def crash(*_: object) -> None:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr(Pop3, f"_{stage}", crash)
    report, _, _ = run_pop3([*CAPA, "expect", b"+OK\r\n", "expect", b"+OK 0 0\r\n+OK\r\n.\r\n+OK\r\n"])
    failed = next(s for s in report.failures() if s.protocol is Protocol.POP3)
    assert failed.failure is not None
    assert failed.failure.kind is FailureKind.UNEXPECTED
    assert PASSWORD not in repr(report)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(PASSWORD)
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        assert PASSWORD not in traceback.format_exc()
    assert PASSWORD not in f"{secret} {secret!r} {secret:>40} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize("password", ["", "a\r\nDELE 1", "a\x00b", "a\x7fb", "x" * 1025, "a\u2028b"])
def test_refuses_a_password_that_could_become_protocol(password: str) -> None:
    with pytest.raises(InputError):
        Secret(password)
