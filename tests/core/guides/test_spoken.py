"""What an agent reads out at each step of a guide: the control by the word on the screen, once, and nothing unsayable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES, Context, GuideStep, guide
from webapp.core.providers import load
from webapp.core.text import Message, locales, translations_for

GMX = load()["gmx.net"]
SIGNS = "≡✉✎⚙⋮⋯›→☰"


def steps(client: str) -> Iterator[GuideStep]:
    """Yield the steps as an agent sees them: without an address."""
    named = {"macos": "mac", "ios": "iphone"}
    systems = [named.get(name, name) for name in CLIENTS[client].systems]
    for way, system, keep, protocol in product(
        SOURCES[client].ways, systems, (KEEP_FOREVER, Retention(True, 14), FETCH_AND_DELETE), ServerType
    ):
        if protocol is not ServerType.SMTP:
            context = Context(
                client, GMX, None, system, way, retention=keep, file_name="gmx-pop.zip", protocol=protocol
            )
            yield from guide(context).steps


@pytest.mark.parametrize("client", SOURCES)
def test_every_step_with_a_control_is_said_with_its_word(client: str) -> None:
    for step, locale in product({(step.id, str(step)): step for step in steps(client)}.values(), locales()):
        translations = translations_for(locale)
        said = step.spoken.translated(translations)
        assert said.strip(), step.id
        ring = getattr(step.picture, "ring", "")
        labels = [Message(word).translated(translations) for word in step.way]
        if ring:
            label = Message(ring).translated(translations)
            begun = tuple(re.findall("[„“]([^„“”]+) …[“”]", said))
            named = label in said or label.startswith(begun)
            assert named or not any(map(str.isalpha, label)) or "@" in label, (step.id, locale, label, said)
        for label in labels:
            times = said.count(f"„{label}“") + said.count(f"“{label}”")
            assert times <= max(1, labels.count(label)), (step.id, locale, said)


@pytest.mark.parametrize("client", SOURCES)
def test_nothing_is_said_that_only_the_eye_reads(client: str) -> None:
    for step in steps(client):
        said = step.spoken.translated(translations_for("de"))
        assert not set(said) & set(SIGNS), (step.id, said)
        assert "das hier" not in said, (step.id, said)
        assert "diesen Haken" not in said, (step.id, said)


@pytest.mark.parametrize("client", SOURCES)
def test_controls_are_said_in_the_order_in_which_they_are_pressed(client: str) -> None:
    """A window is gone after its “OK”: what is pressed before is said before."""
    for step, locale in product({(step.id, str(step)): step for step in steps(client)}.values(), locales()):
        translations = translations_for(locale)
        said = step.spoken.translated(translations)
        labels = [Message(word).translated(translations) for word in step.way]
        places = [place for label in dict.fromkeys(labels) if (place := quoted(label, said)) is not None]
        assert places == sorted(places), (step.id, locale, said)


@pytest.mark.parametrize("client", SOURCES)
def test_no_control_of_the_way_is_left_out_because_a_longer_word_holds_it(client: str) -> None:
    """“Mail” is not said where only “e-mails” is."""
    for step, locale in product({(step.id, str(step)): step for step in steps(client)}.values(), locales()):
        translations = translations_for(locale)
        said = step.spoken.translated(translations)
        begun = tuple(re.findall("[„“]([^„“”]+) …[“”]", said))
        labels = [Message(word).translated(translations) for word in step.way if word != "your address"]
        labels = [label for label in labels if not label.startswith(begun)]
        missing = [label for label in labels if label[0].isalpha() and not re.search(rf"\b{re.escape(label)}", said)]
        assert step.say or not missing, (step.id, locale, missing, said)


def quoted(label: str, said: str) -> int | None:
    """Return where `said` names the label in quotes, None where it does not."""
    found = re.search(f"[„“]{re.escape(label)}[“”]", said)
    return found.start() if found else None
