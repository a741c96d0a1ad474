"""How each control is drawn. Each function draws at `x`, `y` in `room` and returns the height that it took."""

from functools import singledispatch

from webapp.core.guides.drawings import measure
from webapp.core.guides.drawings.canvas import BODY, LINE, SMALL, Box, Canvas
from webapp.core.guides.drawings.types import (
    Button,
    Choice,
    Control,
    Entry,
    Field,
    Icon,
    Switch,
    Tabs,
    Tick,
    TickOrSwitch,
    Words,
)
from webapp.core.text import N_, Message

GAP = 14  # between rows
OR = Message(N_("or"))
_BOX = 18  # of a tick
_PADDING = 14  # of a button
_FIELD = 34


@singledispatch
def draw(control: Control, canvas: Canvas, x: float, y: float, room: float) -> float:
    raise NotImplementedError(type(control).__name__)


def natural_width(control: Control, canvas: Canvas) -> float | None:
    """Return how wide a control wants to be; None for one that takes the room there is."""
    if isinstance(control, Button):
        return max(84.0, measure.width(canvas.said(control.label), BODY, bold=True) + 2 * _PADDING)
    if isinstance(control, Icon):
        return 36 if control.bare else 44 + measure.width(canvas.said(control.label), BODY)
    return None


@draw.register
def _words(control: Words, canvas: Canvas, x: float, y: float, room: float) -> float:
    size, ink = (BODY, "") if control.heading else (SMALL, "soft")
    return canvas.lines(canvas.said(control.label), x, y, room, size, ink, bold=control.heading)


@draw.register
def _field(control: Field, canvas: Canvas, x: float, y: float, room: float) -> float:
    if control.short:
        return _short_field(control, canvas, x, y, room)
    above = canvas.lines(canvas.said(control.label), x, y, room, SMALL, "soft") + 4 if control.label else 0
    box = Box(x, y + above, room, _FIELD)
    canvas.rect(box, "field", 4)
    value = "••••••••" if control.secret else canvas.said(control.value)
    space = room - 20 - (22 if control.choice else 0)
    canvas.text(measure.shortened(value, BODY, space), x + 10, box.y + _FIELD / 2)
    if control.choice:
        canvas.shape("down", box.right - 28, box.y + 7)
    canvas.boxes[control.label] = Box(x, y, room, above + _FIELD)
    return above + _FIELD


def _short_field(control: Field, canvas: Canvas, x: float, y: float, room: float) -> float:
    height = max(LINE + 10, canvas.lines(canvas.said(control.label), x, y + 5, room - 76, SMALL, "soft") + 10)
    canvas.rect(Box(x + room - 64, y, 64, 30), "field", 4)
    canvas.text(measure.shortened(canvas.said(control.value), BODY, 46), x + room - 54, y + 15)
    canvas.boxes[control.label] = Box(x, y, room, height)
    return height


@draw.register
def _button(control: Button, canvas: Canvas, x: float, y: float, room: float) -> float:
    size, found = _button_lines(canvas.said(control.label), room)
    box = Box(x, y, room, 16 + LINE * len(found))
    if not control.quiet:
        canvas.rect(box, "full" if control.primary else "field", 5)
    ink = "link" if control.quiet else "on-full" if control.primary else ""
    for number, line in enumerate(found):
        canvas.text(line, x + room / 2, y + 8 + LINE * (number + 0.5), size, ink, bold=True, anchor="middle")
    canvas.boxes[control.label] = box
    return box.height


@draw.register
def _tick(control: Tick, canvas: Canvas, x: float, y: float, room: float) -> float:
    _tick_box(canvas, x, y + 1, control.on)
    before, _, after = canvas.said(control.label).partition("…")
    height = canvas.lines(before.strip(), x + 28, y, room - 28)
    if control.number:
        canvas.rect(Box(x + 28, y + height + 4, 52, 28), "field", 4)
        canvas.text(canvas.values[control.number], x + 38, y + height + 18)
        canvas.text(after.strip(), x + 90, y + height + 18)
        height += 34
    canvas.boxes[control.label] = Box(x, y, room, height)
    return height


@draw.register
def _choice(control: Choice, canvas: Canvas, x: float, y: float, room: float) -> float:
    canvas.circle(x + 9, y + 10, 8.5, "field")
    if control.on:
        canvas.circle(x + 9, y + 10, 4.5, "full")
    return _beside(control.label, canvas, x, y, room)


