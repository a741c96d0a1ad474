"""Text of the core: written in English here, translated at the edge.

The core never knows the person's language. It hands out a `Message`, and whoever shows it (page, command line, file)
calls `Message.translated` with the translations of a locale.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

DEFAULT_LOCALE = "de"
SOURCE_LOCALE = "en"

Translations = gettext.NullTranslations


def N_(text: str) -> str:  # noqa: N802  the name every gettext tool knows
    """Mark `text` for translation and return it unchanged."""
    return text


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for a person: a msgid marked with `N_`, and the values of its %(name)s placeholders.

    A value that is itself a Message is translated with it. With `plural`, `values["number"]` chooses between the two
    forms.
    """

    text: str
    values: Mapping[str, str | int | Message] = field(default_factory=dict)
    plural: str | None = None

    def translated(self, translations: Translations) -> str:
        """Return the sentence in the language of `translations`, values filled in."""
        if self.plural is None:
            text = translations.gettext(self.text)
        else:
            text = translations.ngettext(self.text, self.plural, int(str(self.values["number"])))
        if not self.values:
            return text
        return text % {
            name: value.translated(translations) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }

    def __str__(self) -> str:
        return self.translated(gettext.NullTranslations())


class InputError(ValueError):
    """What a person (or an operator) gave cannot be used; `message` says what and how to put it right."""

    def __init__(self, message: Message | str) -> None:
        self.message = message if isinstance(message, Message) else Message(message)
        super().__init__(str(self.message))


@cache
def locales() -> tuple[str, ...]:
    """Return the languages there are, German first."""
    folder = resources.files("webapp.translations")
    translated = {entry.name for entry in folder.iterdir() if (entry / "LC_MESSAGES").is_dir()}
    return (DEFAULT_LOCALE, *sorted((translated | {SOURCE_LOCALE}) - {DEFAULT_LOCALE}))


@cache
def translations_for(locale: str) -> Translations:
    """Return the translations of `locale`, one of `locales()`; English needs none.

    Raises FileNotFoundError where messages.mo was not built (`make install` builds it).
    """
    if locale == SOURCE_LOCALE:
        return gettext.NullTranslations()
    file = resources.files("webapp.translations") / locale / "LC_MESSAGES" / "messages.mo"
    with file.open("rb") as stream:
        return gettext.GNUTranslations(stream)
