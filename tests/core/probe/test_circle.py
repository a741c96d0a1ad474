"""The full circle against a mailbox with whims: how often it logs in, what it looks at, and when it stops."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.core.probe.conftest import PASSWORD, USER, hides_the_password
from tests.support.certificates import Certificates
from tests.support.post_office import STRANGER, PostOffice
from webapp.core import providers
from webapp.core.diagnosis import explain, report_to_json, report_to_text
from webapp.core.probe import (
    Bounds,
    FailureKind,
    Protocol,
    Report,
    RunState,
    Secret,
    Stage,
    Status,
    Vantage,
    circle,
    planned,
)
from webapp.core.probe.circle import HEADERS_MAX, bears, compose
from webapp.core.probe.connection import Clock
from webapp.core.probe.report import CIRCLE_STAGES

PATIENT = Bounds(circle=30, connect=10, tls=10, reply=10)
GMX = providers.load()["gmx.net"]

MakeOffice = Callable[..., PostOffice]


@pytest.fixture
def make(certificates: Certificates) -> MakeOffice:
    return lambda **whims: PostOffice(certificates.server_context("ok"), **whims)


def close(office: PostOffice, certificates: Certificates, **arguments: Any) -> Report:
    values = {"seconds_between": 0, "tls": certificates.client_context, "bounds": PATIENT, **arguments}
    return circle.run(office.account(USER), vantage=Vantage.SERVER, password=Secret(PASSWORD), **values)


def statuses(report: Report) -> list[str]:
    assert report.circle is not None
    return [stage.status.value for stage in report.circle.stages]


class FakeClock(Clock):
    """Minutes that pass at once; only what is waited for on purpose counts."""

    def __init__(self) -> None:
        super().__init__(60)
        self.passed = 0.0

    @property
    def now(self) -> float:
        return self.passed

    @property
    def left(self) -> float:
        return 90 - self.passed

    def pause(self, seconds: float) -> None:
        self.passed += seconds


def test_the_logins_are_as_far_apart_as_the_provider_wants_and_end_within_ninety_seconds(
    make: MakeOffice, certificates: Certificates
) -> None:
    clock = FakeClock()
    with make(delivers_at=None, now=lambda: clock.now) as office:
        report = close(office, certificates, clock=clock, seconds_between=GMX.seconds_between_pop3_logins)
        assert office.logins == [0, 20, 60]
        assert office.attempts == (3, 1)
        assert statuses(report) == ["passed", "warning", "warning"]


@pytest.mark.parametrize(("between", "logins"), [(0, 3), (40, 3), (50, 2), (100, 1)])
def test_leaves_out_a_look_that_would_come_too_late(
    make: MakeOffice, certificates: Certificates, between: int, logins: int
) -> None:
    clock = FakeClock()
    with make(delivers_at=None, now=lambda: clock.now) as office:
        report = close(office, certificates, clock=clock, seconds_between=between)
        assert len(office.logins) == logins
        assert all(later - earlier >= between for earlier, later in zip(office.logins, office.logins[1:], strict=False))
        assert clock.passed < 90
        assert report.state is RunState.PASSED


def test_finds_the_mail_at_the_first_look_and_logs_in_no_more(make: MakeOffice, certificates: Certificates) -> None:
    with make() as office:
        report = close(office, certificates)
    assert (report.state, statuses(report)) == (RunState.PASSED, ["passed", "passed", "skipped"])
    assert office.attempts == (2, 1)
    assert report.passed
    assert [diagnosis.id for diagnosis in explain(report)] == []


def test_finds_at_the_third_login_a_mail_that_is_slow(make: MakeOffice, certificates: Certificates) -> None:
    with make(delivers_at=3) as office:
        report = close(office, certificates)
    assert (report.state, statuses(report)) == (RunState.PASSED, ["passed", "warning", "passed"])
    assert report.circle is not None
    assert report.circle.found
    assert office.attempts == (3, 1)
    assert [diagnosis.id for diagnosis in explain(report)] == []


def test_a_mail_that_never_arrives_is_not_proved_and_never_failed(make: MakeOffice, certificates: Certificates) -> None:
    with make(delivers_at=None) as office:
        report = close(office, certificates)
    assert report.circle is not None
    assert (report.state, report.circle.sent, report.circle.found) == (RunState.PASSED, True, False)
    assert report.failures() == ()
    assert office.attempts == (3, 1)
    (told,) = explain(report, GMX)
    assert told.id == "circle-not-proved"
    assert "spam folder" in str(told.advice[0])


def test_looks_at_nothing_but_headers_of_what_came_after_it_had_counted(
    make: MakeOffice, certificates: Certificates
) -> None:
    with make(mailbox=[STRANGER] * 4, later=[STRANGER] * 2) as office:
        report = close(office, certificates)
    tops = [line for _, line in office.said if line.startswith("TOP")]
    assert tops == ["TOP 7 0"]
    assert set(office.verbs) <= {
        "CAPA", "AUTH", "STAT", "UIDL", "TOP", "QUIT", "EHLO", "MAIL", "RCPT", "DATA",
    }  # fmt: skip
    assert "private" not in repr(report)


def test_looks_at_a_bounded_number_of_headers_and_at_none_from_before(
    make: MakeOffice, certificates: Certificates
) -> None:
    with make(delivers_at=2, later=[STRANGER] * 3) as office:
        office.answers = {".": "250 taken"}
        office.seen_by = lambda login: [STRANGER] * (2 if login == 1 else 5 if login == 2 else 40)  # type: ignore[method-assign]
        close(office, certificates)
    tops = [int(line.split()[1]) for _, line in office.said if line.startswith("TOP")]
    assert tops == [5, 4, 3, *range(40, 40 - HEADERS_MAX, -1)]
    assert all(line.endswith(" 0") for _, line in office.said if line.startswith("TOP"))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_refused_login_ends_everything(make: MakeOffice, certificates: Certificates, number: int) -> None:
    with make(delivers_at=None, refuses=(number,)) as office:
        report = close(office, certificates)
    assert office.attempts == (number, 0 if number == 1 else 1)
    assert report.state is RunState.FAILED
    (failed,) = report.failures()
    assert failed.failure is not None
    assert failed.failure.kind is FailureKind.AUTHENTICATION_FAILED
    assert explain(report)[0].id == ("login-refused" if number == 1 else "circle-stopped")
    if number == 1:
        assert statuses(report) == ["skipped"] * 3
        assert not any(protocol == "smtp" for protocol, _ in office.said)


@pytest.mark.parametrize("number", [1, 2])
def test_a_login_without_an_answer_is_unknown_and_the_last_one(
    make: MakeOffice, certificates: Certificates, number: int
) -> None:
    with make(delivers_at=None, hangs=(number,)) as office:
        report = close(office, certificates, bounds=Bounds(circle=20, reply=1))
    assert office.attempts == (number, number - 1)
    assert report.state is RunState.UNKNOWN


def test_a_look_that_did_not_get_as_far_as_a_login_proves_nothing_and_the_next_one_may(
    make: MakeOffice, certificates: Certificates
) -> None:
    with make(drops=(2,)) as office:
        report = close(office, certificates)
    assert statuses(report) == ["passed", "warning", "passed"]
    assert office.attempts == (2, 1)
    assert report.circle is not None
    look = report.circle.looks[0]
    assert look.failure is not None
    assert look.failure.kind is FailureKind.CONNECTION_LOST
    assert look.detail == {"step": "greeting"}


def test_a_server_without_top_proves_nothing(make: MakeOffice, certificates: Certificates) -> None:
    with make(knows_top=False) as office:
        report = close(office, certificates)
    assert (report.state, statuses(report)) == (RunState.PASSED, ["passed", "warning", "skipped"])
    assert office.attempts == (2, 1)  # a third login would prove no more
    assert [diagnosis.id for diagnosis in explain(report)] == ["circle-not-proved"]


@pytest.mark.parametrize(
    ("verb", "answer", "stage", "diagnosis"),
    [
        ("AUTH", "535 Authentication credentials invalid", "authenticate", "login-refused-for-sending"),
        ("MAIL", "550 Sender address is not allowed.", "mail", "sender-not-allowed"),
        ("RCPT", "553 no", "rcpt", "sender-not-allowed"),
        ("DATA", "554 no", "data", None),
        (".", "550 Sender address is not allowed.", "data", "sender-not-allowed"),
        (".", "450 Requested mail action not taken: please try again later", "data", "sending-paused"),
    ],
)
def test_a_mail_that_is_refused_is_not_looked_for(
    make: MakeOffice, certificates: Certificates, verb: str, answer: str, stage: str, diagnosis: str | None
) -> None:
    with make(answers={verb: answer}) as office:
        report = close(office, certificates)
    assert office.attempts == (1, 1)
    assert report.state is RunState.FAILED
    (failed,) = report.failures()
    assert (failed.protocol, failed.stage) == (Protocol.SMTP, stage)
    assert report.circle is not None
    assert report.circle.sent is False
    if diagnosis:
        assert explain(report)[0].id == diagnosis
    assert explain(report)


def test_says_that_nobody_knows_where_a_mail_was_handed_over_without_an_answer(
    make: MakeOffice, certificates: Certificates
) -> None:
    with make(answers={".": ""}) as office:
        report = close(office, certificates)
    assert report.circle is not None
    assert (report.state, report.circle.sent, report.circle.found) == (RunState.FAILED, None, False)
    assert office.attempts == (1, 1)


def test_says_that_nobody_knows_where_it_is_cancelled_before_the_mail_is_answered(
    make: MakeOffice, certificates: Certificates
) -> None:
    cancelled, over = threading.Event(), threading.Event()
    with make(on_mail=lambda: cancelled.set() or over.wait(60)) as office:
        report = close(office, certificates, cancelled=cancelled)
        over.set()
    assert office.sent
    assert office.attempts == (1, 1)
    assert report.circle is not None
    assert (report.state, report.circle.sent, report.circle.found) == (RunState.CANCELLED, None, False)
    assert statuses(report) == ["warning", "skipped", "skipped"]


def test_ends_at_once_when_it_is_cancelled_while_it_waits(make: MakeOffice, certificates: Certificates) -> None:
    cancelled = threading.Event()
    told: list[Stage] = []

    def hear(stage: Stage) -> None:
        told.append(stage)
        if "due" in stage.detail:
            cancelled.set()

    with make() as office:
        report = close(office, certificates, seconds_between=20, cancelled=cancelled, on_stage=hear)
    assert report.state is RunState.CANCELLED
    assert office.attempts == (1, 1)
    assert statuses(report) == ["passed", "skipped", "skipped"]
    assert report.circle is not None
    assert all("due" not in stage.detail for stage in report.circle.stages)


def test_the_password_and_the_mark_are_in_nothing_that_is_kept(make: MakeOffice, certificates: Certificates) -> None:
    with make(answers={"AUTH": f"535 {USER} {PASSWORD}"}) as office:
        reports = [close(office, certificates)]
    with make() as office:
        reports.append(close(office, certificates))
        mark = email.message_from_bytes(office.sent)["X-POP-Check"]
    for report in reports:
        kept = repr(report) + json.dumps(report_to_json(report, explain(report), "de", GMX, True))
        kept += report_to_text(report, explain(report), "de")
        assert hides_the_password(kept)
        assert mark not in kept
    assert hides_the_password(office.sent.decode())


def test_the_mail_is_a_proper_one_and_says_what_it_is(make: MakeOffice, certificates: Certificates) -> None:
    with make() as office:
        report = close(office, certificates)
    mail = email.message_from_bytes(office.sent, policy=email.policy.default)
    assert not mail.defects
    assert (mail["From"], mail["To"]) == (USER, USER)
    assert abs(mail["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=5)
    assert mail["Message-ID"] == f"<{mail['X-POP-Check']}@gmx.de>"
    assert len(mail["X-POP-Check"]) == 32
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Prüf-E-Mail: Sie dürfen sie löschen / Test mail: you may delete it"
    text = mail.get_content()
    assert "Sie dürfen sie löschen." in text
    assert "You may delete it." in text
    assert report.reference in text
    assert office.sent.isascii()
    assert all(len(line) <= 998 for line in office.sent.splitlines())


def test_no_line_of_the_mail_ends_it_too_soon() -> None:
    account = providers.load()["gmx.net"].account(USER)
    wire = compose(
        account, "0" * 32, planned(account, vantage=Vantage.SERVER, login=True, reference="7KQ2M9XA\n.\nQUIT")
    )
    assert wire.endswith(b"\r\n.\r\n")
    assert b"\r\n.\r\n" not in wire[:-5]
    assert b"\r\n..\r\n" in wire
    assert b"\n" not in wire.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ([b"X-POP-Check: abc"], True),
        ([b"x-pop-check:abc "], True),
        ([b"Message-ID:", b" <abc@gmx.de>"], True),
        ([b"References: <abc@gmx.de>"], False),
        ([b"Subject: abc"], False),
        ([b"X-POP-Check: abcd"], False),
        ([b" abc"], False),
        ([], False),
    ],
)
def test_knows_its_own_mail_by_its_mark_alone(header: list[bytes], found: bool) -> None:
    assert bears(header, "abc") is found


def test_tells_every_stage_as_it_begins_and_ends(make: MakeOffice, certificates: Certificates) -> None:
    told: list[Stage] = []
    with make(delivers_at=3) as office:
        close(office, certificates, on_stage=told.append)
    for protocol, name in CIRCLE_STAGES:
        seen = [stage.status for stage in told if (stage.protocol, stage.stage) == (protocol, name)]
        assert seen[-2] is Status.RUNNING
        assert seen[-1] in (Status.PASSED, Status.WARNING)
