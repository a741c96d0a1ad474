"""Drawn windows: what is on them, and what the drawing of each says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from defusedxml import ElementTree

from webapp.core.account import Retention
from webapp.core.clients import CLIENTS
from webapp.core.guides.drawings import (
    SAMPLE,
    TILES,
    WINDOWS,
    Window,
    alternative_text,
    measure,
    svg,
    tile,
    values_of,
)
from webapp.core.guides.drawings.outlook import FILE
from webapp.core.guides.drawings.types import Button, Control, Field, Kind, Tick, labels_of
from webapp.core.guides.preparation import drawing_of
from webapp.core.providers import Provider, load
from webapp.core.providers.types import PARTS, Drawing, DrawnPart
from webapp.core.text import SOURCE_LOCALE, Message, locales, translations_for

SVG = "{http://www.w3.org/2000/svg}"


def speaking(locale: str):  # type: ignore[no-untyped-def]
    return lambda message: message.translated(translations_for(locale))


def ringable(window: Window) -> list[str]:
    """Return the labels that stand on the window once: a ring around one of two would be a riddle."""
    labels = [label for control in window.controls for label in labels_of(control) if label]
    return [label for label in labels if labels.count(label) == 1]


def texts(drawing: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def test_finds_a_window_by_its_id() -> None:
    assert WINDOWS["outlook-address"].title == "Outlook"
    with pytest.raises(KeyError):
        WINDOWS["no-such-window"]


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_every_window_names_its_sources_and_has_something_to_press(window: Window) -> None:
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", window.id)
    assert window.title
    assert all(window.sources)
    assert window.sources
    assert ringable(window)


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_every_control_can_be_ringed_and_is_named_for_who_sees_nothing(window: Window, locale: str) -> None:
    translate = speaking(locale)
    for label in ringable(window):
        drawing = svg(window, label, translate)
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img"
        assert translate(Message(label)).format_map(SAMPLE) in (root.get("aria-label") or "")
        assert translate(Message(window.title)) in (root.get("aria-label") or "")
        assert [element.get("class") for element in root].count("drawn-ring") == 1
        assert texts(drawing)[-1] == translate(Message("Drawing"))
        assert "style" not in drawing  # the content policy forbids it


def test_a_drawing_without_a_ring_says_only_which_window_it_is() -> None:
    window = WINDOWS["outlook-address"]
    assert "drawn-ring" not in svg(window, "", speaking(SOURCE_LOCALE))
    assert alternative_text(window, "", speaking(SOURCE_LOCALE)) == "Drawing of “Outlook”."


def test_refuses_to_ring_what_is_not_there() -> None:
    with pytest.raises(KeyError):
        svg(WINDOWS["outlook-address"], "No such button", speaking(SOURCE_LOCALE))


def test_says_what_to_do_with_the_control() -> None:
    window = Window(
        "made-up",
        Kind.DIALOG,
        "A window",
        (Field("Name"), Tick("Ticked"), Tick("Empty", on=False), Button("Go")),
        ("",),
    )
    said = [alternative_text(window, label, speaking(SOURCE_LOCALE)) for label in ("Name", "Ticked", "Empty", "Go")]
    assert said == [
        "Drawing of “A window”: type into “Name”.",
        "Drawing of “A window”: set the tick at “Ticked”.",
        "Drawing of “A window”: remove the tick at “Empty”.",
        "Drawing of “A window”: choose “Go”.",
    ]


def test_shows_the_values_of_the_person() -> None:
    account = load()["gmx.com"].account("anna@gmx.com", retention=Retention(True, 30))
    drawn = texts(svg(WINDOWS["outlook-servers"], "", speaking(SOURCE_LOCALE), values_of(account)))
    assert "pop.gmx.com" in drawn
    assert "995" in drawn
    assert "30" in texts(svg(WINDOWS["outlook-keep-days"], "", speaking(SOURCE_LOCALE), values_of(account)))
    assert values_of(account).keys() == SAMPLE.keys()


def test_shortens_an_address_that_is_wider_than_its_field() -> None:
    account = load()["gmx.net"].account("a-really-very-long-local-part-of-an-address@gmx.de")
    drawn = texts(svg(WINDOWS["outlook-address"], "", speaking(SOURCE_LOCALE), values_of(account)))
    assert any(text.startswith("a-really-very") and text.endswith("…") for text in drawn)


def test_a_name_cannot_become_markup() -> None:
    account = load()["gmx.net"].account("anna@gmx.de", name='<b>"Anna"</b> & {address}')
    values = values_of(account)
    assert "<b>" not in svg(
        WINDOWS["outlook-address"], "", speaking(SOURCE_LOCALE), {**values, "address": values["name"]}
    )


@pytest.mark.parametrize("provider", load().values(), ids=load())
def test_a_page_of_a_provider_is_drawn_with_what_to_press_in_a_ring(provider: Provider) -> None:
    for path in (provider.paths(kind) for kind in ("activation", "app_password")):
        drawing = drawing_of(path[0], provider) if path else None
        if drawing:
            assert drawing.ring in path[0].steps
            drawn = svg(drawing.shown, drawing.ring, speaking("de"))
            assert provider.website in texts(drawn)
            assert drawing.ring in alternative_text(drawing.shown, drawing.ring, speaking("de"))


def test_every_kind_of_part_can_be_drawn() -> None:
    path = load()["gmx.net"].paths("activation")[0]
    parts = tuple(DrawnPart(kind, f"A {kind}") for kind in PARTS)
    shown = drawing_of(replace(path, steps=("A menu",), drawings=(Drawing(1, "Page", parts),)), load()["gmx.net"])
    assert shown is not None
    assert {f"A {kind}" for kind in PARTS} <= set(texts(svg(shown.shown, "A menu", speaking("de"))))


def test_every_program_with_a_tile_is_one_of_ours() -> None:
    programs = {id_.partition(":")[0] for id_ in TILES} - {"computer", "phone"}
    assert programs <= CLIENTS.keys()
    assert all(found.sources for found in TILES.values())


def test_a_program_without_a_tile_of_its_own_gets_that_of_any_computer_or_telephone() -> None:
    drawn = {system: tile("no-such-program", system, speaking("en")) for system in ("windows", "android", None)}
    assert drawn["windows"] == drawn[None] != drawn["android"]
    assert tile("apple-mail", "mac", speaking("en")) != tile("apple-mail", "iphone", speaking("en"))


@pytest.mark.parametrize("locale", locales())
def test_the_two_outlooks_are_told_apart_by_a_word_at_the_top_left(locale: str) -> None:
    classic, new = (tile(client, "windows", speaking(locale)) for client in ("outlook", "outlook-new"))
    word = speaking(locale)(Message(FILE))
    assert word in texts(classic)
    assert texts(new) == []
    assert word in (ElementTree.fromstring(classic).get("aria-label") or "")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Let me set up my account manually", ["Let me set up my", "account manually"]),
        ("Benutzername/Login", ["Benutzername/", "Login"]),
        ("Serveranschlussnummernverzeichnis", ["Serveranschlussnu", "mmernverzeichnis"]),
        ("", [""]),
    ],
)
def test_breaks_lines_where_a_reader_expects_it(text: str, lines: list[str]) -> None:
    assert measure.wrapped(text, 16, 165) == lines
    assert all(measure.width(line, 16) <= 165 for line in lines)


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_no_word_is_cut(window: Window, locale: str) -> None:
    """Every line ends where a word does, or at a slash or hyphen inside one."""
    translate = speaking(locale)
    words = {
        part
        for label in [window.title, *(text for control in window.controls for text in said_by(control))]
        for part in re.split(r"\s+", translate(Message(label)).format_map(SAMPLE))
    }
    pieces = {piece for word in words for piece in (word, *re.split(r"(?<=[/-])", word))}
    for line in texts(svg(window, "", translate))[:-1]:
        assert line.endswith("…") or {line.split()[0], line.split()[-1]} <= pieces | {
            translate(Message("or")),
            SAMPLE["days"],
        }, line


def said_by(control: Control) -> list[str]:
    """Return every text of a control."""
    fields = [getattr(control, name) for name in ("label", "value", "detail", "labels") if hasattr(control, name)]
    return ["••••••••", *(text for field in fields for text in (field if isinstance(field, tuple) else (field,)))]
