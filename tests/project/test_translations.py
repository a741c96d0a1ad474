"""Every text has a translation in every language, and no translation has lost its text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from webapp.translations.compile import compile_all

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "webapp" / "translations"
LANGUAGES = sorted(path.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES"))
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "NC_": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
PROVIDER = "%(provider)s"  # may stand for “the server” of the English text

# Words of the trade, or of ours, that people do not know; in quotation marks they are a program's own.
AVOIDED = re.compile(r"\b(?:Anschl(?:uss|üss)\w*|Wert(?:e|en|es|s)?|Kreis\w*|[Vv]ersiegel\w*)\b")
COLUMNS = "port, SMTP port"  # what people's own tables may call a column


def msgids_in_the_source() -> set[str]:
    found: set[str] = set()
    for folder, method in (
        ("webapp", [("**.py", "python")]),
        ("templates", [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]),
    ):
        for _file, _line, message, _comments, context in extract_from_dir(
            ROOT / folder, method, keywords=KEYWORDS, directory_filter=lambda _: True
        ):
            texts = message if isinstance(message, tuple) else [message]
            found.update(f"{context}\x04{text}" if context else text for text in texts)
    return found


def translated(language: str) -> dict[str, list[tuple[str, str]]]:
    """Return msgid → [(file, translation)] of every form in every .po file of `language`."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((TRANSLATIONS / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalog: Catalog = read_po(file, locale=language, abort_invalid=True)
        for message in catalog:
            if not message.id:
                continue
            assert not message.fuzzy, f"{path.name}: fuzzy: {message.id!r}"
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for msgid, text in zip(ids, strings, strict=True):
                msgid = f"{message.context}\x04{msgid}" if message.context else msgid
                texts.setdefault(msgid, []).append((path.name, text))
    return texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    missing = msgids_in_the_source() - {m for m, found in translated(language).items() if all(t for _, t in found)}
    assert not missing, "\n".join(f"msgid {m!r}" for m in sorted(missing))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    source = msgids_in_the_source()
    left_over = [f"{found[0][0]}: {m!r}" for m, found in translated(language).items() if m not in source]
    assert not left_over, "\n".join(sorted(left_over))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_translated_twice(language: str) -> None:
    twice = [f"{m!r} in {[name for name, _ in found]}" for m, found in translated(language).items() if len(found) > 1]
    assert not twice, "\n".join(sorted(twice))


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_every_placeholder_and_hold_no_markup(language: str) -> None:
    for msgid, found in translated(language).items():
        for name, text in found:
            extra = {"%%", PROVIDER} if "server" in msgid else {"%%"}
            assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(msgid)) | extra, f"{name}: {msgid!r}"
            if not msgid.startswith("%(number)") and "%(number)" not in msgid:
                missing = set(PLACEHOLDER.findall(msgid)) ^ set(PLACEHOLDER.findall(text))
                assert missing <= extra - {"%%"}, f"{name}: {msgid!r}"
            assert not re.search(r"<[a-z/]", msgid + text), f"{name}: markup in {msgid!r}"


def test_german_says_sie_and_does_not_plead() -> None:
    """The rules of tone that a machine can keep."""
    unwanted = re.compile(r"\b(?:[Bb]itte|[Ll]eider|[Uu]ngültige?[rsnm]?|[Ee]ntschuldigung|[Dd]u|[Dd]ein\w*|[Dd]ir)\b")
    for found in translated("de").values():
        for name, text in found:
            assert not unwanted.search(text), f"{name}: {text!r}"


def test_german_speaks_in_words_that_people_know() -> None:
    wrong = {
        f"{name}: {text}"
        for msgid, found in translated("de").items()
        for name, text in found
        if msgid != COLUMNS and AVOIDED.search(re.sub("„[^“]*“", "", text))
    }
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("entry", ['msgid "Yes"\nmsgstr ""\n', '#, fuzzy\nmsgid "Yes"\nmsgstr "Sì"\n', ""])
def test_a_language_that_lacks_a_text_is_not_built(tmp_path: Path, entry: str) -> None:
    """On a page it would be English, and nobody told."""
    for language, text in {"fr": 'msgid "Yes"\nmsgstr "Oui"\n', "it": entry}.items():
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        (folder / "app.po").write_text(head + text, encoding="utf-8")
    with pytest.raises(ValueError, match="it: 1 texts are missing, such as 'Yes'"):
        compile_all(tmp_path)
