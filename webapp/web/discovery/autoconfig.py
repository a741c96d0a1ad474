"""Autoconfig: the document of a domain, POP3 first, with the retention.

The same bytes as the export `thunderbird --format autoconfig` with `--keep forever`.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from webapp.core.clients import autoconfig
from webapp.core.providers import Provider, find
from webapp.core.text import InputError
from webapp.web.discovery.answer import BAD_ADDRESS, NO_ADDRESS, NOT_ALLOWED_GET, UNKNOWN_DOMAIN, Answer, made

CACHE = "public, max-age=86400"  # a day: servers rarely change
QUERY_MAX = 1024
KEPT_MAX = 1000  # domains; one such as anything.gmx must not fill the memory
HOST_PREFIX = "autoconfig."


class Autoconfig:
    """Serves one cached document per domain."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers
        self._answers = lru_cache(KEPT_MAX)(self._made)

    def __call__(self, environ: Mapping[str, Any]) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return NOT_ALLOWED_GET
        address = _address(environ)
        if address is None:
            address = self._address_of_host(environ)
        if address is None:
            return NO_ADDRESS
        try:
            finding = find(address, self._providers)
        except InputError:
            return BAD_ADDRESS
        if not finding.providers:
            return UNKNOWN_DOMAIN
        full, unchanged = self._answers(finding.providers[0].id, finding.address.partition("@")[2])
        return unchanged if _matches(environ.get("HTTP_IF_NONE_MATCH"), full) else full

    def _address_of_host(self, environ: Mapping[str, Any]) -> str | None:
        """Return a placeholder in the host name's domain, where that is one of ours: for the well-known path there.

        Some programs ask without an address (Thunderbird for Android).
        """
        if not environ.get("PATH_INFO", "").startswith("/.well-known/") or environ.get("QUERY_STRING"):
            return None
        address = f"{HOST_PREFIX}@{_host(environ)}".replace(".@", "@")
        try:
            return address if find(address, self._providers).providers else None
        except InputError:
            return None

    def _made(self, provider: str, domain: str) -> tuple[Answer, Answer]:
        """Return the document of a domain, and the answer that it has not changed."""
        body = autoconfig.document(self._providers[provider].account(f"anybody@{domain}"))
        tag = ("ETag", f'"{hashlib.sha256(body).hexdigest()[:16]}"')
        full = made("200 OK", body, autoconfig.MEDIA_TYPE, tag, cache=CACHE)
        return full, Answer("304 Not Modified", (tag, ("Cache-Control", CACHE)))


def _address(environ: Mapping[str, Any]) -> str | None:
    """Return the address in the query, else a placeholder in the host name's domain, else None."""
    query = environ.get("QUERY_STRING", "")
    if query:
        if len(query) > QUERY_MAX:
            return ""
        try:
            values = parse_qs(query, max_num_fields=10, errors="strict").get("emailaddress")
        except ValueError:
            return ""
        if values:
            return str(values[0])
    host = _host(environ)
    return f"autoconfig@{host.removeprefix(HOST_PREFIX)}" if host.startswith(HOST_PREFIX) else None


def _host(environ: Mapping[str, Any]) -> str:
    return str(environ.get("HTTP_HOST", "")).partition(":")[0].lower()


def _matches(condition: str | None, answer: Answer) -> bool:
    """RFC 9110 section 13.1.2."""
    if condition is None:
        return False
    tag = dict(answer.headers)["ETag"]
    return condition.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in condition.split(","))
