"""How wide a text becomes, and where its lines break.

The widths are those of DejaVu Sans, in hundredths of the font size. It is the widest font that the pages may come
in, so a text that fits here fits in every other one.
"""

import re

_WIDTHS = {
    character: width
    for width, characters in {
        29: "'ijlIJ", 32: " ,.‘’·\N{NO-BREAK SPACE}", 36: "/:;\\|f-\N{NON-BREAKING HYPHEN}", 41: "()[]t!›r", 46: '"',
        53: "*_`–sz„“”?", 56: "cL", 59: "Fkvxy•", 61: "P＋TYaoäö", 63: "eéESbdghnpquüß", 66: "$0123456789{}K",
        70: "AVÄBRXZC", 75: "UÜHN", 79: "DG&OQÖ", 86: "w#+<=>^~≡×M●☰", 99: "%mW@…",
    }.items()
    for character in characters
}  # fmt: skip
_WIDEST = 100
_BOLD = 1.2  # a bold letter is up to a quarter wider, a word about a sixth
_BREAKS = re.compile(r"(?<=[\s/])(?=\S)|(?<=\w\w-)(?=\S)")  # after a blank, a slash or a hyphen, but not in “E-Mail”


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide `text` is at most, in the unit of `size`."""
    return sum(_WIDTHS.get(character, _WIDEST) for character in text) * size / 100 * (_BOLD if bold else 1)


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """Return the lines of `text`, none wider than `room`; a word that is wider itself is cut."""
    lines = [""]
    for piece in (part for word in _BREAKS.split(text) for part in _cut(word, size, room, bold)):
        if lines[-1] and width((lines[-1] + piece).rstrip(), size, bold=bold) > room:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def shortened(text: str, size: float, room: float) -> str:
    """Return `text`, or its beginning and “…” where it is wider than `room`: as a field shows it."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def _cut(word: str, size: float, room: float, bold: bool) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and width((pieces[-1] + character).rstrip(), size, bold=bold) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces
