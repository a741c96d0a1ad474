"""Every file of tests/dialogues over real sockets: what the probe makes of it, and how often it tried to log in."""

from __future__ import annotations

import json
import logging
import time
from contextlib import ExitStack

import pytest

from tests.support.certificates import Certificates
from tests.support.dialogues import Dialogue, DialogueServer, read, read_all
from webapp import probe
from webapp.account import KEEP_FOREVER, MailAccount
from webapp.probe import Limits, Protocol, Report, Secret, Stage, Vantage
from webapp.probe.report import FailureKind

USER = "anna@gmx.de"
PASSWORD = "canary-ßecret-Test-Passwort-4711"
PATIENT = Limits(run=8, run_with_login=8, resolve=5, connect=5, tls=5, reply=5)
QUICK = Limits(run=4, run_with_login=4, resolve=4, connect=0.6, tls=0.6, reply=0.6)  # where time is to run out
SLACK = 5  # seconds for a busy machine
DIALOGUES = read_all()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


class Table:
    """Both servers of an account: the one the dialogue is about, and a good one for the other protocol."""

    def __init__(self, dialogue: Dialogue, certificates: Certificates) -> None:
        other = "smtp" if dialogue.fact("protocol") == "pop3" else "pop3"
        good = read(f"{other}-good" if dialogue.login else f"{other}-good-without-login")
        self.dialogue = dialogue
        self.certificates = certificates
        self.main, self.other = (
            DialogueServer(
                each, certificates.server_context(each.fact("certificate", "ok")), user=USER, password=PASSWORD
            )
            for each in (dialogue, good)
        )

    def __enter__(self) -> Table:
        self._stack = ExitStack()
        self._stack.enter_context(self.main)
        self._stack.enter_context(self.other)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self) -> Report:
        pop3, smtp = sorted((self.main, self.other), key=lambda server: server.dialogue.fact("protocol"))
        quick = self.dialogue.fact("failure") == FailureKind.TIMED_OUT
        return probe.run(
            MailAccount(USER, "", pop3.server, smtp.server, KEEP_FOREVER, "gmx.net"),
            vantage=Vantage.THIS_COMPUTER,
            login=self.dialogue.login,
            password=Secret(PASSWORD) if self.dialogue.login else None,
            tls=self.certificates.client_context,
            limits=QUICK if quick else PATIENT,
        )


def stage_of(report: Report, dialogue: Dialogue) -> Stage:
    protocol = Protocol(dialogue.fact("protocol"))
    (found,) = (s for s in report.stages if (s.protocol, s.stage) == (protocol, dialogue.fact("stage")))
    return found


def hides_the_password(text: str) -> bool:
    from tests.support.dialogues import base64

    forms = [PASSWORD, json.dumps(PASSWORD)[1:-1], repr(PASSWORD)[1:-1]]
    forms += [base64.b64encode(form.encode()).decode() for form in (PASSWORD, f"\0{USER}\0{PASSWORD}")]
    return not any(form in text for form in forms)


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_knows_what_happened(dialogue: Dialogue, certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Table(dialogue, certificates) as table:
        began = time.monotonic()
        report = table.run()
        seconds = time.monotonic() - began
    stage = stage_of(report, dialogue)
    failure = stage.failure
    found = {
        "status": stage.status.value,
        "failure": failure.kind.value if failure else "",
        "state": report.state.value,
        "password sent": "yes" if report.password_sent else "no",
        "attempts": str(table.main.attempts),
        "surprises": table.main.surprises + table.other.surprises,
    }
    assert found == {
        "status": dialogue.fact("status", "failed"),
        "failure": dialogue.fact("failure"),
        "state": dialogue.fact("state", "failed"),
        "password sent": dialogue.fact("password sent", "no"),
        "attempts": dialogue.fact("attempts", "0"),
        "surprises": [],
    }
    if dialogue.fact("code"):
        assert failure is not None
        assert failure.response_code == dialogue.fact("code")
    if dialogue.fact("reply"):
        assert failure is not None
        assert dialogue.fact("reply") in (failure.reply or "")
    assert seconds < PATIENT.run_with_login + SLACK
    everything = repr(report) + json.dumps([each.to_json() for each in report.stages]) + caplog.text
    assert hides_the_password(everything)
