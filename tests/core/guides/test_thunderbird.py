"""Thunderbird's guide: its pictures, and the order in which nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.core.guides.test_guides import variants
from tests.support.pictures import BYTES_MAX, FOLDER, LIST, read_list
from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention
from webapp.core.guides import SOURCES, Context, Gives, Guide, GuideStep, Screenshot, Way, guide
from webapp.core.providers import load
from webapp.core.text import locales, plain, translations_for

GMX = load()["gmx.net"]


def chosen(way: Way, *, in_use: bool | None = False, keep: Retention = KEEP_FOREVER, version: str = "") -> Guide:
    account = GMX.account("anna@gmx.de", name="Anna", retention=keep)
    return guide(Context("thunderbird", GMX, account, "windows", way, version, in_use, keep, "no", "gmx-pop.zip"))


def ids(found: Guide) -> list[str]:
    return [step.id for step in found.steps]


def pictured() -> dict[str, GuideStep]:
    """Return every step with a picture, by the picture's name."""
    return {
        step.picture.name: step
        for found in variants("thunderbird")
        for step in found.steps
        if isinstance(step.picture, Screenshot)
    }


def test_the_way_that_sets_by_itself_what_stays_comes_first() -> None:
    assert SOURCES["thunderbird"].ways == (Way.FILE, Way.HAND)


def test_every_step_in_the_program_has_a_picture() -> None:
    for found in variants("thunderbird"):
        first, *others = found.steps
        assert all(step.picture for step in others)
        assert first.picture or (first.gives is Gives.FILE and not first.way), "it is fetched from our page"


@pytest.mark.parametrize(
    ("keep", "steps"),
    [
        (KEEP_FOREVER, ["forever", "delete-here"]),
        (Retention(True, 30), ["days", "delete-here"]),
        (FETCH_AND_DELETE, ["delete"]),
    ],
    ids=["forever", "30", "delete"],
)
def test_by_hand_what_stays_is_set_before_anybody_is_asked_whether_it_worked(keep: Retention, steps: list[str]) -> None:
    found = ids(chosen(Way.HAND, keep=keep))
    first = found.index("server") + 1
    assert found[first : first + len(steps)] == steps
    assert found[first + len(steps) :] == ["inbox", "write", "send", "try"]


def test_who_has_no_thunderbird_learns_where_it_is() -> None:
    for way in (Way.FILE, Way.HAND):
        new, used = chosen(way, in_use=None).steps[0], chosen(way, in_use=True).steps[0]
        assert new.note
        assert "www.thunderbird.net" in new.note.text
        assert used.note is None
    assert "open Thunderbird" in chosen(Way.FILE).steps[0].text.text


def test_a_program_in_use_has_no_welcome_window_and_a_new_one_needs_no_menu() -> None:
    assert "welcome" not in ids(chosen(Way.FILE, in_use=True))
    assert "add" not in ids(chosen(Way.HAND))
    assert {"welcome"} <= set(ids(chosen(Way.FILE, in_use=None)))
    assert {"add"} <= set(ids(chosen(Way.HAND, in_use=None)))


def test_140_has_no_welcome_window_and_asks_for_the_password_with_the_address() -> None:
    assert "welcome" not in ids(chosen(Way.FILE, version="140.12.0esr"))
    assert "account-password" not in ids(chosen(Way.HAND, version="140.12.0esr"))


def test_nobody_is_told_to_try_again_with_the_same_password() -> None:
    labels = {label for found in variants("thunderbird") for step in found.steps for label in step.way}
    others = {label for step in pictured().values() for other in step.otherwise for label in other.way}
    assert not [label for label in labels | others if "Retry" in label]


@pytest.mark.parametrize("locale", locales())
def test_every_picture_is_there_small_and_rings_what_the_step_says(locale: str) -> None:
    known = read_list(FOLDER / locale)
    steps = pictured()
    assert set(known) == set(steps), "make pictures"
    for name, picture in known.items():
        step = steps[name]
        assert isinstance(step.picture, Screenshot)
        file = FOLDER / locale / picture.file
        assert file.stat().st_size <= BYTES_MAX
        with Image.open(file) as image:
            assert image.size == (picture.width, picture.height)
        left, top, width, height = picture.ring
        assert min(left, top) >= 0, name
        assert left + width <= picture.width, name
        assert top + height <= picture.height, name
        assert step.picture.ring in (*step.way, *(value.label for value in step.values))
        assert picture.label == plain(step.picture.ring, translations_for(locale)), "make pictures"


def test_no_picture_lies_there_that_no_step_shows() -> None:
    for locale in locales():
        files = {file.name for file in Path(FOLDER, locale).iterdir()} - {LIST}
        assert files == {picture.file for picture in read_list(FOLDER / locale).values()}


@pytest.mark.parametrize("locale", locales())
def test_the_alternative_text_says_what_to_press(locale: str) -> None:
    translations = translations_for(locale)
    icons = set()
    for step in pictured().values():
        assert isinstance(step.picture, Screenshot)
        label = plain(step.picture.ring, translations)
        if "%(label)s" not in step.picture.alt.text:
            icons.add(label)  # described, as it bears no words
            continue
        assert label in step.picture.alt.translated(translations)
    assert len(icons) == 3
