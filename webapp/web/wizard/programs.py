"""The mail programs as the wizard offers them: what is in the registry, grouped by system.

An option's value is `client:system`. A client that is added to the registry appears here by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from webapp.core.clients import CLIENTS, Client
from webapp.core.systems import SYSTEMS, System
from webapp.core.text import N_

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
    "thunderbird": N_("Free, for every computer"),
    "outlook": N_("At the top left it says “File”"),
    "outlook-new": N_("At the top left it does not say “File”"),
    "apple-mail": N_("The white envelope on blue"),
    "other": N_("You type in some details yourself"),
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
        return _HINTS.get(self.client.id) or self.client.hint


def label(client_id: str) -> str:
    """Return what people call the program, marked with `N_` where it is not a mere name."""
    client = CLIENTS.get(client_id)
    return _LABELS.get(client_id) or (client.name if client else client_id)


def groups(first: System | None = None) -> list[tuple[System, list[Option]]]:
    """Return the options of each system, those of `first` before the others."""
    systems = sorted(SYSTEMS.values(), key=lambda system: system is not first)
    return [(system, [Option(client, system) for client in system.clients()]) for system in systems]


# The programs that most people have, by system; the first is chosen for who does not choose.
_USUAL = {
    "windows": ("thunderbird", "outlook", "outlook-new"),
    "mac": ("apple-mail", "thunderbird", "outlook-mac"),
    "iphone": ("apple-mail", "gmail-app", "outlook-mobile"),
    "android": ("gmail-app", "samsung-email", "thunderbird-android"),
    "linux": ("thunderbird", "bluemail", "other"),
}
_SAMSUNG = ("Samsung", "SM-")  # words of the User-Agent of Samsung's own browser, and of its devices


@dataclass(frozen=True, slots=True)
class Tiles:
    """What the page offers for one system: pictures of the usual programs, the others by name.

    usual: the value chosen beforehand, "" for a system that is not the visitor's. simple: for who has no program.
    """

    system: System
    main: tuple[Option, ...]
    others: tuple[Option, ...]
    usual: str
    simple: Option


def tiles(system: System | None, visitor: System | None, user_agent: str = "") -> Tiles:
    """Return the tiles for `system`, for Windows where nothing tells it."""
    system = system or SYSTEMS["windows"]
    ids = list(_USUAL[system.id])
    if system.id == "android" and any(word in user_agent for word in _SAMSUNG):
        ids.remove("samsung-email")
        ids.insert(0, "samsung-email")
    options = {client.id: Option(client, system) for client in system.clients()}
    main = tuple(options.pop(id_) for id_ in ids if id_ in options)
    simple = main[0] if system.is_mobile else next(one for one in main if one.client.id == "thunderbird")
    return Tiles(system, main, tuple(options.values()), main[0].value if system is visitor else "", simple)


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
