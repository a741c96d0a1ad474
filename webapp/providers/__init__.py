"""Providers: one TOML file each, read strictly, and `find(address)`.

A file is found by its id, which is its name: `gmx.net.toml` is the provider `gmx.net`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from webapp.account import parse_address
from webapp.providers.loading import load
from webapp.providers.types import DEFAULT_SMTP_PORT, Certainty, Finding, MenuPath, Provider
from webapp.text import InputError

__all__ = ["DEFAULT_SMTP_PORT", "Certainty", "Finding", "MenuPath", "Provider", "find", "load", "suggest"]

# Other products that people confuse with GMX, because one company runs them: their own pages help there.
OTHER_BRANDS = {
    "web.de": "WEB.DE",
    "email.de": "WEB.DE",
    "mail.com": "mail.com",
    "email.com": "mail.com",
    "1und1.de": "1&1",
    "online.de": "IONOS",
    "gmail.com": "Gmail",
    "googlemail.com": "Gmail",
    "t-online.de": "T-Online",
    "freenet.de": "freenet",
    "outlook.com": "Outlook.com",
    "outlook.de": "Outlook.com",
    "hotmail.com": "Outlook.com",
    "hotmail.de": "Outlook.com",
    "icloud.com": "iCloud",
    "yahoo.com": "Yahoo",
    "yahoo.de": "Yahoo",
    "gmx.mail.com": "mail.com",
}


def find(address: str, providers: Mapping[str, Provider]) -> Finding:
    """Say whose address this is, by its domain alone and exactly; nobody is asked.

    Raises InputError for what is no address.
    """
    address = parse_address(address)
    domain = address.partition("@")[2]
    for provider in providers.values():
        if domain in provider.domains:
            other = providers.get(provider.domains_shared_with.get(domain, ""))
            if other is not None:
                return Finding(address, Certainty.AMBIGUOUS, (provider, other))
            return Finding(address, Certainty.CERTAIN, (provider,))
    for provider in providers.values():
        if domain in provider.domains_to_confirm or domain.endswith(provider.suffixes_to_confirm):
            return Finding(address, Certainty.CONFIRM, (provider,))
    if brand := OTHER_BRANDS.get(domain):
        return Finding(address, Certainty.OTHER_BRAND, brand=brand)
    return Finding(address, Certainty.UNKNOWN)


def suggest(address: str, providers: Mapping[str, Provider]) -> str | None:
    """Return the address that was probably meant where the domain looks like a typing mistake, or None.

    Only for domains of the providers, and only for ones that are written almost alike: gmx.d, gmx.comm, gmxnet, gmy.de.
    """
    local_part, _, domain = address.strip().lower().rpartition("@")
    if not local_part:
        return None
    known = sorted({d for provider in providers.values() for d in provider.domains}, key=_rank)
    if domain in OTHER_BRANDS or _is_known(domain, providers):
        return None
    undotted = {d.replace(".", ""): d for d in reversed(known)}
    best = undotted.get(domain.replace(".", "").replace(",", "")) or next(
        iter(difflib.get_close_matches(domain.replace(",", "."), known, n=1, cutoff=0.8)), None
    )
    if best is None:
        return None
    try:
        return parse_address(f"{local_part}@{best}")
    except InputError:
        return None


def _is_known(domain: str, providers: Mapping[str, Provider]) -> bool:
    return any(
        domain in provider.domains | provider.domains_to_confirm or domain.endswith(provider.suffixes_to_confirm)
        for provider in providers.values()
    )


def _rank(domain: str) -> tuple[int, str]:
    """Order the domains that people have most before the others."""
    common = ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com")
    return (common.index(domain) if domain in common else len(common), domain)
