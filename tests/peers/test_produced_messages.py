"""What real programs print when a server misbehaves leads to the cause that docs/faults.md says, as our own check tells it.

Where another cause is found first, nobody could know better: the same lines are printed at another fault, or with other
settings. The tests run both faults.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count

import pytest

from tests.support.fault_server import read
from tests.support.produced import (
    OTHERWISE,
    QUICK,
    expected,
    faults,
    found,
    judge,
    met_by,
    printed_too,
    sharing,
    shown,
)
from tests.support.programs import TALKING, Met, meet, needed, speaks
from tests.support.proofs import sampled
from webapp.core.diagnosis.messages import CAUSES_SHOWN

pytestmark = pytest.mark.peers

PAIRS = [(program, fault.name) for fault in faults() for program in met_by(fault) if speaks(program, fault.name)]
LIKE = [(program, fault) for program, fault in PAIRS if expected(program, read(fault)).like]
TALKED = [(program, fault) for program, fault in LIKE if expected(program, read(fault)).talking]

Meet = Callable[..., Met]


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Meet:
    """Meet a fault, once for all tests."""

    @cache
    def once(program: str, fault: str, talking: bool = False, attempt: int = 0) -> Met:
        needed(program)
        return meet(tmp_path_factory.mktemp(program), program, fault, talking=talking)

    return once


@pytest.mark.parametrize(("program", "fault"), sampled(PAIRS, lambda pair: pair[1] in QUICK))
def test_a_fault_is_told_as_the_table_says(met: Meet, program: str, fault: str) -> None:
    printed = met(program, fault)
    judge(expected(program, read(fault)), read(fault).fact("diagnosis"), found(program, printed))


@pytest.mark.parametrize(("program", "fault"), sampled(LIKE, lambda pair: pair[1] in QUICK))
def test_another_cause_is_found_first_only_where_every_line_is_printed_at_its_fault_too(
    met: Meet, program: str, fault: str
) -> None:
    told = expected(program, read(fault))
    tries = count()
    assert printed_too(met(program, fault).output, lambda: met(program, told.like, attempt=next(tries)).output)
    assert told.found == read(told.like).fact("diagnosis") == expected(program, read(told.like)).found


@pytest.mark.parametrize(("program", "fault"), sampled(TALKED, lambda pair: pair[1] in QUICK))
def test_what_more_faults_print_than_causes_are_shown_is_told_apart_where_the_program_talks(
    met: Meet, program: str, fault: str
) -> None:
    told = expected(program, read(fault))
    assert len(sharing(program, told.like)) > CAUSES_SHOWN
    assert found(program, met(program, fault))[0].message.more == TALKING[program]
    assert shown(found(program, met(program, fault, talking=True)))[0] == read(fault).fact("diagnosis")


def test_the_table_knows_no_fault_that_is_gone() -> None:
    pairs = {(program, fault.name) for fault in faults() for program in (*met_by(fault), "thunderbird")}
    assert {(program, name) for program, named in OTHERWISE.items() for name in named} <= pairs
