"""Plays a guide of Thunderbird in the real program: types its values, presses its labels, and nothing else.

Where a control is not on the screen, is covered or does not come in this order, it fails, naming version and step.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from tests.support import screen as screens
from tests.support import thunderbird as thunderbirds
from tests.support.dovecot import BEISPIEL
from tests.support.gmx_network import GmxNetwork
from tests.support.own_network import HOME, PERSON
from tests.support.thunderbird import PROGRAM, Thunderbird
from tests.support.thunderbird_screen import SECONDS, Box, Control, Hands, NotOnScreenError
from tests.support.waiting import wait_until
from webapp.core.account import Retention, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.guides import Context, Drawing, Guide, GuideStep, Screenshot, Way, guide
from webapp.core.text import plain, translations_for

SCREEN = (1024, 768)
TEST = "Test"  # the subject that the guide says
RESTARTS = "restart"  # the step after which the program starts anew
FETCHES = "try"  # the step before which the message written to oneself must have gone
_WINDOW = {"width": "1000", "height": "730", "screenX": "0", "screenY": "0", "sizemode": "normal"}
_SETTINGS = b"""
user_pref("ui.caretBlinkTime", 0);
user_pref("ui.prefersReducedMotion", 1);
user_pref("remote.prefs.recommended", false);
user_pref("mail.inappnotifications.enabled", false);
user_pref("app.donation.eoy.url", "");
"""


@dataclass(frozen=True)
class Play:
    """One way through the program."""

    way: Way
    in_use: bool
    keep: str
    protocol: ServerType = ServerType.POP3

    def __str__(self) -> str:
        if self.protocol is ServerType.IMAP:
            return f"imap-{'used' if self.in_use else 'new'}"
        return f"{self.way}-{'used' if self.in_use else 'new'}-{self.keep}"


# Each way once, and each thing that may stay on the server. IMAP last: of a picture that both have, POP's counts.
PLAYS = (
    Play(Way.FILE, False, "forever"),
    Play(Way.HAND, False, "forever"),
    Play(Way.FILE, True, "14"),
    Play(Way.HAND, True, "30"),
    Play(Way.HAND, False, "delete"),
    Play(Way.HAND, False, "forever", ServerType.IMAP),
    Play(Way.HAND, True, "forever", ServerType.IMAP),
)


@dataclass(frozen=True)
class Sight:
    """What a person sees at a step: the whole screen, the control to press, and what belongs to it."""

    step: GuideStep
    screenshot: Screenshot
    image: Image.Image
    control: Control
    others: tuple[Box, ...]


Look = Callable[[Sight], None]


def version_of(program: Path = PROGRAM) -> str:
    """Return the version of an installed Thunderbird, as “153.8.0esr”."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    return said.split()[-1]


def guide_for(play: Play, gmx: GmxNetwork, version: str) -> Guide:
    retention = Retention.parse(play.keep)
    account = gmx.provider.account(BEISPIEL.address, name=PERSON, retention=retention)
    export = CLIENTS["thunderbird"].export(account)
    (gmx.network.downloads / export.file_name).write_bytes(export.content)
    context = Context(
        "thunderbird", gmx.provider, account, "linux", play.way, version, play.in_use, retention, "no", export.file_name,
        protocol=play.protocol,
    )  # fmt: skip
    return guide(context)


@contextlib.contextmanager
def played(
    play: Play,
    gmx: GmxNetwork,
    profile: Path,
    locale: str,
    look: Look | None = None,
    program: Path = PROGRAM,
    steps: Guide | None = None,
    patience: float = SECONDS,
) -> Iterator[Thunderbird]:
    """Play a guide to its end, in `locale`, and give the running program.

    steps: another guide than ours. patience: how many seconds a control may take to appear.
    """
    version = version_of(program)
    steps = steps or guide_for(play, gmx, version)
    profile.mkdir()
    window = {"chrome://messenger/content/messenger.xhtml": {"messengerWindow": _WINDOW}}
    (profile / "xulstore.json").write_text(json.dumps(window))
    with screens.start(*SCREEN) as screen:
        start = partial(
            thunderbirds.start, profile, locale=locale, user_js=_SETTINGS, network=gmx.network, program=program,
            display=screen.display,
        )  # fmt: skip
        if play.in_use:
            with start() as thunderbird:
                thunderbird.add_imap_account("anna@example.org")
                thunderbird.quit()
        with start() as thunderbird:
            thunderbird.trust(gmx.ca_file)
            hands = Hands(thunderbird, screen, gmx.network, patience)
            _Player(hands, steps, locale, version, look).play()
            yield thunderbird


