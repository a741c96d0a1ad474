"""A drawn window as SVG, to stand inside a page."""

from collections.abc import Mapping
from html import escape

from webapp.core.account import MailAccount
from webapp.core.guides.drawings import frames
from webapp.core.guides.drawings.canvas import SMALL, WIDTH, Box, Canvas, Translate
from webapp.core.guides.drawings.controls import GAP, draw, natural_width
from webapp.core.guides.drawings.types import (
    Button,
    Control,
    Entry,
    Field,
    Icon,
    Kind,
    Switch,
    Tick,
    TickOrSwitch,
    Window,
    Words,
)
from webapp.core.text import N_, Message

SAMPLE: Mapping[str, str] = {
    "address": "anna.beispiel@gmx.de",
    "name": "Anna Beispiel",
    "provider": "GMX",
    "incoming": "pop.gmx.net",
    "incoming_port": "995",
    "incoming_security": "SSL/TLS",
    "outgoing": "mail.gmx.net",
    "outgoing_port": "465",
    "outgoing_security": "SSL/TLS",
    "days": "14",
    "file": "gmx-pop.zip",
}

_LOOK = N_("Drawing of “%(window)s”.")
_CHOOSE = N_("Drawing of “%(window)s”: choose “%(label)s”.")
_TYPE = N_("Drawing of “%(window)s”: type into “%(label)s”.")
_SET = N_("Drawing of “%(window)s”: set the tick at “%(label)s”.")
_REMOVE = N_("Drawing of “%(window)s”: remove the tick at “%(label)s”.")
_SWITCH_ON = N_("Drawing of “%(window)s”: switch on “%(label)s”.")
_SWITCH_OFF = N_("Drawing of “%(window)s”: switch off “%(label)s”.")


def values_of(account: MailAccount, file_name: str = "") -> dict[str, str]:
    """Return what stands in the fields for `account`, and the name of its file."""
    days = account.retention.days_to_leave_messages_on_server
    return {
        "address": account.email_address,
        "name": account.display_name or account.email_address,
        "provider": account.provider_name or SAMPLE["provider"],
        "incoming": account.incoming.hostname,
        "incoming_port": str(account.incoming.port),
        "incoming_security": account.incoming.socket_type.label,
        "outgoing": account.outgoing.hostname,
        "outgoing_port": str(account.outgoing.port),
        "outgoing_security": account.outgoing.socket_type.label,
        "days": str(days or SAMPLE["days"]),
        "file": file_name or SAMPLE["file"],
    }


def alternative_text(window: Window, ringed: str, translate: Translate, values: Mapping[str, str] = SAMPLE) -> str:
    """Return in one sentence what the drawing says: which control to press, and in which window."""
    control = window.bearing(ringed) if ringed else None
    text = _LOOK if control is None else _sentence(control)
    names: dict[str, str | Message] = {"window": window.title, "label": ringed}
    if window.kind is not Kind.WEB:
        names = {"window": Message(window.title), "label": Message(ringed)}
    said = translate(Message(text, names))
    return said.format_map(values)


def svg(window: Window, ringed: str, translate: Translate, values: Mapping[str, str] = SAMPLE) -> str:
    """Return the drawing with a ring around the control that bears `ringed`; "" rings nothing.

    It is as wide as its place, at most as static/css/drawings.css says. `values` are those of `values_of`.
    Raises KeyError where no control bears `ringed`.
    """
    canvas = Canvas(translate, values, verbatim=window.kind is Kind.WEB)
    bottom = _controls(window, canvas) + GAP + (0 if window.whole else 12)
    inside, canvas.parts = canvas.parts, []
    frames.draw(window, canvas, bottom)
    if ringed:
        canvas.rect(_around(canvas.boxes[ringed]), "ring", 9)
    height = bottom + 30
    canvas.parts += inside
    canvas.text(translate(Message(N_("Drawing"))), WIDTH - 4, height - 13, SMALL, "soft", anchor="end")
    return (
        f'<svg class="drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' aria-label="{escape(alternative_text(window, ringed, translate, values))}"'
        f' font-family="Segoe UI, system-ui, sans-serif">{"".join(canvas.parts)}</svg>'
    )


def _sentence(control: Control) -> str:
    match control:
        case Field(choice=False):
            return _TYPE
        case Tick(on=on):
            return _SET if on else _REMOVE
        case Switch(on=on):
            return _SWITCH_ON if on else _SWITCH_OFF
        case TickOrSwitch():
            return _SWITCH_ON
    return _CHOOSE


def _around(box: Box) -> Box:
    """Return the ring, which never leaves the drawing."""
    left, right = max(box.x - 8, 2.0), min(box.right + 8, WIDTH - 2.0)
    return Box(left, box.y - 6, right - left, box.height + 12)


def _controls(window: Window, canvas: Canvas) -> float:
    """Draw the rows from top to bottom; return where they end."""
    margin = frames.MARGIN[window.kind]
    y = frames.top(window, canvas)
    before: Control | None = None
    for row in window.rows:
        controls = row if isinstance(row, tuple) else (row,)
        y += _gap(before, controls[0])
        corner = before is None and isinstance(row, tuple) and isinstance(row[0], Button) and row[0].quiet
        centred = window.kind is Kind.PHONE and not corner
        y += _row(controls, canvas, margin, y, WIDTH - 2 * margin, centred=centred)
        before = controls[-1]
    return y


def _gap(before: Control | None, control: Control) -> float:
    if before is None:
        return 4 if isinstance(control, Entry) else GAP
    if isinstance(before, Entry) and isinstance(control, Entry):
        return 0
    if isinstance(before, Words) or (isinstance(before, Field) and isinstance(control, Field)):
        return 10
    return GAP + 6 if isinstance(control, Button) else GAP  # what is ringed reaches 6 beyond a button


def _row(controls: tuple[Control, ...], canvas: Canvas, x: float, y: float, room: float, *, centred: bool) -> float:
    """Draw controls side by side, or one below the other where they do not fit; return the height."""
    widths = [natural_width(control, canvas) for control in controls]
    if None in widths:
        return _shared(controls, canvas, x, y, room)
    known = [min(width, room) for width in widths if width is not None]
    total = sum(known) + GAP * (len(known) - 1)
    if total > room:
        height = 0.0
        for control, width in zip(controls, known, strict=True):
            left = x + (room - width) / (2 if centred else 1)
            height += draw(control, canvas, left, y + height, width) + GAP
        return height - GAP
    left = x if isinstance(controls[0], Icon) else x + (room - total) / (2 if centred else 1)
    heights = []
    for control, width in zip(controls, known, strict=True):
        heights.append(draw(control, canvas, left, y, width))
        left += width + GAP
    return max(heights)


def _shared(controls: tuple[Control, ...], canvas: Canvas, x: float, y: float, room: float) -> float:
    """Give the first of several two thirds, and the rest to the others: a server and its port."""
    if len(controls) == 1:
        return draw(controls[0], canvas, x, y, room)
    rest = (room * 0.36) / (len(controls) - 1)
    widths = [room - rest * (len(controls) - 1), *[rest] * (len(controls) - 1)]
    heights, left = [], x
    for control, width in zip(controls, widths, strict=True):
        heights.append(draw(control, canvas, left, y, width - (0 if control is controls[-1] else 10)))
        left += width
    return max(heights)
