"""Providers that are not GMX, for the walk through everything that people read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webapp.core import providers
from webapp.core.guides import Guide
from webapp.core.providers import Provider
from webapp.core.text import Message, translations_for

_FOLDER = Path(__file__).parent
# People do not read the ids of diagnoses; the command and its keys bear the name of the project.
# Nonces, tokens and ids hold any letters.
_AT_RANDOM = re.compile(r'\b(?:nonce|value)="[\w.-]{20,}"|/[\w-]{22,}(?=["/?])')
_COMMAND = re.compile(r"gmxpop_|gmx-pop-(?:wizard|check\.pyz)|\bgmx(?:-[a-z]+)+\b", re.IGNORECASE)


@dataclass(frozen=True)
class Walk:
    """One provider that a site is about, and an address of its own."""

    provider: Provider
    folder: Path | None

    @property
    def address(self) -> str:
        return f"anna@{self.provider.main_domain}"


def walks() -> list[Walk]:
    """Return the brands beside GMX, and two providers of the tests' own."""
    own = (("nordlicht.example", _FOLDER / "provider_files"), ("suedlicht.example", _FOLDER / "provider_files_rich"))
    brands = [id_ for id_, provider in providers.load().items() if provider.name != "GMX"]
    return [
        *(Walk(providers.load(folder, (id_,))[id_], folder) for id_, folder in own),
        *(Walk(providers.load()[id_], None) for id_ in brands),
    ]


def says_gmx(text: str) -> list[str]:
    """Return the places where GMX is named, but for the command's name."""
    text = _COMMAND.sub("", _AT_RANDOM.sub("", html.unescape(text)))
    return [text[max(0, m.start() - 60) : m.end() + 40] for m in re.finditer("gmx", text, re.IGNORECASE)]


def said(message: Message, locale: str) -> str:
    """Return the sentence in `locale`, every name filled in."""
    text = message.translated(translations_for(locale))
    assert "%(" not in text, text
    return text


def told_by(found: Guide, locale: str) -> Iterator[str]:
    """Yield every sentence and label of a guide."""
    for step in (*found.preparation, *found.steps):
        texts = [step.text, step.spoken, *([step.note] if step.note else [])]
        texts += [Message(word) for word in step.way]
        for other in step.otherwise:
            texts += [other.text, *map(Message, other.way)]
        for value in step.values:
            texts += [Message(value.label), value.value if isinstance(value.value, Message) else Message(value.value)]
        yield from (said(text, locale) if text.values else text.translated(translations_for(locale)) for text in texts)
