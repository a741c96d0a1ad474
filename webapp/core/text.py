"""Text of the core: written in English here, translated at the edge.

The core does not know the locale. It returns a `Message`; the caller (page, command line, file) calls
`Message.translated` with the translations of a locale.
"""

from __future__ import annotations

import gettext
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources

DEFAULT_LOCALE = "de"
SOURCE_LOCALE = "en"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 8

Translations = gettext.NullTranslations
_CONTEXT_END = "\x04"  # gettext's own


def N_(text: str) -> str:  # noqa: N802  gettext's conventional name
    """Mark `text` for translation and return it unchanged."""
    return text


def NC_(context: str, text: str) -> str:  # noqa: N802  gettext's conventional name
    """Mark `text` for translation where one English word has several translations; `context` tells them apart."""
    return f"{context}{_CONTEXT_END}{text}"


def plain(text: str, translations: Translations) -> str:
    """Return the translation of a text marked with `N_` or `NC_`."""
    context, end, word = text.rpartition(_CONTEXT_END)
    return translations.pgettext(context, word) if end else translations.gettext(text)


@dataclass(frozen=True, slots=True)
class Message:
    """A translatable sentence: a msgid marked with `N_`, and the values of its %(name)s placeholders.

    A value that is a Message is translated too. With `plural`, `values["number"]` selects the form.
    """

    text: str
    values: Mapping[str, str | int | Message] = field(default_factory=dict)
    plural: str | None = None

    def translated(self, translations: Translations) -> str:
        """Return the sentence in the language of `translations`, values filled in."""
        if self.plural is None:
            text = plain(self.text, translations)
        else:
            text = translations.ngettext(self.text, self.plural, int(str(self.values["number"])))
        if not self.values:
            return text
        values = {
            name: value.translated(translations) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return filled(text, values)

    def __str__(self) -> str:
        return self.translated(gettext.NullTranslations())


LANGUAGE = NC_("the code of this language", "en")


@dataclass(frozen=True, slots=True)
class Told(Message):
    """A sentence that is not ours to translate: it comes in several languages. `text` stands in for a missing one."""

    by_language: Mapping[str, str] = field(default_factory=dict)

    def translated(self, translations: Translations) -> str:
        return self.by_language.get(plain(LANGUAGE, translations)) or self.text


def filled(text: str, values: Mapping[str, object]) -> str:
    """Return `text` with its %(name)s placeholders filled in.

    Before a hyphen, the name of a provider gets hyphens in the place of blanks: “Stadt-Nordlicht-Passwort”.
    """
    name = values.get("provider")
    if isinstance(name, str) and " " in name and _COMPOUND in text:
        text = text.replace(_COMPOUND, "%(compound)s-")
        values = {**values, "compound": name.replace(" ", "-")}
    return text % values


_COMPOUND = "%(provider)s-"


class Word(StrEnum):
    """A closed set of words that are kept, each with how it reads: `SOLVED = "solved", N_("Solved")`."""

    label: str

    def __new__(cls, word: str, label: str = "") -> Word:
        made = str.__new__(cls, word)
        made._value_, made.label = word, label
        return made


class InputError(ValueError):
    """Invalid input of a person or an operator; `message` says what is wrong and how to fix it."""

    def __init__(self, message: Message | str, **values: str | int | Message) -> None:
        """message: a Message, or an `N_` text whose placeholders are filled with `values`."""
        self.message = message if isinstance(message, Message) else Message(message, values)
        super().__init__(str(self.message))


def new_reference() -> str:
    """Return 8 characters of Crockford base32: what a person reads out to the helpdesk."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(REFERENCE_LENGTH))


def reference_for(secret: str) -> str:
    """Return the reference that belongs to `secret`, always the same one."""
    digest = hashlib.sha256(secret.encode()).digest()
    return "".join(CROCKFORD[byte % len(CROCKFORD)] for byte in digest[:REFERENCE_LENGTH])


def parse_reference(text: str) -> str | None:
    """Return the reference in what somebody typed, read as Crockford does; None for anything else."""
    plain = "".join(text.upper().split()).replace("-", "").translate(str.maketrans("OIL", "011"))
    return plain if len(plain) == REFERENCE_LENGTH and set(plain) <= set(CROCKFORD) else None


def in_every_language(text: str, **values: str | int | Message) -> tuple[str, ...]:
    """Return `text` in each of `locales()`: for what is written for everybody at once."""
    return tuple(Message(text, values).translated(translations_for(locale)) for locale in locales())


@cache
def locales() -> tuple[str, ...]:
    """Return the available locales, German first."""
    folder = resources.files("webapp.translations")
    translated = {entry.name for entry in folder.iterdir() if (entry / "LC_MESSAGES").is_dir()}
    return (DEFAULT_LOCALE, *sorted((translated | {SOURCE_LOCALE}) - {DEFAULT_LOCALE}))


@cache
def translations_for(locale: str) -> Translations:
    """Return the translations of `locale`, one of `locales()`; for English, null translations.

    Raises FileNotFoundError where messages.mo is missing (`make install` builds it).
    """
    if locale == SOURCE_LOCALE:
        return gettext.NullTranslations()
    file = resources.files("webapp.translations") / locale / "LC_MESSAGES" / "messages.mo"
    with file.open("rb") as stream:
        return gettext.GNUTranslations(stream)
