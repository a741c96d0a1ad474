"""The curve of a day: where its lines and marks lie. The template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from webapp.health.samples import Slot

WIDTH, HEIGHT = 640, 120  # units of the SVG's view box
LEFT, TOP, GROUND = 56, 8, 102  # where the curve's field begins and ends
_TOPS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)  # milliseconds at the top of the scale


@dataclass(frozen=True, slots=True)
class Curve:
    """What to draw: the milliseconds at the top of the scale, SVG paths of the line, places of failed checks."""

    top: int
    lines: tuple[str, ...]
    outages: tuple[float, ...]  # x of half hours in which a check was not answered


def latency(slots: Sequence[Slot]) -> Curve:
    """Return the curve of `slots`: a line with a gap where no check was answered."""
    known = [slot.milliseconds for slot in slots if slot.milliseconds is not None]
    top = next((step for step in _TOPS if step >= max(known, default=0)), _TOPS[-1])
    step = (WIDTH - LEFT) / max(len(slots), 1)

    def x(number: int) -> float:
        return round(LEFT + step * (number + 0.5), 1)

    def y(milliseconds: int) -> float:
        return round(GROUND - (GROUND - TOP) * min(milliseconds, top) / top, 1)

    lines = []
    for answered, run in groupby(enumerate(slots), key=lambda pair: pair[1].milliseconds is not None):
        if answered:
            points = [f"{x(number)},{y(slot.milliseconds or 0)}" for number, slot in run]
            lines.append("M" + " L".join(points if len(points) > 1 else points * 2))  # a lone point is a dot
    outages = tuple(x(number) for number, slot in enumerate(slots) if slot.answered < slot.checks)
    return Curve(top, tuple(lines), outages)
