"""The subset of translations for the single-file check."""

import io
from collections.abc import Collection
from datetime import UTC, datetime
from importlib import resources

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # reproducible


def trimmed_catalogue(locale: str, msgids: Collection[str]) -> bytes:
    """Return a messages.mo with the translations of `locale` for `msgids`."""
    with (resources.files("webapp.translations") / locale / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        whole = read_mo(file)
    trimmed = Catalog(locale=locale, creation_date=_EPOCH, revision_date=_EPOCH)
    for message in whole:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        if msgid and msgid in msgids:
            trimmed.add(message.id, message.string)
    written = io.BytesIO()
    write_mo(written, trimmed)
    return written.getvalue()
