"""Operating systems and browsers, and their detection from the User-Agent.

The User-Agent only preselects, it never decides: iPads identify themselves as Macs.
"""

from dataclasses import dataclass

from webapp.core.clients import CLIENTS, Client
from webapp.core.text import N_


@dataclass(frozen=True, slots=True)
class System:
    """One system. `id` is used in answers and links, `client_system` in `Client.systems`; `name` is an `N_` text."""

    id: str
    name: str
    client_system: str

    @property
    def is_mobile(self) -> bool:
        return self.id in ("iphone", "android")

    def clients(self) -> list[Client]:
        """Return the clients for this system in registry order, `other` last."""
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

# A word of the User-Agent, the id of its system, and a short name. Order matters: browsers on Android also contain
# Linux, some on iOS also Mac; most browsers call themselves Safari, many Chrome too.
_WORDS = (
    ("iPhone", "iphone", "iPhone"), ("iPad", "iphone", "iPad"), ("Android", "android", "Android"),
    ("Windows", "windows", "Windows"), ("Macintosh", "mac", "macOS"), ("Linux", "linux", "Linux"),
)  # fmt: skip
_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip

# iOS browsers that save a profile instead of installing it: Firefox, DuckDuckGo, the Google app, in-app browsers.
# Sources: mozilla-mobile/firefox-ios#25476, duckduckgo/iOS#830.
_NO_PROFILES = ("FxiOS", "Focus/", "DuckDuckGo", "Ddg/", "GSA/", "FBAN", "FBAV", "Instagram", "WhatsApp", "Line/")


def system_of(user_agent: str) -> System | None:
    return next((SYSTEMS[id_] for word, id_, _ in _WORDS if word in user_agent), None)


def browser_of(user_agent: str) -> str:
    """Return browser and system in the few words that tell sessions apart, such as "Firefox, Windows"; else ""."""
    named = next((name for word, name in _BROWSERS if word in user_agent), "")
    system = next((name for word, _, name in _WORDS if word in user_agent), "")
    return ", ".join(filter(None, (named, system)))


def installs_no_profiles(user_agent: str) -> bool:
    """Whether this iOS browser saves a configuration profile instead of handing it to the system."""
    ours = system_of(user_agent)
    if ours is None or ours.id != "iphone":
        return False
    return any(word in user_agent for word in _NO_PROFILES) or "Safari/" not in user_agent
