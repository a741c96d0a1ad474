"""Autodiscover v2, which new Outlook asks first: JSON that leads to the XML document, or says no in its own format.

The format has neither POP3 nor SMTP. `Protocol=AutodiscoverV1` asks where the XML document lies; every other protocol
is one that this site does not have.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from webapp.core.providers import Provider, find
from webapp.core.text import InputError
from webapp.web.discovery.answer import NOT_ALLOWED_GET, Answer, made

PATH = "/autodiscover/autodiscover.json"
QUERY_MAX = 1024
MEDIA_TYPE = "application/json; charset=utf-8"


def _error(status: str, code: str, message: str) -> Answer:
    """An error of the format, without any input in it."""
    body = json.dumps({"ErrorCode": code, "ErrorMessage": message}).encode()
    return made(status, body, MEDIA_TYPE)


INVALID_REQUEST = _error("400 Bad Request", "InvalidRequest", "Ask with Email and Protocol.")
UNKNOWN_ADDRESS = _error("404 Not Found", "UserNotFound", "No settings are known for this address.")
OTHER_PROTOCOL = _error(
    "404 Not Found", "ProtocolNotSupported", "This mailbox has POP3 and SMTP. Ask for the protocol AutodiscoverV1."
)


def answer(providers: Mapping[str, Provider], environ: Mapping[str, Any]) -> Answer:
    """Say where the XML document lies."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return NOT_ALLOWED_GET
    asked = _asked(environ)
    if asked is None:
        return INVALID_REQUEST
    address, protocol = asked
    try:
        finding = find(address, providers)
    except InputError:
        return INVALID_REQUEST
    if not finding.providers:
        return UNKNOWN_ADDRESS
    if protocol.lower() != "autodiscoverv1":
        return OTHER_PROTOCOL
    url = f"https://autodiscover.{finding.address.partition('@')[2]}/autodiscover/autodiscover.xml"
    return made("200 OK", json.dumps({"Protocol": "AutodiscoverV1", "Url": url}).encode(), MEDIA_TYPE)


def _asked(environ: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return address and protocol: from the query, the address also from the path (…/v1.0/anna@example.org)."""
    query = environ.get("QUERY_STRING", "")
    if len(query) > QUERY_MAX:
        return None
    try:
        values = {name.lower(): found[0] for name, found in parse_qs(query, max_num_fields=10, errors="strict").items()}
    except ValueError:
        return None
    path = unquote(str(environ.get("PATH_INFO", ""))[len(PATH) :])
    address = values.get("email") or (path.rpartition("/")[2] if "@" in path else "")
    protocol = values.get("protocol", "")
    return (address, protocol) if address and protocol else None
