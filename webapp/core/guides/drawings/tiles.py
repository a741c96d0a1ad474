"""Small drawings of the programs, to recognise one's own by looking: the corner of its window, no sign of its maker.

A tile is 120 units wide and shows the upper left of the window. Its words can be read where two stand side by side on a
telephone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from webapp.core.guides.drawings import measure
from webapp.core.guides.drawings.canvas import Box, Canvas, Translate
from webapp.core.guides.drawings.outlook import FILE, HOME
from webapp.core.text import N_, Message

WIDTH, HEIGHT = 120, 75
_LETTERS = 14.0
_WINDOW = Box(6, 6, WIDTH, HEIGHT)  # goes on to the right and below
_SCREEN = Box(34, 5, 52, 92)  # a telephone, cut off below


@dataclass(frozen=True, slots=True)
class Plane:
    """A rectangle of one paint of `canvas`."""

    x: float
    y: float
    width: float
    height: float
    paint: str = "bar"
    radius: float = 2


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float = 3
    paint: str = "shade"


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of `shapes`."""

    shape: str
    x: float
    y: float
    size: float = 13


@dataclass(frozen=True, slots=True)
class Word:
    """A word whose left end is at `x` and whose middle at `y`; `ringed`: where to look."""

    label: str
    x: float
    y: float
    ringed: bool = False


Part = Plane | Dot | Sign | Word


@dataclass(frozen=True, slots=True)
class Tile:
    """The corner of one program. alt: what to look for, an `N_` text; "" where the name beside it says all."""

    id: str
    parts: tuple[Part, ...]
    sources: tuple[str, ...]
    alt: str = ""
    phone: bool = False


def _lines(x: float, y: float, width: float, count: int, step: float = 11) -> tuple[Plane, ...]:
    """Return lines of text that is not legible, every second one shorter."""
    return tuple(
        Plane(x, y + step * number, width * (1 if number % 2 == 0 else 0.7), 4, "shade") for number in range(count)
    )


def _mails(*, faces: bool) -> tuple[Part, ...]:
    """Return the mails on a telephone, with the senders' round pictures or without."""
    left = 54 if faces else 41
    parts: list[Part] = []
    for top in (31, 46, 61):
        if faces:
            parts.append(Dot(46, top + 4, 4.5))
        parts += [Plane(left, top, 79 - left, 3.5, "shade"), Plane(left, top + 6, (79 - left) * 0.7, 3.5, "shade")]
    return tuple(parts)


_MAC_DOTS = (Dot(14, 15, 2.6, "sign"), Dot(23, 15, 2.6, "sign"), Dot(32, 15, 2.6, "sign"))

