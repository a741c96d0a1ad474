"""Merges the .po files of one language into its messages.mo.

A language is one folder. Inside it every room of the code has a .po file of its own (core.po, wizard.po, ...),
so that a translator finds a text where its code lives. The same msgid may stand in two files only with the same
translation.

Run as a script or from the build hook; needs Babel, nothing of this package.
"""

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)  # that of the build would make every build another one


def merge(folder: Path) -> Catalog:
    """Return the catalogue of the language whose .po files lie in `folder` (…/<locale>/LC_MESSAGES).

    Raises ValueError where two files translate one msgid differently.
    """
    merged = Catalog(locale=folder.parent.name, fuzzy=False, creation_date=NO_TIME, revision_date=NO_TIME)
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=folder.parent.name, abort_invalid=True)
        for message in catalog:
            if not message.id:
                continue
            known = merged.get(message.id, message.context)
            if known is not None and known.string != message.string:
                raise ValueError(f"{path.name}: a second translation for {message.id!r}")
            where = [(path.name, message.lineno or 0)]
            merged.add(message.id, message.string, where, message.flags, context=message.context)
    return merged


def compile_all(translations: Path) -> list[Path]:
    """Write messages.mo for every language below `translations`; return the files written.

    Raises ValueError where a language lacks a text that another one has: the page would say it in English.
    """
    merged = {folder: merge(folder) for folder in sorted(translations.glob("*/LC_MESSAGES"))}
    texts = {_key(message): message for catalog in merged.values() for message in catalog if message.id}
    written = []
    for folder, catalog in merged.items():
        there = {_key(message) for message in catalog if message.id and not message.fuzzy and _is_whole(message)}
        if missing := [str(message.id) for key, message in texts.items() if key not in there]:
            raise ValueError(f"{folder.parent.name}: {len(missing)} texts are missing, such as {missing[0]!r}")
        target = folder / "messages.mo"
        with target.open("wb") as file:
            write_mo(file, catalog)
        written.append(target)
    return written


def _key(message: Message) -> tuple[str, str]:
    """Return what tells a text from all others."""
    one = message.id if isinstance(message.id, str) else message.id[0]
    return message.context or "", one


def _is_whole(message: Message) -> bool:
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return bool(strings) and all(strings)


if __name__ == "__main__":
    compile_all(Path(__file__).parent)
