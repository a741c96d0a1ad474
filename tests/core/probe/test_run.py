"""A run as a whole: its end, its order, what it tells while it runs, and what it does when something breaks."""

from __future__ import annotations

import dataclasses
import logging
import socket
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fault_server import read
from webapp.core import probe
from webapp.core.account import KEEP_FOREVER, MailAccount, Server, ServerType, SocketType
from webapp.core.probe import STAGES, Bounds, FailureKind, Protocol, Report, RunState, Secret, Stage, Status, Vantage
from webapp.core.probe.pop3 import Pop3
from webapp.core.probe.smtp import Smtp

Play = Callable[..., Any]
STAGE_IDS = [(protocol, name) for protocol in Protocol for name in STAGES[protocol]]


def account(hostname: str = "localhost", port: int = 9) -> MailAccount:
    servers = (Server(type_, hostname, port, SocketType.SSL) for type_ in (ServerType.POP3, ServerType.SMTP))
    return MailAccount("anna@gmx.de", "", *servers, KEEP_FOREVER, "gmx.net")


def run(checked: MailAccount, **arguments: Any) -> Report:
    return probe.run(checked, vantage=Vantage.THIS_COMPUTER, **arguments)


# The order of things


def test_reports_every_stage_in_order_from_running_to_its_end(play: Play) -> None:
    told: list[Stage] = []
    played = play("pop3-good", on_stage=told.append)
    for protocol in Protocol:
        ended = [stage for stage in told if stage.protocol is protocol and stage.status is not Status.RUNNING]
        assert tuple(stage.stage for stage in ended) == STAGES[protocol]
        assert tuple(ended) == tuple(stage for stage in played.report.stages if stage.protocol is protocol)
    assert all(
        (stage.milliseconds is not None) == (stage.status is not Status.SKIPPED) for stage in played.report.stages
    )
    assert [stage.protocol for stage in played.report.stages] == sorted(
        stage.protocol for stage in played.report.stages
    )


def test_speaks_exactly_the_words_it_may(play: Play) -> None:
    played = play("pop3-good-user-pass")
    assert [line.split()[0] for line in played.main.seen] == ["CAPA", "USER", "PASS", "STAT", "UIDL", "QUIT"]
    assert [line.split()[0] for line in played.other.seen] == ["EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"]
    assert [line for line in played.other.seen if line.startswith(("MAIL", "RCPT"))] == [
        "MAIL FROM:<anna@gmx.de>",
        "RCPT TO:<anna@gmx.de>",
    ]


@pytest.mark.parametrize(
    "name", ["pop3-auth-one-text", "pop3-auth-silent", "pop3-tls-closed", "pop3-certificate-expired"]
)
def test_smtp_is_opened_but_not_logged_in_to_unless_pop3_said_ok(play: Play, name: str) -> None:
    played = play(name, bounds=Bounds(run_with_login=8, reply=0.6))
    assert played.other.attempts == 0
    assert played.stage("ehlo", Protocol.SMTP).status is Status.PASSED
    assert played.stage("authenticate", Protocol.SMTP).status is Status.SKIPPED


def test_the_time_smtp_waits_for_pop3_is_not_counted_as_its_login(play: Play) -> None:
    slow = read("pop3-good")
    steps = tuple(("!", "drip +OK mailbox") if "mailbox" in text else (kind, text) for kind, text in slow.steps)
    played = play(dataclasses.replace(slow, steps=steps))
    waited = played.stage("authenticate", Protocol.POP3).milliseconds
    assert played.stage("authenticate", Protocol.SMTP).milliseconds < waited / 2


def test_a_certificate_is_fetched_on_a_second_connection_that_says_nothing(play: Play) -> None:
    played = play("pop3-certificate-expired")
    assert (played.main.connections, played.main.seen) == (2, [])
    detail = played.stage("tls").detail
    assert detail["names"] == ["localhost"]
    assert detail["issuer"]
    assert detail["days_left"] < 0


def test_a_certificate_behind_starttls_is_fetched_without_a_login(play: Play) -> None:
    played = play("smtp-starttls-expired")
    assert [line.split()[0] for line in played.main.seen] == ["EHLO", "STARTTLS"] * 2
    assert played.stage("starttls").detail["names"] == ["localhost"]


def test_a_long_password_goes_in_a_line_of_its_own(play: Play) -> None:
    """RFC 5034 section 4: an initial response that does not fit into 255 octets is not sent as one."""
    good = read("pop3-good")
    steps = []
    for kind, text in good.steps:
        steps += [("C", "AUTH PLAIN"), ("S", "+ "), ("C", "****")] if text == "AUTH PLAIN ****" else [(kind, text)]
    smtp = play(dataclasses.replace(good, steps=tuple(steps)), password="test-" * 60, other="smtp-good-without-login")
    assert (smtp.stage("authenticate").status, smtp.main.attempts) == (Status.PASSED, 1)
    assert smtp.main.surprises == []


# The facts


def test_keeps_what_stat_and_ehlo_say_in_numbers(play: Play) -> None:
    played = play("pop3-good")
    assert played.report.mailbox == probe.report.Mailbox(5, 47919)
    assert played.stage("uidl").detail["count"] == 5
    assert played.stage("ehlo", Protocol.SMTP).detail["size"] == 69920427
    assert played.stage("tls").detail["version"] in ("TLSv1.2", "TLSv1.3")
    assert played.stage("connect").detail["address"] in ("127.0.0.1", "::1")


def test_a_list_too_long_is_counted_to_its_limit(play: Play) -> None:
    assert play("pop3-uidl-endless", bounds=Bounds(uidl_lines=100)).stage("uidl").detail["count"] == 100


