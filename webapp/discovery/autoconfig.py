"""Autoconfig: the document of a domain, POP3 first, with what stays on the server written in.

The same bytes as the export `thunderbird --format autoconfig` of an account that keeps mail for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from webapp.clients import autoconfig
from webapp.discovery.answer import BAD_ADDRESS, NO_ADDRESS, NOT_ALLOWED_GET, UNKNOWN_DOMAIN, Answer, made
from webapp.providers import Provider, find
from webapp.text import InputError

CACHE = "public, max-age=86400"  # a day: the servers of a provider hardly ever change
QUERY_MAX = 1024
KEPT_MAX = 1000  # documents; a domain such as anything.gmx must not fill the memory
HOST_PREFIX = "autoconfig."


class Autoconfig:
    """Answers with one document for each domain, made when first asked for."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers
        self._kept: dict[str, tuple[Answer, Answer]] = {}  # by domain: in full, and "not modified"

    def __call__(self, environ: Mapping[str, Any]) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return NOT_ALLOWED_GET
        address = _address(environ)
        if address is None:
            return NO_ADDRESS
        kept = self._kept.get(address.rpartition("@")[2].lower()) if _is_plain(address) else None
        if kept is None:
            found = self._made(address)
            if isinstance(found, Answer):
                return found
            kept = found
        full, unchanged = kept
        return unchanged if _matches(environ.get("HTTP_IF_NONE_MATCH"), full) else full

    def _made(self, address: str) -> Answer | tuple[Answer, Answer]:
        try:
            finding = find(address, self._providers)
        except InputError:
            return BAD_ADDRESS
        if not finding.providers:
            return UNKNOWN_DOMAIN
        body = autoconfig.document(finding.providers[0].account(finding.address))
        tag = ("ETag", f'"{hashlib.sha256(body).hexdigest()[:16]}"')
        full = made("200 OK", body, autoconfig.MEDIA_TYPE, tag, cache=CACHE)
        unchanged = Answer("304 Not Modified", (tag, ("Cache-Control", CACHE)))
        if len(self._kept) < KEPT_MAX:
            self._kept[finding.address.partition("@")[2]] = (full, unchanged)
        return full, unchanged


def _is_plain(address: str) -> bool:
    """Whether the address is surely one, so that its domain alone decides."""
    local_part, _, _ = address.rpartition("@")
    return local_part.isascii() and local_part.isalnum() and len(local_part) <= 64


def _address(environ: Mapping[str, Any]) -> str | None:
    """Return the address of the query, else one in the domain of the host name, else None."""
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
    host = str(environ.get("HTTP_HOST", "")).partition(":")[0].lower()
    return f"autoconfig@{host.removeprefix(HOST_PREFIX)}" if host.startswith(HOST_PREFIX) else None


def _matches(condition: str | None, answer: Answer) -> bool:
    """RFC 9110 section 13.1.2."""
    if condition is None:
        return False
    tag = dict(answer.headers)["ETag"]
    return condition.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in condition.split(","))
