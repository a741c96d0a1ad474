"""What `make test` samples of a matrix; the rest of it is for `make proofs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], in_test: Callable[[Any], bool]) -> list[Any]:
    """Return `cases` as parameters; a tuple has a value for each argument. in_test: whether `make test` has the case."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=() if in_test(case) else pytest.mark.proof)
        for case in cases
    ]
