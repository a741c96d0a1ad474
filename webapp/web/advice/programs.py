"""Does my program speak POP? Every program that we know, made from what the wizard offers."""

from collections.abc import Iterator
from dataclasses import dataclass

from webapp.core.clients import CLIENTS, Client
from webapp.core.text import N_, Message
from webapp.infrastructure.i18n import translate
from webapp.web.wizard.programs import label

FILE, HAND, SENDS, IMAP, ENDED = range(5)

_ANSWERS = {
    FILE: N_("Yes, by file"),
    HAND: N_("Yes, by hand"),
    SENDS: N_("Only sends"),
    IMAP: N_("No, only IMAP"),
    ENDED: N_("Is no more"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One program. `name` and `answer` are `N_` texts."""

    name: str
    client: Client
    kind: int

    @property
    def answer(self) -> str:
        return _ANSWERS[self.kind]

    @property
    def speaks_pop(self) -> bool:
        return self.kind in (FILE, HAND)


def rows() -> list[Row]:
    """Return the programs by name in the language of the page: found like in a telephone book."""
    return sorted(_rows(), key=lambda row: translate(Message(row.name)).casefold())


def _rows() -> Iterator[Row]:
    for client in CLIENTS.values():
        kind = _kind(client)
        if client.id != "other":
            yield Row(label(client.id), client, kind)
        for name in client.also:
            yield Row(name, client, HAND if client.id == "other" else kind)


def _kind(client: Client) -> int:
    if client.ended:
        return ENDED
    if not client.receives:
        return SENDS
    if not client.speaks_pop:
        return IMAP
    return FILE if client.formats else HAND
