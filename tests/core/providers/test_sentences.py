"""What a provider's file may say of its own is said somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.core.providers import load
from webapp.core.providers.types import SENTENCES

ROOT = Path(__file__).parents[3]
SOURCE = "".join(
    file.read_text(encoding="utf-8")
    for folder, ending in (("templates", "*.html"), ("webapp", "*.py"))
    for file in (ROOT / folder).rglob(ending)
    if file.name != "types.py"
)


@pytest.mark.parametrize("topic", SENTENCES)
def test_a_sentence_of_every_topic_stands_on_a_page(topic: str) -> None:
    assert f'"{topic}"' in SOURCE


def test_a_sentence_is_said_in_the_language_there_is() -> None:
    provider = load()["gmx.net"]
    assert provider.sentence("imap", "en") == "GMX itself recommends it."
    assert provider.sentence("imap", "fr") == provider.sentence("imap", "de")
    assert load()["web.de"].sentence("imap", "de") is None
