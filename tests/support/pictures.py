"""The pictures of the guides: cut out of a screen, kept small, written down with what is ringed, and compared."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image, ImageChops

from tests.support.gmx_network import GmxNetwork
from tests.support.guide_player import PLAYS, Look, Play, Sight, guide_for, version_of
from tests.support.thunderbird_screen import Box
from webapp.core.guides import Screenshot

FOLDER = Path(__file__).parents[2] / "static" / "guides" / "thunderbird"
LIST = "pictures.json"  # beside the pictures of a language
BYTES_MAX = 40 * 1024
WIDTH, HEIGHT = 560, 380  # of a picture, at least
WHOLE = 600, 300  # a dialog up to this size is shown whole
ABOVE, BESIDE = (
    0.75,
    (0.5, 0.9),
)  # how much of a wider picture lies above the control, and left of one on the left, right
MARGIN = 18  # around what belongs to the step
TITLE = 20  # height of the bar over a window
NOISE = 32  # of 255: how far one colour of a pixel may be from another and still be the same
DIFFERENT_MAX = 0.01  # of all pixels
RING_MAX = 3  # pixels


@dataclass(frozen=True)
class Picture:
    """What pictures.json says of a picture. ring: left, top, width, height in its pixels."""

    file: str
    width: int
    height: int
    ring: tuple[int, int, int, int]
    label: str
    version: str


def named(play: Play, gmx: GmxNetwork) -> set[str]:
    """Return the names of the pictures that a play shows."""
    steps = guide_for(play, gmx, version_of()).steps
    return {step.picture.name for step in steps if isinstance(step.picture, Screenshot)}


def comparing(play: Play, gmx: GmxNetwork, locale: str, told: list[str]) -> Look:
    """Return what looks at a play and tells how it differs from the committed pictures.

    Of a picture that several plays show, the first one counts; pictures of another version are not compared.
    """
    earlier = set().union(*(named(other, gmx) for other in PLAYS[: PLAYS.index(play)]))
    known, version = read_list(FOLDER / locale), version_of()

    def look(sight: Sight) -> None:
        name = sight.screenshot.name
        if name in earlier:
            return
        if name not in known:
            told.append(f"{name}: not there")
        elif known[name].version == version:
            before = (FOLDER / locale / known[name].file).read_bytes(), known[name]
            if said := difference(before, taken(sight, version)):
                told.append(f"{name}: {said}")

    return look


def taken(sight: Sight, version: str) -> tuple[bytes, Picture]:
    """Return the picture of a step, and what pictures.json says of it."""
    name = sight.screenshot.name
    image, ring = cut(sight)
    return encoded(image), Picture(f"{name}.webp", image.width, image.height, ring, sight.control.words, version)


def cut(sight: Sight) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Return the part of the screen that matters, and the ring in it."""
    left, top, right, bottom = _around(sight)
    control = sight.control.box
    ring = (round(control[0]) - left, round(control[1]) - top, round(control[2]), round(control[3]))
    return sight.image.crop((left, top, right, bottom)), ring


def _around(sight: Sight) -> tuple[int, int, int, int]:
    x, y, width, height = sight.control.window
    frame = (x, y - TITLE, x + width, y + height) if sight.control.is_dialog else (x, y, x + width, y + height)
    if sight.control.is_dialog and width <= WHOLE[0] and height <= WHOLE[1]:
        return round(frame[0]), round(frame[1]), round(frame[2]), round(frame[3])
    edges = [
        _edges(sight.control.box),
        *(_edges((box[0], box[1], min(box[2], WIDTH - 40), box[3])) for box in sight.others),
    ]
    first = [min(edge[side] for edge in edges) - MARGIN for side in (0, 1)]
    last = [max(edge[side] for edge in edges) + MARGIN for side in (2, 3)]
    middle = (sight.control.middle[0] - frame[0]) / (frame[2] - frame[0])
    before = BESIDE[middle > 0.55], ABOVE
    spans = [
        _span(first[side], last[side], least, before[side], frame[side], frame[side + 2])
        for side, least in ((0, WIDTH), (1, HEIGHT))
    ]
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box[0], box[1], box[0] + box[2], box[1] + box[3]


def _span(first: float, last: float, least: float, before: float, low: float, high: float) -> tuple[int, int]:
    """Widen first..last to `least`, within low..high; `before` is the share that is added at its beginning."""
    missing = max(0, least - (last - first))
    first, last = first - missing * before, last + missing * (1 - before)
    if first < low:
        first, last = low, last + low - first
    if last > high:
        first, last = first - (last - high), high
    return round(max(first, low)), round(min(last, high))


def encoded(image: Image.Image) -> bytes:
    """Return the picture as WebP of at most BYTES_MAX."""
    for quality in (92, 85, 75, 60):
        made = io.BytesIO()
        image.save(made, "WEBP", quality=quality, method=6)
        if made.tell() <= BYTES_MAX:
            return made.getvalue()
    raise ValueError(f"a picture of {made.tell()} bytes")


def read_list(folder: Path) -> dict[str, Picture]:
    """Return what pictures.json in `folder` says, by name; nothing where there is none."""
    file = folder / LIST
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: Picture(**{**entry, "ring": tuple(entry["ring"])}) for name, entry in found.items()}


def write_list(folder: Path, pictures: dict[str, Picture]) -> None:
    entries = {name: asdict(picture) for name, picture in sorted(pictures.items())}
    lines = [f"  {json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in entries.items()]
    (folder / LIST).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def difference(old: tuple[bytes, Picture], new: tuple[bytes, Picture]) -> str:
    """Return how two pictures of one step differ by more than noise, "" where they do not."""
    (old_bytes, before), (new_bytes, after) = old, new
    if before.label != after.label:
        return f"the label was “{before.label}” and is “{after.label}”"
    if (before.width, before.height) != (after.width, after.height):
        return f"the size was {before.width} × {before.height} and is {after.width} × {after.height}"
    if any(abs(one - other) > RING_MAX for one, other in zip(before.ring, after.ring, strict=True)):
        return f"the ring was at {before.ring} and is at {after.ring}"
    share = different_pixels(Image.open(io.BytesIO(old_bytes)), Image.open(io.BytesIO(new_bytes)))
    return f"{share:.1%} of the pixels differ" if share >= DIFFERENT_MAX else ""


def different_pixels(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels that differ by more than noise."""
    bands = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return sum(most.histogram()[NOISE + 1 :]) / (one.width * one.height)
