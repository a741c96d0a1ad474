"""Does my program speak POP? Every program that we know, made from what the wizard offers."""

from collections.abc import Iterator
from dataclasses import dataclass

from webapp.core.clients import CLIENTS, Client
from webapp.core.systems import SYSTEMS
from webapp.core.text import N_
from webapp.web.wizard.programs import label

FILE, HAND, SENDS, IMAP, ENDED = range(5)  # the order of the table

_ANSWERS = {
    FILE: N_("Yes, and it takes our file"),
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
    def systems(self) -> list[str]:
        """Return the names of its systems, as `N_` texts."""
        return [system.name for system in SYSTEMS.values() if system.client_system in self.client.systems]


def rows() -> list[Row]:
    """Return the programs: those that speak POP first, each group by name."""
    return sorted(_rows(), key=lambda row: (row.kind, row.name.casefold()))


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