TILES: Mapping[str, Tile] = {
        tile.id: tile
        for tile in (
            Tile(
                "outlook",
                (
                    Plane(6, 6, WIDTH, 11, "full", 3), Word(FILE, 16, 32, ringed=True), Word(HOME, 64, 32),
                    Plane(12, 50, WIDTH, 14), *_lines(12, 70, 60, 1),
                ),
                ("github.com/ovh/docs, how_to_configure_outlook_2016: File at the top left",),
                N_("Classic Outlook: at the top left stands “File”."),
            ),
            Tile(
                "outlook-new",
                (
                    Plane(6, 6, WIDTH, 16, "bar", 3), Plane(56, 10, 50, 8, "field", 4), Plane(6, 22, 18, 60, "bar", 0),
                    Plane(11, 9, 36, 11, "gap", 5),
                    Plane(10, 28, 10, 9, "full"), Plane(10, 43, 10, 9, "shade"), Plane(10, 58, 10, 9, "shade"),
                    *_lines(31, 31, 26, 4), *_lines(68, 31, 44, 4),
                ),
                ("learn.microsoft.com, overview of the new Outlook: a bar of signs at the left, no menu File",),
                N_("New Outlook: a bar of signs at the left, and no “File” at the top."),
            ),
            Tile(
                "thunderbird",
                (
                    Plane(6, 6, WIDTH, 16, "bar", 3), Plane(40, 10, 50, 8, "field", 4), Plane(6, 22, 16, 60, "bar", 0),
                    Dot(14, 32, 4), Dot(14, 46, 4), Dot(14, 60, 4), *_lines(29, 31, 28, 4), *_lines(68, 31, 44, 4),
                ),
                ("Thunderbird 153.8.0esr, seen",),
            ),
            Tile(
                "apple-mail:mac",
                (Plane(6, 6, 38, 80, "bar", 4), *_MAC_DOTS, *_lines(13, 30, 24, 4), *_lines(52, 20, 60, 5)),
                ("support.apple.com, Mail user guide: three dots, list of mailboxes at the left",),
            ),
            Tile(
                "outlook-mac",
                (
                    Plane(6, 6, WIDTH, 18, "bar", 4), *_MAC_DOTS, Plane(13, 30, 32, 11, "full", 4),
                    *_lines(13, 49, 26, 3), *_lines(55, 33, 56, 4),
                ),
                ("support.microsoft.com, Outlook for Mac: New Email at the top left",),
            ),
            Tile(
                "apple-mail:iphone",
                (
                    Plane(40, 14, 26, 5, "shade"),
                    *(part for y in (26, 42, 58) for part in (Sign("mail", 39, y), Plane(58, y + 5, 21, 4, "shade"))),
                ),
                ("support.apple.com, Mail user guide: the list of mailboxes",),
                phone=True,
            ),
            Tile(
                "thunderbird-android",
                (Plane(38, 9, 44, 15, "bar", 7), Sign("menu", 41, 10), *_mails(faces=True)),
                ("thunderbird/thunderbird-android: the list of mails, the menu at the top left",),
                phone=True,
            ),
            Tile(
                "samsung-email",
                (Sign("menu", 40, 10), Plane(62, 14, 17, 6, "shade"), *_mails(faces=False)),
                ("app66.de: three lines at the top left",),
                phone=True,
            ),
            Tile(
                "gmail-app",
                (Plane(38, 9, 44, 15, "bar", 7), Dot(74, 16.5, 5, "full"), *_mails(faces=True)),
                ("support.google.com/mail: a field for searching, one’s picture at its right",),
                phone=True,
            ),
            Tile(
                "fairemail",
                (Plane(34, 5, 52, 20, "bar", 8), Sign("menu", 39, 9), Sign("search", 67, 9), *_mails(faces=True)),
                ("M66B/FairEmail: the menu at the top left",),
                phone=True,
            ),
            Tile(
                "computer",
                (Plane(6, 6, WIDTH, 14, "bar", 3), *_lines(13, 31, 32, 4), *_lines(56, 31, 54, 4)),
                ("any program",),
            ),
            Tile("phone", _mails(faces=False), ("any app",), phone=True),
        )
    }  # fmt: skip


def tile(client: str, system: str | None, translate: Translate) -> str:
    """Return the tile of `client` on `system` (an id of SYSTEMS) as SVG, else that of any computer or telephone."""
    other = TILES["phone" if system in ("iphone", "android") else "computer"]
    return _svg(TILES.get(f"{client}:{system}") or TILES.get(client) or other, translate)


def _svg(found: Tile, translate: Translate) -> str:
    canvas = Canvas(translate, {})
    canvas.rect(_SCREEN if found.phone else _WINDOW, "window", 9 if found.phone else 4)
    for part in found.parts:
        _draw(part, canvas)
    said = f'role="img" aria-label="{escape(translate(Message(found.alt)))}"' if found.alt else 'aria-hidden="true"'
    return (
        f'<svg class="drawing small" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {said}'
        f' font-family="Segoe UI, system-ui, sans-serif">{"".join(canvas.parts)}</svg>'
    )


def _draw(part: Part, canvas: Canvas) -> None:
    match part:
        case Plane(x, y, width, height, paint, radius):
            canvas.rect(Box(x, y, width, height), paint, radius)
        case Dot(x, y, radius, paint):
            canvas.circle(x, y, radius, paint)
        case Sign(shape, x, y, size):
            canvas.shape(shape, x, y, size=size)
        case Word(label, x, y, ringed):
            text = canvas.said(label)
            if ringed:
                canvas.rect(Box(x - 7, y - 13, measure.width(text, _LETTERS) + 14, 26), "ring", 8)
            canvas.text(text, x, y, _LETTERS)
