"""Reports as data and back."""

from __future__ import annotations

import json

import pytest

from tests.core.probe.conftest import Play, certificates, play
from webapp.connection_tests.redis_stores import report_from_record, report_to_record

__all__ = ["certificates", "play"]


@pytest.mark.parametrize(
    "dialogue", ["pop3-good", "pop3-auth-code-auth", "pop3-certificate-expired", "smtp-auth-reset"]
)
def test_a_report_comes_back_as_it_was(play: Play, dialogue: str) -> None:
    report = play(dialogue).report
    assert report_from_record(json.loads(json.dumps(report_to_record(report)))) == report
