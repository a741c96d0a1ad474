"""Drawn windows, for what cannot run here to have its picture taken.

Each window is data: what is on it, and which sources say so. One renderer draws them all.
"""

from collections.abc import Mapping

from webapp.core.guides.drawings import android, apple, outlook, outlook_others, system
from webapp.core.guides.drawings.rendering import SAMPLE, alternative_text, svg, values_of
from webapp.core.guides.drawings.tiles import TILES, tile
from webapp.core.guides.drawings.types import Window

__all__ = [
    "SAMPLE", "TILES", "WINDOWS", "Window", "alternative_text", "svg", "tile", "values_of",
]  # fmt: skip

_ROOMS = (outlook, outlook_others, apple, android, system)
WINDOWS: Mapping[str, Window] = {window.id: window for room in _ROOMS for window in room.WINDOWS}
