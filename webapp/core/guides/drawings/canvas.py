"""The strokes and letters of a drawing.

Every stroke has a class of static/css/drawings.css, which gives it colours for light, dark, paper and forced colours.
The attributes beside it are what shows where that file is missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape

from webapp.core.guides.drawings import measure
from webapp.core.guides.drawings.shapes import SHAPES
from webapp.core.text import Message

WIDTH = 300
BODY = 16.0  # of 300 units: 15 CSS pixels on the narrowest page
SMALL = 14.5
LINE = 20  # from one line of text to the next

_PAINT = {
    "window": 'fill="#fff" stroke="#6b7d81"',
    "bar": 'fill="#eef3f2"',
    "line": 'fill="none" stroke="#d3dcda"',
    "field": 'fill="#f4f6f5" stroke="#6b7d81"',
    "full": 'fill="#0b5f67"',
    "sign": 'fill="none" stroke="#495a60" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"',
    "sign-on-full": 'fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"',
    "dot": 'fill="#fff"',
    "shade": 'fill="#b9c6c5"',
    "ring": 'fill="#ffe0b8" stroke="#b04a00" stroke-width="3"',
    "gap": 'fill="none" stroke="#b04a00" stroke-width="2.5" stroke-dasharray="4 3"',
}
_INK = {"": "#15252b", "soft": "#495a60", "on-full": "#fff", "link": "#0b5f67"}

Translate = Callable[[Message], str]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in units of the drawing."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(slots=True)
class Canvas:
    """Collects the parts of one drawing, and where each control that bears a label came to stand.

    verbatim: labels are drawn as they stand: those of a website are in its own language, whatever ours is.
    """

    translate: Translate
    values: Mapping[str, str]
    verbatim: bool = False
    parts: list[str] = field(default_factory=list)
    boxes: dict[str, Box] = field(default_factory=dict)

    def said(self, label: str) -> str:
        """Return a label or value as it is drawn, with the person's own values."""
        text = label if self.verbatim or not label else self.translate(Message(label))
        return text.format_map(self.values)

    def rect(self, box: Box, paint: str, radius: float = 0) -> None:
        rounded = f' rx="{_short(radius)}"' if radius else ""
        x, y, width, height = (_short(number) for number in (box.x, box.y, box.width, box.height))
        self.parts.append(
            f'<rect class="drawn-{paint}" x="{x}" y="{y}" width="{width}" height="{height}"{rounded} {_PAINT[paint]}/>'
        )

    def circle(self, x: float, y: float, radius: float, paint: str) -> None:
        self.parts.append(
            f'<circle class="drawn-{paint}" cx="{_short(x)}" cy="{_short(y)}" r="{_short(radius)}" {_PAINT[paint]}/>'
        )

    def path(self, data: str, paint: str) -> None:
        self.parts.append(f'<path class="drawn-{paint}" d="{data}" {_PAINT[paint]}/>')

    def shape(self, name: str, x: float, y: float, paint: str = "sign", size: float = 20) -> None:
        """Draw a sign with its top left corner at `x`, `y`."""
        scaled = "" if size == 20 else f" scale({size / 20})"
        self.parts.append(
            f'<path class="drawn-{paint}" transform="translate({_short(x)} {_short(y)}){scaled}" d="{SHAPES[name]}"'
            f" {_PAINT[paint]}/>"
        )

    def text(
        self, text: str, x: float, y: float, size: float = BODY, ink: str = "", *, bold: bool = False, anchor: str = ""
    ) -> None:
        """Write one line with its middle at height `y`."""
        classes = f' class="drawn-{ink}"' if ink else ""
        weight = ' font-weight="600"' if bold else ""
        anchored = f' text-anchor="{anchor}"' if anchor else ""
        self.parts.append(
            f'<text{classes} x="{_short(x)}" y="{_short(y + size * 0.35)}" font-size="{_short(size)}"{weight}{anchored}'
            f' fill="{_INK[ink]}">{escape(text)}</text>'
        )

    def lines(
        self, text: str, x: float, y: float, room: float, size: float = BODY, ink: str = "", *, bold: bool = False
    ) -> float:
        """Write `text` in lines from the top `y` on; return their height."""
        found = measure.wrapped(text, size, room, bold=bold)
        for number, line in enumerate(found):
            self.text(line, x, y + LINE * (number + 0.5), size, ink, bold=bold)
        return LINE * len(found)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
