"""Every file of tests/dialogues over real sockets: what the probe makes of it, and how often it tried to log in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fault_server import Dialogue, read_all
from webapp.probe import FailureKind, Limits

QUICK = Limits(run=4, run_with_login=4, resolve=4, connect=0.6, tls=0.6, reply=0.6)  # where time is to run out
SECONDS_MAX = 12  # the longest limit of a run, and slack for a busy machine
DIALOGUES = read_all()


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_knows_what_happened(
    dialogue: Dialogue, play: Callable[..., Any], hidden: Callable[[str], bool], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    limits = {"limits": QUICK} if dialogue.fact("failure") == FailureKind.TIMED_OUT else {}
    played = play(dialogue, **limits)
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
    assert played.seconds < SECONDS_MAX
    assert hidden(played.everything() + caplog.text)


def test_the_table_has_every_kind_of_failure_a_server_can_cause() -> None:
    covered = {dialogue.fact("failure") for dialogue in DIALOGUES}
    # No server of a test can cause these: a name without address, no way to a network, our own limits, our own bugs.
    others = {FailureKind.UNRESOLVED, FailureKind.UNREACHABLE, FailureKind.LIMITED, FailureKind.UNEXPECTED}
    assert {kind.value for kind in set(FailureKind) - others} <= covered