@draw.register
def _switch(control: Switch, canvas: Canvas, x: float, y: float, room: float) -> float:
    height = canvas.lines(canvas.said(control.label), x, y + 2, room - 56) + 4
    _lever(canvas, x + room - 42, y + height / 2 - 12, control.on)
    canvas.boxes[control.label] = Box(x, y, room, height)
    return height


@draw.register
def _tick_or_switch(control: TickOrSwitch, canvas: Canvas, x: float, y: float, room: float) -> float:
    height = canvas.lines(canvas.said(control.label), x, y, room)
    middle = y + height + 20
    _tick_box(canvas, x, middle - _BOX / 2, on=True)
    word = canvas.translate(OR)
    canvas.text(word, x + 32, middle, SMALL, "soft")
    _lever(canvas, x + 46 + measure.width(word, SMALL), middle - 12, on=True)
    canvas.boxes[control.label] = Box(x, y, room, height + 34)
    return height + 34


@draw.register
def _entry(control: Entry, canvas: Canvas, x: float, y: float, room: float) -> float:
    before = len(canvas.parts)
    left = x + (32 if control.icon else 0)
    space = x + room - left - (20 if control.opens else 0)
    height = canvas.lines(canvas.said(control.label), left, y + 12, space)
    if control.detail:
        detail = measure.shortened(canvas.said(control.detail), SMALL, space)
        canvas.text(detail, left, y + 12 + height + 9, SMALL, "soft")
        height += 18
    height += 24
    if control.icon:
        canvas.shape(control.icon, x + 1, y + 12)
    if control.opens:
        canvas.shape("next", x + room - 16, y + height / 2 - 10)
    canvas.boxes[control.label] = Box(x, y + 6, room, height - 12)
    if control.chosen:
        canvas.rect(Box(x - 6, y + 4, room + 12, height - 8), "bar", 5)
        canvas.parts.insert(before, canvas.parts.pop())  # behind its words
    return height


@draw.register
def _tabs(control: Tabs, canvas: Canvas, x: float, y: float, room: float) -> float:
    left, top = x, y
    for label in control.labels:
        word = canvas.said(label)
        wide = measure.width(word, SMALL, bold=label == control.active) + 20
        if left > x and left + wide > x + room:
            left, top = x, top + 44
        box = Box(left, top, min(wide, room), 32)
        canvas.rect(box, "window" if label == control.active else "bar", 5)
        active = label == control.active
        canvas.text(word, left + 10, top + 16, SMALL, "" if active else "soft", bold=active)
        canvas.boxes.setdefault(label, box)
        left += wide + 16
    return top + 32 - y


@draw.register
def _icon(control: Icon, canvas: Canvas, x: float, y: float, room: float) -> float:
    canvas.rect(Box(x, y, 36, 36), "field", 8)
    canvas.shape(control.shape, x + 8, y + 8)
    if not control.bare:
        canvas.text(canvas.said(control.label), x + 44, y + 18)
    canvas.boxes[control.label] = Box(x, y, min(room, natural_width(control, canvas) or room), 36)
    return 36


def _button_lines(text: str, room: float) -> tuple[float, list[str]]:
    """Return size and lines of a button's words: smaller where a long word would be cut."""
    widest = max((measure.width(word, BODY, bold=True) for word in text.split()), default=0)
    size, padding = (BODY, _PADDING) if widest <= room - 2 * _PADDING + 1 else (SMALL, 8)
    return size, measure.wrapped(text, size, room - 2 * padding + 1, bold=True)


def _beside(label: str, canvas: Canvas, x: float, y: float, room: float) -> float:
    """Write the label of a tick or choice beside it."""
    height = canvas.lines(canvas.said(label), x + 28, y, room - 28)
    canvas.boxes[label] = Box(x, y, room, height)
    return height


def _tick_box(canvas: Canvas, x: float, y: float, on: bool) -> None:
    canvas.rect(Box(x, y, _BOX, _BOX), "full" if on else "field", 3)
    if on:
        canvas.shape("tick", x - 1, y - 1, "sign-on-full")


def _lever(canvas: Canvas, x: float, y: float, on: bool) -> None:
    canvas.rect(Box(x, y, 42, 24), "full" if on else "field", 12)
    canvas.circle(x + (30 if on else 12), y + 12, 8, "dot" if on else "sign")