# The ends


def test_a_server_that_drips_cannot_outlast_the_run(play: Play) -> None:
    played = play("pop3-greeting-drip", bounds=Bounds(run_with_login=0.8, reply=60))
    assert played.stage("greeting").failure.kind is FailureKind.TIMED_OUT
    assert played.seconds < 5


def test_a_cancelled_run_ends_at_once_and_logs_in_nowhere(play: Play) -> None:
    cancelled = threading.Event()

    def cancel(stage: Stage) -> None:
        if (stage.stage, stage.status) == ("capa", Status.RUNNING):
            cancelled.set()

    played = play("pop3-capa-silent", on_stage=cancel, cancelled=cancelled)
    assert played.report.state is RunState.CANCELLED
    assert (played.main.attempts, played.other.attempts, played.report.password_sent) == (0, 0, False)
    assert not [stage for stage in played.report.stages if stage.status in (Status.PENDING, Status.RUNNING)]


def test_a_run_cancelled_behind_the_password_is_unknown(play: Play) -> None:
    cancelled = threading.Event()

    def cancel(stage: Stage) -> None:
        if (stage.protocol, stage.stage, stage.status) == (Protocol.POP3, "authenticate", Status.RUNNING):
            threading.Timer(0.5, cancelled.set).start()

    played = play("pop3-auth-silent", on_stage=cancel, cancelled=cancelled)
    assert (played.report.state, played.report.password_sent) == (RunState.UNKNOWN, True)
    assert played.main.attempts == 1


def test_a_name_without_address_is_unresolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    report = run(account("pop.gmx.invalid"))
    assert {(s.stage, s.failure.kind) for s in report.failures() if s.failure} == {("resolve", FailureKind.UNRESOLVED)}


def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def wait(*_: object, **__: object) -> None:
        answer.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    report = run(account(), bounds=Bounds(resolve=0.3))
    answer.set()
    assert {(s.stage, s.failure.kind) for s in report.failures() if s.failure} == {("resolve", FailureKind.TIMED_OUT)}


def addresses(*found: str) -> Callable[..., list[tuple[object, ...]]]:
    def getaddrinfo(_: str, port: int, **__: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]

    return getaddrinfo


def test_takes_the_next_address_and_says_what_became_of_the_first(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", addresses("::1", "127.0.0.1"))
    stage = play("pop3-good").stage("connect")
    assert (stage.status, stage.detail["address"]) == (Status.PASSED, "127.0.0.1")
    assert len(stage.detail["refusals"]) == 1
    assert stage.detail["refusals"][0].startswith("::1 ")


def test_a_first_address_that_stays_silent_is_a_warning(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: tuple[Any, ...]) -> None:
        if address[0] == "::1":
            raise TimeoutError
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", addresses("::1", "127.0.0.1"))
    stage = play("pop3-good").stage("connect")
    assert (stage.status, stage.failure.kind) == (Status.WARNING, FailureKind.TIMED_OUT)


def test_a_network_without_a_way_out_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", connect)
    report = run(account())
    assert {s.failure.kind for s in report.failures() if s.failure} == {FailureKind.UNREACHABLE}


# What breaks


@pytest.mark.parametrize(("protocol", "name"), STAGE_IDS, ids=[f"{protocol}-{name}" for protocol, name in STAGE_IDS])
def test_a_crash_in_any_stage_is_unexpected_and_shows_nothing(
    protocol: Protocol,
    name: str,
    play: Play,
    hidden: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    def crash(self: Pop3 | Smtp) -> None:
        password = self.context.password
        assert password is not None
        raise RuntimeError(password.reveal())

    monkeypatch.setattr({Protocol.POP3: Pop3, Protocol.SMTP: Smtp}[protocol], f"_{name}", crash)
    played = play("pop3-good")
    stage = played.stage(name, protocol)
    assert (stage.status, stage.failure.kind) == (Status.FAILED, FailureKind.UNEXPECTED)
    assert stage.detail == {"error": "RuntimeError"}
    assert played.report.state is RunState.FAILED
    assert played.main.attempts <= 1
    assert played.other.attempts <= 1
    assert hidden(played.everything() + caplog.text)


def test_one_who_watches_and_fails_does_not_end_the_run(
    play: Play, hidden: Callable[[str], bool], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Stage) -> None:
        raise OSError("the store is gone")

    played = play("pop3-good", on_stage=fail)
    assert played.report.passed
    assert (played.main.attempts, played.other.attempts) == (1, 1)
    assert "OSError" in caplog.text
    assert hidden(caplog.text)


def test_a_login_needs_a_password() -> None:
    with pytest.raises(ValueError, match="password"):
        run(account(), login=True)


def test_a_password_without_login_is_not_used(play: Play) -> None:
    played = play("pop3-good-without-login")
    report = run(
        MailAccount("anna@gmx.de", "", played.main.server, played.other.server, KEEP_FOREVER, "gmx.net"),
        password=Secret("test-password-unused"),
    )
    assert not report.password_sent


def test_no_traceback_of_a_failure_leads_to_the_bytes_that_were_sent(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors of sockets are raised `from None`: whoever prints a chain prints no more than a kind."""
    from webapp.core.probe import conversation

    chains: list[str] = []
    real = conversation.Failure

    def spy(*arguments: Any) -> Any:
        chains.append(traceback.format_exc())
        return real(*arguments)

    monkeypatch.setattr(conversation, "Failure", spy)
    play("pop3-auth-reset")
    assert len(chains) == 1
    assert "ConnectionResetError" not in chains[0]
    assert "connection_lost" in chains[0]
