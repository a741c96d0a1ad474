"""A screen without a monitor (Xvfb), with a mouse and a keyboard (xdotool): a program is used on it as a person uses it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

from PIL import Image, ImageGrab

NEEDED = ("Xvfb", "openbox", "xdotool")


def missing() -> str | None:
    """Return why there can be no screen here, or None."""
    names = [name for name in NEEDED if shutil.which(name) is None]
    return f"not installed: {', '.join(names)}" if names else None


class Screen:
    """A running screen, made by `start`. display: what a program takes as DISPLAY. size: width and height in pixels."""

    def __init__(self, display: str, size: tuple[int, int]) -> None:
        self.display = display
        self.size = size

    def point(self, x: float, y: float) -> None:
        self._do("mousemove", "--sync", str(round(x)), str(round(y)))

    def point_nowhere(self) -> None:
        """Move the pointer to the corner where nothing is."""
        self._do("mousemove", str(self.size[0] - 1), str(self.size[1] - 1))

    def click(self) -> None:
        self._do("click", "1")

    def press(self, *keys: str) -> None:
        self._do("key", *keys)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "8", text)

    def picture(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.display).convert("RGB")

    def window(self) -> str:
        """Return the id of the window that has the keyboard, "" where none has."""
        try:
            return self._do("getactivewindow")
        except subprocess.CalledProcessError:
            return ""

    def _do(self, *words: str) -> str:
        environment = os.environ | {"DISPLAY": self.display}
        return subprocess.run(
            ["xdotool", *words], check=True, env=environment, capture_output=True, text=True, timeout=240
        ).stdout


@contextlib.contextmanager
def start(width: int, height: int) -> Iterator[Screen]:
    """Run a screen; it ends with this process."""
    read, write = os.pipe()
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24",
         "-nolisten", "tcp"],
        pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    try:
        with os.fdopen(read) as ready:
            number = ready.readline().strip()
        if not number:
            raise RuntimeError("Xvfb does not start")
        # A window manager: without one no window has the keyboard, and menus close under the pointer.
        manager = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "openbox"], env=os.environ | {"DISPLAY": f":{number}"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield Screen(f":{number}", (width, height))
        finally:
            manager.kill()
            manager.wait()
    finally:
        process.kill()
        process.wait()
