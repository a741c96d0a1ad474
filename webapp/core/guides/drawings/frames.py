"""The window around the controls: of a desktop program, a telephone, a menu or a web page."""

from webapp.core.guides.drawings import measure
from webapp.core.guides.drawings.canvas import BODY, LINE, SMALL, WIDTH, Box, Canvas
from webapp.core.guides.drawings.types import Kind, Window

MARGIN = {Kind.DIALOG: 20, Kind.MAC: 20, Kind.MENU: 22, Kind.PHONE: 24, Kind.WEB: 20}
_LEFT, _RIGHT, _TOP = 4.0, WIDTH - 4.0, 4.0
_BAR = {Kind.DIALOG: 36, Kind.MAC: 36, Kind.MENU: 6, Kind.PHONE: 50, Kind.WEB: 42}
_RADIUS = {Kind.DIALOG: 8, Kind.MAC: 10, Kind.MENU: 8, Kind.PHONE: 24, Kind.WEB: 8}


def top(window: Window, canvas: Canvas) -> float:
    """Return where the inside begins: below the title, which on a telephone may have two lines."""
    return _TOP + _BAR[window.kind] + LINE * (len(_title(window, canvas)) - 1)


def _title(window: Window, canvas: Canvas) -> list[str]:
    title = canvas.said(window.title)
    if window.kind is Kind.PHONE:
        return measure.wrapped(title, BODY, WIDTH - 56, bold=True)
    return [measure.shortened(title, SMALL, 244 if window.kind is Kind.DIALOG else 206)]


def draw(window: Window, canvas: Canvas, bottom: float) -> None:
    """Draw the frame down to `bottom`: rounded where the window ends, torn where it goes on."""
    radius = _RADIUS[window.kind]
    canvas.path(_outline(bottom, radius, torn=not window.whole), "window")
    bar = top(window, canvas)
    if window.kind in (Kind.DIALOG, Kind.MAC, Kind.WEB):
        canvas.path(
            f"M{_LEFT + 0.5} {bar}V{_TOP + radius}a{radius - 0.5} {radius - 0.5} 0 0 1 {radius - 0.5} -{radius - 0.5}"
            f"H{_RIGHT - radius}a{radius - 0.5} {radius - 0.5} 0 0 1 {radius - 0.5} {radius - 0.5}V{bar}z",
            "bar",
        )
    title = _title(window, canvas)
    middle = (_TOP + bar) / 2
    match window.kind:
        case Kind.DIALOG:
            canvas.text(title[0], 18, middle, SMALL, "soft")
            canvas.shape("cross", _RIGHT - 30, middle - 10)
        case Kind.MAC:
            for number in range(3):
                canvas.circle(20 + 16 * number, middle, 4.5, "sign")
            canvas.text(title[0], 72, middle, SMALL, "soft")
        case Kind.WEB:
            canvas.rect(Box(44, middle - 13, WIDTH - 64, 26), "field", 13)
            canvas.shape("back", 16, middle - 10)
            canvas.text(title[0], 58, middle, SMALL)
        case Kind.PHONE:
            for number, line in enumerate(title):
                height = middle + 1 + LINE * (number - (len(title) - 1) / 2)
                canvas.text(line, WIDTH / 2, height, BODY, bold=True, anchor="middle")
            canvas.path(f"M{_LEFT + 1} {bar}H{_RIGHT - 1}", "line")
        case Kind.MENU:
            pass


def _outline(bottom: float, radius: float, *, torn: bool) -> str:
    upper = (
        f"V{_TOP + radius}a{radius} {radius} 0 0 1 {radius} -{radius}"
        f"H{_RIGHT - radius}a{radius} {radius} 0 0 1 {radius} {radius}"
    )
    if not torn:
        return (
            f"M{_LEFT} {bottom - radius:.1f}{upper}V{bottom - radius:.1f}"
            f"a{radius} {radius} 0 0 1 -{radius} {radius}H{_LEFT + radius}a{radius} {radius} 0 0 1 -{radius} -{radius}z"
        )
    step = (_RIGHT - _LEFT) / 4
    tear = "".join(f"q{-step / 2:.1f} {-9 if n % 2 else 9} {-step:.1f} 0" for n in range(4))
    return f"M{_LEFT} {bottom - 6:.1f}{upper}V{bottom - 6:.1f}{tear}z"