class _Player:
    def __init__(self, hands: Hands, steps: Guide, locale: str, version: str, look: Look | None) -> None:
        self._hands = hands
        self._guide = steps
        self._translations = translations_for(locale)
        self._version = version
        self._look = look
        self._main = ""

    def play(self) -> None:
        self._main = wait_until(self._hands.screen.window, SECONDS, "the program's window")
        self._hands.wait_for_window()
        for number, step in enumerate(self._guide.steps, 1):
            try:
                self._do(step)
            except NotOnScreenError as error:
                seen = self._hands.thunderbird.profile / "not-on-screen.png"
                self._hands.screen.picture().save(seen)
                raise NotOnScreenError(
                    f"Thunderbird {self._version}, step {number} ({step.id}): {error}; see {seen}"
                ) from error

    def _do(self, step: GuideStep) -> None:
        if isinstance(step.picture, Drawing):
            self._choose_file()
            return
        if step.id == FETCHES:
            self._hands.wait_for_sending()
        boxes = []
        for value in step.values:
            field = self._hands.field(self._words(value.label))
            self._hands.write(field, str(value.value) if value.copied else BEISPIEL.password)
            self._show(step, value.label, self._hands.field, boxes)
            boxes.append(field.box)
        for label in step.way:
            control = self._show(step, label, self._hands.see, boxes)
            boxes.append(control.box)
            if step.id == RESTARTS:
                self._hands.expect_restart(lambda control=control: self._hands.press(control))  # type: ignore[misc]
            else:
                self._hands.press(control)

    def _show(self, step: GuideStep, label: str, find: Callable[[str], Control], boxes: list[Box]) -> Control:
        """Return the control, after a picture where it is the one to ring."""
        control = find(self._words(label))
        if not (self._look and isinstance(step.picture, Screenshot) and step.picture.ring == label):
            return control
        self._hands.screen.point_nowhere()
        time.sleep(0.5)  # until the pointer's traces are gone
        while True:
            image, seen = self._hands.screen.picture(), control
            time.sleep(0.7)
            control = find(self._words(label))
            if control == seen and _near(control, image) == _near(control, self._hands.screen.picture()):
                self._look(Sight(step, step.picture, image, control, tuple(boxes)))
                return control

    def _choose_file(self) -> None:
        """Type the path into the system's own window, which is drawn in the guide."""
        screen = self._hands.screen
        wait_until(lambda: screen.window() != self._main, SECONDS, "the system's window for choosing a file")
        end = time.monotonic() + SECONDS
        while screen.window() != self._main:
            assert time.monotonic() < end, "the system's window does not close"
            time.sleep(0.5)
            screen.press("ctrl+l")
            time.sleep(0.5)
            screen.press("ctrl+a")
            screen.type(str(HOME / "Downloads" / self._guide.context.file_name))
            time.sleep(0.5)
            screen.press("Return")
            with contextlib.suppress(TimeoutError):  # a busy window loses keys: type once more
                wait_until(lambda: screen.window() == self._main, SECONDS / 6)

    def _words(self, label: str) -> str:
        return plain(label, self._translations)


def _near(control: Control, image: Image.Image) -> bytes:
    """Return what surrounds a control in a picture of the screen: where nothing moves any more, it can be taken."""
    left, top, width, height = (round(number) for number in control.box)
    return image.crop((left - 220, top - 160, left + width + 220, top + height + 160)).tobytes()


def failure_of(play: Play, changed: Guide, gmx: GmxNetwork, profile: Path) -> str:
    """Play a guide that is wrong, and return what is said of it."""
    with pytest.raises(NotOnScreenError) as raised, played(play, gmx, profile, "de", steps=changed, patience=30):
        pass
    return str(raised.value)
