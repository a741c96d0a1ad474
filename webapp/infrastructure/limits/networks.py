"""Sources of requests: an IPv4 address, or the /64, /56 and /48 of an IPv6 address."""

import ipaddress
import re
from functools import lru_cache

UNKNOWN_NETWORK = "unknown"
PREFIXES = (64, 56, 48)  # a subnet, a household, a customer's whole site (RFC 6177)
_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)](?::\d+)?|([0-9.]+):\d+")


@lru_cache(1024)
def networks(address: str) -> tuple[str, ...]:
    """Return the sources that `address` counts for, the smallest first.

    A mapped IPv4 address counts as IPv4; a port, which some proxies append, is ignored. Whatever is no address is one
    source.
    """
    with_port = _WITH_PORT.fullmatch(address)
    try:
        parsed = ipaddress.ip_address(with_port[1] or with_port[2] if with_port else address)
    except ValueError:
        return (UNKNOWN_NETWORK,)
    mapped = parsed.ipv4_mapped if parsed.version == 6 else parsed
    if mapped:
        return (str(mapped),)
    return tuple(str(ipaddress.ip_network((parsed, prefix), strict=False)) for prefix in PREFIXES)
