"""The systems that people's devices run, and what a browser says of the one it runs on.

A browser's word only sorts what is offered. It never decides: iPads call themselves Macs.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.clients import CLIENTS, Client
from webapp.text import N_


@dataclass(frozen=True, slots=True)
class System:
    """One system. `id` stands in answers and links, `client_system` in `Client.systems`; `name` is marked with `N_`."""

    id: str
    name: str
    client_system: str

    @property
    def is_mobile(self) -> bool:
        return self.id in ("iphone", "android")

    def clients(self) -> list[Client]:
        """Return the mail programs for this system in the order of the registry, “another program” last."""
        found = [client for client in CLIENTS.values() if self.client_system in client.systems]
        return sorted(found, key=lambda client: client.id == "other")


SYSTEMS = {
    system.id: system
    for system in (
        System("windows", "Windows", "windows"),
        System("mac", "Mac", "macos"),
        System("iphone", N_("iPhone or iPad"), "ios"),
        System("android", N_("Android phone or tablet"), "android"),
        System("linux", "Linux", "linux"),
    )
}

# In this order: Android's browsers say Linux too, and some for iOS say Mac.
_WORDS = (
    ("iPhone", "iphone"), ("iPad", "iphone"), ("Android", "android"), ("Windows", "windows"), ("Macintosh", "mac"),
    ("Linux", "linux"),
)  # fmt: skip

# Browsers on iPhone and iPad that only save a profile: Firefox, DuckDuckGo, the Google app, those inside other apps.
# Sources: mozilla-mobile/firefox-ios#25476, duckduckgo/iOS#830.
_NO_PROFILES = ("FxiOS", "Focus/", "DuckDuckGo", "Ddg/", "GSA/", "FBAN", "FBAV", "Instagram", "WhatsApp", "Line/")


def system_of(user_agent: str) -> System | None:
    """Return the system that a browser says it runs on, or None."""
    return next((SYSTEMS[id_] for word, id_ in _WORDS if word in user_agent), None)


def installs_no_profiles(user_agent: str) -> bool:
    """Tell a browser on iPhone or iPad that saves a configuration profile instead of handing it to the system."""
    ours = system_of(user_agent)
    if ours is None or ours.id != "iphone":
        return False
    return any(word in user_agent for word in _NO_PROFILES) or "Safari/" not in user_agent
