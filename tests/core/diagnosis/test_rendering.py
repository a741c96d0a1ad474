"""The one JSON shape, and the lines to copy into a ticket."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from webapp.core import providers
from webapp.core.diagnosis import explain, report_to_json, report_to_text
from webapp.core.probe.report import Failure, FailureKind, Mailbox, Protocol, Report, RunState, Stage, Status, Vantage

GMX_NET = providers.load()["gmx.net"]
ADDRESS = "anna.beispiel@gmx.de"
REFUSED = Report(
    reference="7KQ2M9XA",
    address=ADDRESS,
    provider="gmx.net",
    vantage=Vantage.SERVER,
    login=True,
    started_at=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
    stages=(
        Stage(Protocol.POP3, "greeting", "pop.gmx.net", 995, Status.PASSED, 20.4),
        Stage(
            Protocol.POP3, "authenticate", "pop.gmx.net", 995, Status.FAILED, 310.0,
            failure=Failure(FailureKind.AUTHENTICATION_FAILED, None, "-ERR authentication failed"),
        ),
        Stage(Protocol.POP3, "stat", "pop.gmx.net", 995, Status.SKIPPED),
        Stage(Protocol.SMTP, "greeting", "mail.gmx.net", 465, Status.PASSED, 18.0),
    ),
    state=RunState.FAILED,
    password_sent=True,
)  # fmt: skip
DIAGNOSES = explain(REFUSED, GMX_NET)


def test_the_json_has_the_pinned_shape() -> None:
    shape = report_to_json(REFUSED, DIAGNOSES, "de", GMX_NET)
    assert list(shape) == [
        "version", "reference", "address", "provider", "vantage", "login", "password_sent", "started_at", "state",
        "passed", "stages", "diagnoses", "mailbox",
    ]  # fmt: skip
    assert json.loads(json.dumps(shape)) == shape
    assert (shape["version"], shape["started_at"], shape["state"]) == (1, "2026-11-24T07:30:00Z", "failed")
    assert shape["passed"] is False
    assert [stage["protocol"] for stage in shape["stages"]] == ["pop3", "pop3", "pop3", "smtp"]
    assert shape["stages"][1]["failure"] == {
        "kind": "authentication_failed", "response_code": None, "reply": "-ERR authentication failed",
    }  # fmt: skip
    (diagnosis,) = shape["diagnoses"]
    assert list(diagnosis) == ["id", "title", "why", "advice", "see"]
    assert diagnosis["id"] == "login-refused"
    assert diagnosis["title"] == "GMX hat die Anmeldung abgelehnt"
    assert diagnosis["see"] == "https://hilfe.gmx.net/pop-imap/einschalten.html"


def test_the_address_is_shortened_unless_asked_for() -> None:
    assert report_to_json(REFUSED, DIAGNOSES, "de", GMX_NET)["address"] == "a…l@gmx.de"
    assert report_to_json(REFUSED, DIAGNOSES, "de", GMX_NET, full=True)["address"] == ADDRESS


def test_the_texts_come_in_the_language_asked_for() -> None:
    (english,) = report_to_json(REFUSED, DIAGNOSES, "en", GMX_NET)["diagnoses"]
    assert english["title"] == "GMX refused the login"
    assert english["see"] == "https://support.gmx.com/pop-imap/toggle.html"


def test_without_a_provider_there_is_no_link() -> None:
    (diagnosis,) = report_to_json(REFUSED, DIAGNOSES, "de", None)["diagnoses"]
    assert diagnosis["see"] is None


def test_the_mailbox_is_told_where_it_was_read() -> None:
    assert report_to_json(REFUSED, (), "de", GMX_NET)["mailbox"] is None
    read = replace(REFUSED, mailbox=Mailbox(5, 47_919))
    assert report_to_json(read, (), "de", GMX_NET)["mailbox"] == {"messages": 5, "octets": 47_919}


def test_the_text_is_a_tree_of_stages_with_the_titles_of_the_diagnoses() -> None:
    assert report_to_text(REFUSED, DIAGNOSES, "de").splitlines() == [
        "GMX-POP 7KQ2M9XA (report 1)",
        "gmx.net, server, 2026-11-24T07:30:00Z, failed",
        "login: yes, password_sent: yes",
        "",
        "pop3 pop.gmx.net:995",
        "  greeting     passed 20.4 ms",
        "  authenticate failed 310 ms  authentication_failed",
        '    reply: "-ERR authentication failed"',
        "  stat         skipped",
        "",
        "smtp mail.gmx.net:465",
        "  greeting     passed 18 ms",
        "",
        "login-refused: GMX hat die Anmeldung abgelehnt",
    ]


def test_the_text_holds_no_address() -> None:
    text = report_to_text(REFUSED, DIAGNOSES, "de")
    assert "anna" not in text
    assert "@" not in text


def test_whether_the_password_was_sent_comes_from_the_report_alone() -> None:
    unsent = replace(REFUSED, password_sent=False)
    assert report_to_json(unsent, DIAGNOSES, "de", GMX_NET)["password_sent"] is False
    assert "password_sent: no" in report_to_text(unsent, DIAGNOSES, "de")
