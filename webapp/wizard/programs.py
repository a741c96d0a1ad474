"""The mail programs as the wizard offers them: what is in the registry, grouped by system.

An option's value is `client:system`. A client that is added to the registry appears here by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from webapp.clients import CLIENTS, Client
from webapp.systems import SYSTEMS, System
from webapp.text import N_

UNKNOWN = "unknown"

# Where our own words are plainer than the program's name.
_LABELS = {
    "outlook": N_("Outlook (classic)"),
    "outlook-new": N_("Outlook (new)"),
    "outlook-mac": N_("Outlook for Mac"),
    "outlook-mobile": N_("Outlook app"),
    "apple-mail": N_("Mail (by Apple)"),
    "thunderbird-android": N_("Thunderbird or K-9 Mail"),
    "other": N_("Another program"),
}
_HINTS = {
    "outlook": N_("At the top left there is a menu “File”"),
    "outlook-new": N_("At the top left there is no menu “File”"),
    "apple-mail": N_("The white envelope on blue that comes with the device"),
    "other": N_("We give you all values to type in"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One program on one system; `label` and `hint` are marked with `N_`."""

    client: Client
    system: System

    @property
    def value(self) -> str:
        return f"{self.client.id}:{self.system.id}"

    @property
    def label(self) -> str:
        return label(self.client.id)

    @property
    def hint(self) -> str:
        return self.client.hint or _HINTS.get(self.client.id, "")


def label(client_id: str) -> str:
    """Return what people call the program, marked with `N_` where it is not a mere name."""
    client = CLIENTS.get(client_id)
    return _LABELS.get(client_id) or (client.name if client else client_id)


def groups(first: System | None = None) -> list[tuple[System, list[Option]]]:
    """Return the options of each system, those of `first` before the others."""
    systems = sorted(SYSTEMS.values(), key=lambda system: system is not first)
    return [(system, [Option(client, system) for client in system.clients()]) for system in systems]


def values() -> Iterator[str]:
    """Yield every value that may be chosen; a client's id alone stands for it on any system."""
    for _, options in groups():
        yield from (option.value for option in options)
    yield from CLIENTS


def parse(value: str) -> tuple[str, str | None]:
    """Return client id and system id of an option's value. A program of one system needs no system beside it."""
    client, _, system = value.partition(":")
    if not system and client in CLIENTS and len(CLIENTS[client].systems) == 1:
        system = next(s.id for s in SYSTEMS.values() if s.client_system == CLIENTS[client].systems[0])
    return client, system or None
