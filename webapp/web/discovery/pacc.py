"""PACC (draft-ietf-mailmaint-pacc-03): the JSON document of a domain, and the digest that its owner publishes for it.

Asked at `https://ua-auto-config.<domain>/.well-known/user-agent-configuration.json`; the TXT record of
`_ua-auto-config.<domain>` holds its SHA-256. The format knows host names only: implicit TLS on the usual ports, the
whole address as user name. A provider that needs more has no such document.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from webapp.core.account import Server, ServerType, SocketType, Username
from webapp.core.providers import Certainty, Provider, find
from webapp.core.text import InputError
from webapp.web.discovery.answer import BAD_ADDRESS, NOT_ALLOWED_GET, UNKNOWN_DOMAIN, Answer, made

PATH = "/.well-known/user-agent-configuration.json"
HOST_PREFIX = "ua-auto-config."
RECORD_PREFIX = "_ua-auto-config."
MEDIA_TYPE = "application/json"
CACHE = "public, max-age=3600"

_PORTS = {ServerType.POP3: 995, ServerType.IMAP: 993, ServerType.SMTP: 465}
_KEYS = {ServerType.POP3: "pop3", ServerType.IMAP: "imap", ServerType.SMTP: "submit"}


def answer(providers: Mapping[str, Provider], environ: Mapping[str, Any]) -> Answer:
    """Return the document of the domain that the host name begins with `ua-auto-config.` for."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return NOT_ALLOWED_GET
    host = str(environ.get("HTTP_HOST", "")).partition(":")[0].lower()
    if not host.startswith(HOST_PREFIX):
        return UNKNOWN_DOMAIN
    try:
        finding = find(f"pacc@{host.removeprefix(HOST_PREFIX)}", providers)
    except InputError:
        return BAD_ADDRESS
    body = document(finding.providers[0]) if finding.certainty is Certainty.CERTAIN else None
    return made("200 OK", body, MEDIA_TYPE, cache=CACHE) if body else UNKNOWN_DOMAIN


@lru_cache(64)
def _written(provider_id: str, name: str, hosts: tuple[tuple[str, str], ...]) -> bytes:
    shape = {
        "protocols": {key: {"host": host} for key, host in hosts},
        "authentication": {"password": True},
        "info": {"provider": {"name": name, "shortName": name}},
    }
    return json.dumps(shape, ensure_ascii=False, indent=1).encode()


def document(provider: Provider) -> bytes | None:
    """Return the document of a provider's domains; None where the format cannot say how to reach it."""
    if provider.username is not Username.ADDRESS:
        return None
    hosts = {_KEYS[server.type]: server.hostname for server in reversed(provider.servers) if _is_usual(server)}
    if not {"pop3", "submit"} <= set(hosts):
        return None
    return _written(provider.id, provider.name, tuple((key, hosts[key]) for key in _KEYS.values() if key in hosts))


def record(provider: Provider) -> str | None:
    """Return the value of the TXT record for the document; None where there is none."""
    body = document(provider)
    if body is None:
        return None
    return f"v=UAAC1; a=sha256; d={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def _is_usual(server: Server) -> bool:
    return server.socket_type is SocketType.SSL and server.port == _PORTS[server.type]
