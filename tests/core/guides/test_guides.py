"""Every step of every guide, in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES, Context, Drawing, Guide, guide, step_ids
from webapp.core.guides.base import WORDS_MAX
from webapp.core.guides.drawings import WINDOWS
from webapp.core.guides.preparation import DESKTOP_SITE, preparation
from webapp.core.providers import load
from webapp.core.text import Message, locales, translations_for

GMX = load()["gmx.net"]
HOST = re.compile(r"[a-z]+(\.[a-z]+)+")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def variants(client: str) -> Iterator[Guide]:
    """Yield the guide of `client` for every choice that a guide may depend on."""
    source = SOURCES[client]
    systems = {"macos": "mac", "ios": "iphone"}
    for way, system, keep, two_factor, in_use in product(
        source.ways,
        [systems.get(name, name) for name in CLIENTS[client].systems],
        (KEEP_FOREVER, Retention(True, 14), FETCH_AND_DELETE),
        ("yes", "no", ""),
        (True, False, None),
    ):
        for address in ("anna@gmx.de", ""):
            account = GMX.account(address, name="Anna", retention=keep) if address else None
            yield guide(Context(client, GMX, account, system, way, "", in_use, keep, two_factor, "gmx-pop.zip"))
    for system, in_use in product([systems.get(name, name) for name in CLIENTS[client].systems], (True, None)):
        for account in (GMX.account("anna@gmx.de", name="Anna"), None):
            made = Context(client, GMX, account, system, in_use=in_use, two_factor="no", protocol=ServerType.IMAP)
            yield guide(made)


@pytest.mark.parametrize("client", SOURCES)
def test_a_step_is_one_short_instruction_in_every_language(client: str) -> None:
    for found in variants(client):
        for step in found.steps:
            for locale in locales():
                text = step.text.translated(translations_for(locale))
                assert 2 <= len(text.split()) <= WORDS_MAX, (step.id, text)


@pytest.mark.parametrize("client", SOURCES)
def test_who_has_not_opened_the_program_yet_is_told_to(client: str) -> None:
    """Unless there is something to do before: at the settings of the system, or with the file."""
    before = {"file", "close", "install", "ended", "settings"}
    for found in variants(client):
        first, context = found.steps[0], found.context
        in_settings = (context.client, context.system) == ("apple-mail", "iphone")
        if first.id in before or context.client == "other" or in_settings:
            assert first.text.text != "Open %(program)s. %(then)s", (client, first.id)
            continue
        assert first.text.translated(translations_for("de")).startswith("Öffnen Sie "), (client, first.text)


@pytest.mark.parametrize("client", SOURCES)
def test_the_ids_of_steps_are_unique_and_fit_into_an_address(client: str) -> None:
    for found in variants(client):
        ids = [step.id for step in found.steps]
        assert len(ids) == len(set(ids))
        assert all(ID.fullmatch(id_) for id_ in ids)
        assert [found.index(id_) for id_ in ids] == list(range(len(ids)))


@pytest.mark.parametrize("client", SOURCES)
def test_the_ringed_control_is_in_the_way(client: str) -> None:
    for found in variants(client):
        for step in found.steps:
            if isinstance(step.picture, Drawing) and step.picture.ring:
                assert step.picture.ring in step.way, step.id
                assert step.picture.shown.bearing(step.picture.ring), step.id


@pytest.mark.parametrize("client", SOURCES)
def test_the_picture_of_what_helps_instead_rings_a_word_of_its_way(client: str) -> None:
    for found in variants(client):
        for other in (other for step in found.steps for other in step.otherwise):
            if isinstance(other.picture, Drawing):
                assert not other.way or other.picture.ring in other.way, other.picture
                assert other.picture.shown.bearing(other.picture.ring), other.picture


def test_every_drawn_window_is_shown_by_a_step() -> None:
    """A drawing that no guide shows is one that nobody keeps true."""
    short = GMX.account("anna@gmx.de", retention=Retention(True, 7))
    steps = [step for client in SOURCES for found in variants(client) for step in found.steps]
    steps += guide(Context("apple-mail", GMX, short, "mac", retention=Retention(True, 7))).steps
    steps += guide(Context("outlook", GMX, profile="new")).steps
    steps += [
        step for provider in load().values() for step in preparation(Context("other", provider, two_factor="yes"))
    ]
    pictures = [picture for step in steps for picture in (step.picture, *(other.picture for other in step.otherwise))]
    pictures += DESKTOP_SITE.values()
    shown = {picture.id for picture in pictures if isinstance(picture, Drawing)}
    assert set(WINDOWS) - shown <= {"file-chooser"}  # Thunderbird's, whose guide is yet to come


@pytest.mark.parametrize("client", ["thunderbird", "outlook", "apple-mail"])
def test_eight_of_ten_steps_have_a_picture_where_a_source_is_known(client: str) -> None:
    for found in variants(client):
        pictured = [step.picture is not None for step in found.steps if step.way]  # there a window is meant
        assert sum(pictured) >= 0.8 * len(pictured), (found.way, found.context.system)


@pytest.mark.parametrize("client", SOURCES)
def test_who_does_not_see_a_step_is_led_to_one_that_there_is(client: str) -> None:
    for found in variants(client):
        for other in (other for step in found.steps for other in step.otherwise if other.step):
            assert found.index(other.step) is not None


@pytest.mark.parametrize("client", SOURCES)
def test_values_are_those_of_the_account(client: str) -> None:
    for found in variants(client):
        servers = {server.hostname for server in GMX.servers} | {GMX.website}
        for value in (value.value for step in found.steps for value in step.values):
            if isinstance(value, Message):
                assert value.translated(translations_for("de"))
            elif HOST.fullmatch(value):
                assert value in servers


@pytest.mark.parametrize("client", SOURCES)
def test_who_wants_the_same_on_every_device_is_led_to_imap_by_hand(client: str) -> None:
    account = GMX.account("anna@gmx.de", name="Anna", retention=FETCH_AND_DELETE)
    for system in (None, "mac", "iphone", "android"):
        context = Context(client, GMX, account, system, file_name="gmx-pop.zip", protocol=ServerType.IMAP)
        found = guide(context)
        if SOURCES[client].imap is None:
            assert found.context.protocol is ServerType.POP3
            continue
        assert list(found.ways) == [SOURCES[client].imap]
        assert not any(step.gives for step in found.steps)
        assert not {"pop", "pop3", "keep", "delete", "forever", "protocol"} & {step.id for step in found.steps}
        values = [value.value for step in found.steps for value in step.values]
        assert "pop.gmx.net" not in values
        assert {step.id for step in found.steps} <= step_ids(client)


def test_a_provider_without_imap_leads_to_pop() -> None:
    bare = replace(GMX, servers=tuple(server for server in GMX.servers if server.type is not ServerType.IMAP))
    found = guide(Context("thunderbird", bare, protocol=ServerType.IMAP))
    assert found.context.protocol is ServerType.POP3
    assert found.index("pop3") is not None


@pytest.mark.parametrize("client", [id_ for id_ in SOURCES if not CLIENTS[id_].speaks_pop and not CLIENTS[id_].ended])
def test_a_program_that_takes_imap_unasked_says_what_deleting_deletes(client: str) -> None:
    for found in variants(client):
        notes = [step.note.translated(translations_for("de")) for step in found.steps if step.note]
        assert any("ist auch bei GMX weg" in note for note in notes)


def test_where_the_phone_has_no_switch_the_way_begins_at_a_computer() -> None:
    for system, words in (("iphone", "am Computer"), ("android", "am Computer"), ("windows", "im Browser")):
        first = preparation(Context("thunderbird", GMX, system=system))[0]
        assert words in first.text.translated(translations_for("de"))


def test_where_people_get_stuck_in_outlook_and_on_the_iphone_the_step_itself_knows_more() -> None:
    outlook = guide(Context("outlook", GMX, system="windows"))
    phone = guide(Context("apple-mail", GMX, system="iphone", file_name="gmx-pop.mobileconfig"))
    for found, ids in ((outlook, ("accounts", "manual", "pop", "account", "finish")), (phone, ("password",))):
        steps = {step.id: step for step in found.steps}
        assert all(steps[id_].otherwise for id_ in ids)
        for other in (other for id_ in ids for other in steps[id_].otherwise if other.step):
            assert other.step in steps
