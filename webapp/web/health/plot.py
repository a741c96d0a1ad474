"""Geometry of the day's latency curve, for the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from webapp.web.health.samples import Slot

WIDTH, HEIGHT = 640, 120  # units of the SVG's view box
LEFT, TOP, GROUND = 56, 8, 102  # margins of the plot area
_TOPS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)  # milliseconds, maximum of the scale


@dataclass(frozen=True, slots=True)
class Curve:
    """The maximum of the scale in milliseconds, SVG paths of the line, x of failed checks."""

    top: int
    lines: tuple[str, ...]
    outages: tuple[float, ...]  # x of slots with an unanswered check


def latency(slots: Sequence[Slot]) -> Curve:
    """Return the curve of `slots`, with a gap where no check was answered."""
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
            lines.append("M" + " L".join(points if len(points) > 1 else points * 2))  # a single point is a dot
    outages = tuple(x(number) for number, slot in enumerate(slots) if slot.answered < slot.checks)
    return Curve(top, tuple(lines), outages)
