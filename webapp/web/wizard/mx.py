"""Who handles the mail of a domain that we do not know: one bounded look-up of its MX records.

Asked only after a person sent us the address in the wizard, never for a domain we know. The answer decides nothing: it
makes a page kinder. GMX's own hosts for incoming mail are in mx00.emig.gmx.net and its like; mx*.gmx.com also serve
mail.com, which is another product.
"""

import threading
from collections.abc import Mapping

import dns.exception
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from flask import current_app

from webapp.infrastructure.config import MX_LOOKUP_SECONDS, WEB_THREADS, current_providers

RESOLVER_KEY = "mx_resolver"  # in app.extensions: another resolver, or None for no look-up at all

# End of the mail host's name → what people call who runs it.
HANDLERS = {
    "google.com": "Google",
    "googlemail.com": "Google",
    "outlook.com": "Microsoft",
    "icloud.com": "iCloud",
    "yahoodns.net": "Yahoo",
    "kundenserver.de": "IONOS",
    "ionos.de": "IONOS",
    "ionos.com": "IONOS",
    "1and1.com": "IONOS",
    "rzone.de": "STRATO",
    "t-online.de": "T-Online",
    "freenet.de": "freenet",
    "mailbox.org": "mailbox.org",
    "posteo.de": "Posteo",
    "kasserver.com": "ALL-INKL",
    "your-server.de": "Hetzner",
    "ovh.net": "OVH",
    "ispgateway.de": "DomainFactory",
    "domainfactory.de": "DomainFactory",
    "netcup.net": "netcup",
    "udag.de": "united-domains",
    "protonmail.ch": "Proton",
    "infomaniak.ch": "Infomaniak",
    "hostpoint.ch": "Hostpoint",
    "bluewin.ch": "Swisscom",
    "a1.net": "A1",
}

# The same for providers of ours, where the site does not serve them.
OF_THE_SAME_PLATFORM = {"emig.gmx.net": "GMX", "gmx.com": "mail.com", "mail.com": "mail.com", "web.de": "WEB.DE"}

# Each look-up holds a web thread for up to MX_LOOKUP_SECONDS; with more at a time the page comes without it.
_places = threading.BoundedSemaphore(WEB_THREADS // 4)


def handler_of(domain: str) -> str | None:
    """Return who handles the mail of `domain`, by the name people know; None where nobody says in time."""
    resolver = current_app.extensions.get(RESOLVER_KEY, dns.resolver)
    if resolver is None or not _places.acquire(blocking=False):
        return None
    try:
        # One lifetime for all servers and attempts together.
        answer = resolver.resolve(f"{domain}.", "MX", lifetime=MX_LOOKUP_SECONDS, search=False)
        hosts = [(record.preference, record.exchange.to_text()) for record in answer if isinstance(record, MX)]
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    finally:
        _places.release()
    return next((name for _, host in sorted(hosts) if (name := named(host, _ours()))), None)


def _ours() -> dict[str, str]:
    """Return the ends of the names of our providers' mail hosts, each with the provider's name."""
    return {end: provider.name for provider in current_providers().values() for end in provider.mail_exchangers}


def named(host: str, ours: Mapping[str, str] | None = None) -> str | None:
    """Return who runs the mail host, by the end of its name; None for one we do not know."""
    handlers = {**HANDLERS, **OF_THE_SAME_PLATFORM, **(ours or {})}
    labels = host.lower().rstrip(".").split(".")
    return next((handlers[end] for start in range(len(labels)) if (end := ".".join(labels[start:])) in handlers), None)
