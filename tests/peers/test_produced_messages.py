"""What real programs print when a server misbehaves leads to the cause that docs/faults.md says, as our own check tells it.

Where a program says less than the server did, the table names the cause that is found instead.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fault_server import read
from tests.support.produced import OTHERWISE, QUICK, expected, faults, found, met_by
from tests.support.programs import meet, needed, speaks
from tests.support.proofs import sampled

pytestmark = pytest.mark.peers

PAIRS = [(program, fault.name) for fault in faults() for program in met_by(fault) if speaks(program, fault.name)]


@pytest.mark.parametrize(("program", "fault"), sampled(PAIRS, lambda pair: pair[1] in QUICK))
def test_a_fault_is_told_as_the_table_says(tmp_path: Path, program: str, fault: str) -> None:
    needed(program)
    met = meet(tmp_path, program, fault)
    assert found(program, met) == expected(program, read(fault)), met.output


def test_the_table_knows_no_fault_that_is_gone() -> None:
    pairs = {(program, fault.name) for fault in faults() for program in met_by(fault)}
    assert {(program, name) for program, named in OTHERWISE.items() for name in named} <= pairs
