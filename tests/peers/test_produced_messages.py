"""What real programs print when a server misbehaves leads to the cause that our own check finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.test_linux_clients import meet, needed
from tests.support.fault_server import read
from tests.support.fault_table import diagnoses
from tests.support.produced import NAMED, PROGRAMS
from webapp.core.diagnosis.messages import causes, search

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("fault", NAMED["pop3"])
@pytest.mark.parametrize("program", PROGRAMS["pop3"])
def test_a_fault_in_receiving_is_told_as_our_check_tells_it(tmp_path: Path, program: str, fault: str) -> None:
    told_alike(tmp_path, program, f"pop3-{fault}")


@pytest.mark.parametrize("fault", NAMED["smtp"])
def test_a_fault_in_sending_is_told_as_our_check_tells_it(tmp_path: Path, fault: str) -> None:
    told_alike(tmp_path, "msmtp", f"smtp-{fault}")


def told_alike(tmp_path: Path, program: str, fault: str) -> None:
    needed(program)
    ran, _ = meet(tmp_path, program, fault)
    assert ran.code != 0
    assert causes(search(ran.output, program))[:1] == diagnoses(read(fault))[:1], ran.output
