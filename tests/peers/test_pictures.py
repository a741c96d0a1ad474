"""When a picture of the guide counts as different, and what is cut out of a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from tests.support.guide_player import Sight
from tests.support.pictures import HEIGHT, WIDTH, Picture, cut, difference, different_pixels, encoded
from tests.support.thunderbird_screen import Box, Control
from webapp.core.guides import GuideStep, Screenshot
from webapp.core.text import Message

PICTURE = Picture("menu.webp", 100, 80, (10, 10, 40, 20), "Werkzeuge", "153.8.0esr")
STEP = GuideStep("menu", Message("Open the menu."))


def drawn(height_of_block: int) -> bytes:
    image = Image.new("RGB", (100, 80), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 99, height_of_block - 1), fill="navy")
    return encoded(image)


def sight(box: Box, window: Box, *others: Box, dialog: bool = False) -> Sight:
    control = Control("Werkzeuge", box, window, dialog)
    return Sight(STEP, Screenshot("menu", Message("")), Image.new("RGB", (1024, 768)), control, others)


def test_the_same_picture_does_not_differ() -> None:
    assert difference((drawn(20), PICTURE), (drawn(20), replace(PICTURE, version="154.0"))) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(PICTURE, label="Extras"), "label"),
        (replace(PICTURE, width=101), "size"),
        (replace(PICTURE, ring=(10, 14, 40, 20)), "ring"),
    ],
)
def test_another_label_size_or_ring_differs(changed: Picture, said: str) -> None:
    assert said in difference((drawn(20), PICTURE), (drawn(20), changed))


def test_a_ring_may_move_by_three_pixels() -> None:
    assert difference((drawn(20), PICTURE), (drawn(20), replace(PICTURE, ring=(13, 7, 40, 20)))) == ""


def test_one_pixel_in_a_hundred_is_too_much() -> None:
    white, line = Image.new("RGB", (100, 100), "white"), Image.new("RGB", (100, 100), "white")
    ImageDraw.Draw(line).line((0, 0, 98, 0), fill="black")
    assert different_pixels(white, line) == 0.0099
    assert "1.2% of the pixels differ" in difference((drawn(20), PICTURE), (drawn(21), PICTURE))


def test_a_picture_shows_what_leads_to_the_control_and_nothing_outside_of_the_window() -> None:
    window = (10.0, 30.0, 1000.0, 700.0)
    image, ring = cut(sight((800.0, 40.0, 30.0, 30.0), window))
    assert image.size == (WIDTH, HEIGHT)
    assert ring == (463, 10, 30, 30), "the window ends above; what leads to a control on the right stands left of it"
    image, ring = cut(sight((500.0, 400.0, 30.0, 30.0), window))
    assert image.size == (WIDTH, HEIGHT)
    assert ring[:2] == (265, 254)


def test_a_picture_of_a_small_dialog_shows_it_whole_with_its_title() -> None:
    image, ring = cut(sight((320.0, 420.0, 40.0, 20.0), (300.0, 350.0, 560.0, 100.0), dialog=True))
    assert image.size == (560, 120)
    assert ring == (20, 90, 40, 20)


def test_a_picture_reaches_to_what_belongs_to_the_step() -> None:
    window = (0.0, 0.0, 1000.0, 700.0)
    image, ring = cut(sight((700.0, 500.0, 100.0, 40.0), window, (200.0, 300.0, 150.0, 40.0)))
    assert image.size == (636, HEIGHT)
    assert ring[0] == 518
