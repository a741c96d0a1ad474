"""The translations that the check in a single file needs, out of those of the whole site."""

from __future__ import annotations

import struct
from collections.abc import Collection
from importlib import resources

from webapp.text import translations_for

_MAGIC = 0x950412DE  # GNU gettext manual, "The Format of GNU MO Files"
_HEADER = 7 * 4  # octets


def trimmed_catalogue(locale: str, msgids: Collection[str]) -> bytes:
    """Return a messages.mo with the translations of `locale` for `msgids` and its header, without dates and tools."""
    translations = translations_for(locale)
    plural_forms = translations.info().get("plural-forms", "nplurals=2; plural=(n != 1);")
    entries = {b"": f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: {plural_forms}\n".encode()}
    for msgid, plural, forms in _messages(locale):
        if msgid in msgids:
            key = msgid if plural is None else f"{msgid}\0{plural}"
            entries[key.encode()] = "\0".join(forms).encode()
    return _mo(entries)


def _messages(locale: str) -> list[tuple[str, str | None, list[str]]]:
    """Read msgid, plural msgid and translations of every message: gettext itself forgets the plural msgid."""
    data = (resources.files("webapp.translations") / locale / "LC_MESSAGES" / "messages.mo").read_bytes()
    order = "<" if struct.unpack("<I", data[:4])[0] == _MAGIC else ">"
    _, _, count, originals, translated = struct.unpack(f"{order}5I", data[:20])

    def text(table: int, number: int) -> list[str]:
        length, offset = struct.unpack_from(f"{order}2I", data, table + 8 * number)
        return data[offset : offset + length].decode().split("\0")

    found = []
    for number in range(count):
        ids = text(originals, number)
        if ids[0]:
            found.append((ids[0], ids[1] if len(ids) > 1 else None, text(translated, number)))
    return found


def _mo(entries: dict[bytes, bytes]) -> bytes:
    """Write a catalogue: header, the two tables of length and offset, the texts, each ended by NUL."""
    keys = sorted(entries)
    tables, texts = b"", b""
    begin = _HEADER + 2 * 8 * len(keys)
    for column in (keys, [entries[key] for key in keys]):
        for text in column:
            tables += struct.pack("<2I", len(text), begin + len(texts))
            texts += text + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(keys), _HEADER, _HEADER + 8 * len(keys), 0, begin)
    return head + tables + texts
