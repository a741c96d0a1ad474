"""A published autoconfig document beside a provider file: servers and domains, what only one of the two has."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.core.account import ServerType, SocketType
from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.web.drift.fetching import Fetcher, FetchError
from webapp.web.drift.findings import Finding, Severity

_PLAIN = "plain"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A server as both sides write it."""

    type: str
    hostname: str
    port: int
    socket_type: str

    def __str__(self) -> str:
        return f"{self.type} {self.hostname}:{self.port} {self.socket_type}"


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says: its domains and servers."""

    domains: frozenset[str]
    servers: frozenset[Address]


class DocumentError(ValueError):
    """What came is no autoconfig document."""


def provider_of(content: bytes) -> ET.Element:
    """Return the provider's element of a document; raises DocumentError. Entities and document types are refused."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DocumentError(type(error).__name__) from None
    provider: ET.Element | None = root.find("emailProvider")
    if root.tag != "clientConfig" or provider is None:
        raise DocumentError(str(root.tag)[:40])
    return provider


def servers_in(provider: ET.Element) -> list[ET.Element]:
    return [server for name in ("incomingServer", "outgoingServer") for server in provider.iter(name)]


def parse(content: bytes) -> Document:
    """Return what the document says; raises DocumentError."""
    provider = provider_of(content)
    servers = servers_in(provider)
    return Document(
        frozenset((domain.text or "").strip().lower() for domain in provider.iter("domain")),
        frozenset(filter(None, map(_address, servers))),
    )


def _address(server: ET.Element) -> Address | None:
    kind = server.get("type", "").lower()
    port = server.findtext("port", "").strip()
    if kind not in set(ServerType) or not port.isdecimal() or len(port) > 5:
        return None  # such as exchange, which we never offer
    socket_type = server.findtext("socketType", _PLAIN).strip()
    return Address(kind, server.findtext("hostname", "").strip().lower(), int(port), socket_type)


def compared(provider: Provider, url: str, fetcher: Fetcher) -> list[Finding]:
    """Return what the document at `url` says otherwise than the file of `provider`."""

    def told(severity: Severity, kind: str, subject: str, text: Message) -> Finding:
        return Finding(provider.id, severity, kind, subject, text, url)

    try:
        found = fetcher.get(url)
    except FetchError as error:
        return [told(Severity.UNREADABLE, "document-unreachable", url, error.message)]
    moved = []
    if found.changes_host:
        text = Message(N_("It redirects to another host: %(url)s"), {"url": found.url})
        moved = [told(Severity.DIFFERENCE, "document-moved", url, text)]
    if found.status == 404:
        return [*moved, told(Severity.NOTE, "document-missing", url, Message(N_("Nothing is published there.")))]
    if found.status != 200:
        text = Message(N_("It answers with status %(status)s."), {"status": found.status})
        return [*moved, told(Severity.UNREADABLE, "document-unreachable", url, text)]
    try:
        document = parse(found.content)
    except DocumentError:
        text = Message(N_("What it answers is no autoconfig document."))
        return [*moved, told(Severity.UNREADABLE, "document-unreadable", url, text)]
    return [
        *moved,
        *(told(*entry) for entry in _servers(provider, document)),
        *(told(*entry) for entry in _domains(provider, document)),
    ]


_Entry = tuple[Severity, str, str, Message]


def _servers(provider: Provider, document: Document) -> Iterator[_Entry]:
    ours = {Address(s.type.value, s.hostname, s.port, s.socket_type.value) for s in provider.servers}
    for server in sorted(ours - document.servers):
        text = Message(N_("Only our file has this server."))
        yield Severity.DIFFERENCE, "server-not-published", str(server), text
    for server in sorted(document.servers - ours):
        encrypted = server.socket_type in set(SocketType)
        text = Message(N_("Our file does not have this server.") if encrypted else N_("Published without encryption."))
        yield Severity.DIFFERENCE if encrypted else Severity.NOTE, "server-not-ours", str(server), text


def _domains(provider: Provider, document: Document) -> Iterator[_Entry]:
    known = provider.domains | provider.domains_to_confirm
    for domain in sorted(provider.domains - document.domains):
        yield Severity.DIFFERENCE, "domain-not-published", domain, Message(N_("Only our file has this domain."))
    for domain in sorted(document.domains - known):
        yield Severity.DIFFERENCE, "domain-not-ours", domain, Message(N_("Our file does not have this domain."))
