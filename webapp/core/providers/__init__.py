"""Providers: one TOML file each, read strictly; `find(address)` and `choose(id)`.

The file's name is the id: `gmx.net.toml` defines the provider `gmx.net`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from webapp.core.account import parse_address
from webapp.core.providers.loading import contents, load, made_of, parse
from webapp.core.providers.types import Certainty, Finding, MenuPath, Provider
from webapp.core.text import N_, InputError
from webapp.core.typed_address import as_typed

__all__ = [
    "Certainty", "Finding", "MenuPath", "Provider", "choose", "contents", "find", "load",
    "made_of", "parse",
    "suggest",
]  # fmt: skip

# Other brands by their domains. A provider that is served comes before them.
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


def choose(provider_id: str, providers: Mapping[str, Provider]) -> Provider:
    """Return the provider with this id; raises InputError listing the known ids."""
    if provider_id not in providers:
        text = N_("There is no provider “%(provider)s”. There is: %(providers)s.")
        raise InputError(text, provider=provider_id, providers=", ".join(providers))
    return providers[provider_id]


def find(address: str, providers: Mapping[str, Provider]) -> Finding:
    """Return the provider of `address`, by its exact domain, without DNS; raises InputError for an invalid one."""
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
    """Return the corrected address where the domain looks like a typo of a provider's, or None.

    Close matches only: gmx.d, gmx.comm, gmxnet, gmy.de.
    """
    local_part, _, domain = as_typed(address.strip().lower()).rpartition("@")
    if not local_part:
        return None
    known = _ranked(providers)
    if domain in OTHER_BRANDS or _is_known(domain, providers):
        return None
    swapped = (domain[:i] + domain[i + 1] + domain[i] + domain[i + 2 :] for i in range(len(domain) - 1))
    undotted = {d.replace(".", ""): d for d in reversed(known)}
    near = difflib.get_close_matches(domain.replace(",", "."), [*known, *OTHER_BRANDS], n=1, cutoff=0.8)
    best = (
        undotted.get(domain.replace(".", "").replace(",", ""))
        or next((d for d in swapped if d in known), None)
        or next(iter(near), None)
    )
    if best not in known:  # a slip of another brand's domain is none of ours
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


def _ranked(providers: Mapping[str, Provider]) -> list[str]:
    """Return all certain domains: the best known one of each provider first, in the order of the providers."""
    main = [provider.main_domain for provider in providers.values()]
    return [*main, *(d for provider in providers.values() for d in sorted(provider.domains) if d not in main)]
