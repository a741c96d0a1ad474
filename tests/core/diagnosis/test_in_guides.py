"""Which step of a guide shows what to do about a cause."""

from __future__ import annotations

from webapp.core.diagnosis import CATALOGUE
from webapp.core.diagnosis.in_guides import STEPS
from webapp.core.guides import SOURCES, step_ids

AT_THE_PROVIDER = {"log-in", "switch", "app-password"}


def test_only_causes_and_steps_there_are_are_named() -> None:
    there = AT_THE_PROVIDER.union(*map(step_ids, SOURCES))
    assert set(STEPS) <= set(CATALOGUE)
    assert {step for steps in STEPS.values() for step in steps} <= there
