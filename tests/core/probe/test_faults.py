"""Every file of tests/dialogues over real sockets: what the probe makes of it, and how often it tried to log in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support import fault_table
from tests.support.fault_server import Dialogue, read_all
from webapp.core.diagnosis import explain
from webapp.core.probe import Bounds, FailureKind, Vantage

QUICK = Bounds(run=4, run_with_login=4, resolve=4, connect=0.6, tls=0.6, reply=0.6)  # where time is to run out
SLACK = 8  # seconds, for a busy machine
DIALOGUES = read_all()


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_knows_what_happened(
    dialogue: Dialogue, play: Callable[..., Any], hidden: Callable[[str], bool], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bounds = {"bounds": QUICK} if dialogue.fact("failure") == FailureKind.TIMED_OUT else {}
    played = play(dialogue, **bounds)
    stage = played.stage(dialogue.fact("stage"))
    failure = stage.failure
    found = {
        "status": stage.status.value,
        "failure": failure.kind.value if failure else "",
        "state": played.report.state.value,
        "password sent": "yes" if played.report.password_sent else "no",
        "attempts": str(played.main.attempts),
        "surprises": played.main.surprises + played.other.surprises,
    }
    assert found == {
        "status": dialogue.fact("status", "failed"),
        "failure": dialogue.fact("failure"),
        "state": dialogue.fact("state", "failed"),
        "password sent": dialogue.fact("password sent", "no"),
        "attempts": dialogue.fact("attempts", "0"),
        "surprises": [],
    }
    if code := dialogue.fact("code"):
        assert failure is not None
        assert failure.response_code == code
    if reply := dialogue.fact("reply"):
        assert failure is not None
        assert reply in (failure.reply or "")
    told = {
        vantage: [diagnosis.id for diagnosis in explain(replace(played.report, vantage=vantage))] for vantage in Vantage
    }
    here, server = ([name] if name else [] for name in fault_table.diagnoses(dialogue))
    assert told == {Vantage.THIS_COMPUTER: here, Vantage.SERVER: server}
    assert played.seconds < fault_table.seconds(dialogue, QUICK) + SLACK
    assert hidden(played.everything() + caplog.text)


def test_the_table_has_every_kind_of_failure_a_server_can_cause() -> None:
    covered = {dialogue.fact("failure") for dialogue in DIALOGUES}
    # No server of a test can cause these: a name without address, no way to a network, our own bounds, our own bugs.
    others = {FailureKind.UNRESOLVED, FailureKind.UNREACHABLE, FailureKind.LIMITED, FailureKind.UNEXPECTED}
    assert {kind.value for kind in set(FailureKind) - others} <= covered


def test_the_page_of_faults_is_made_of_the_dialogues(update_golden: bool) -> None:
    if update_golden:
        fault_table.PAGE.write_text(fault_table.page(), encoding="utf-8")
    assert fault_table.PAGE.read_text(encoding="utf-8") == fault_table.page()


def test_network_trouble_is_never_told_as_a_refused_login_nor_the_other_way_round() -> None:
    refusals = {"login-refused", "login-refused-for-sending", "app-password-needed"}
    for dialogue in DIALOGUES:
        told = set(fault_table.diagnoses(dialogue)) & refusals
        assert bool(told) == (dialogue.fact("failure") == FailureKind.AUTHENTICATION_FAILED), dialogue.name
