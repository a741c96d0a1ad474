"""Bars of a chart: where they lie. The template draws them as SVG, with the same numbers in a table below.

One colour for all bars: the length tells, so nobody needs to tell colours apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WIDTH = 640  # units of the view box
ROW = 50  # a label, and its bar below
NUMBERS = 60
BARS_MAX = 10
LABEL_MAX = 68  # characters that fit above a bar


@dataclass(frozen=True, slots=True)
class Bar:
    label: str  # whole, for the table
    short: str  # as it fits into the drawing
    number: int
    percent: int
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    rest: int  # what the values beyond the first BARS_MAX count together

    @property
    def height(self) -> int:
        return ROW * len(self.bars)


def bars(numbers: Mapping[str, int], labels: Mapping[str, str]) -> Chart:
    """Return the largest of `numbers` as bars; a value without a label stands for itself."""
    total, largest = sum(numbers.values()), max(numbers.values(), default=0)
    room = WIDTH - NUMBERS
    found = []
    for row, (value, number) in enumerate(list(numbers.items())[:BARS_MAX]):
        label = labels.get(value, value)
        short = label if len(label) <= LABEL_MAX else label[: LABEL_MAX - 1].rstrip() + "…"
        found.append(
            Bar(label, short, number, round(100 * number / total), row * ROW, round(room * number / largest, 1))
        )
    return Chart(tuple(found), sum(list(numbers.values())[BARS_MAX:]))
