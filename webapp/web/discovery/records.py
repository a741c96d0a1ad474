"""The DNS records by which mail programs find the settings of a domain: RFC 6186, RFC 8314, autoconfig, PACC."""

from collections.abc import Iterator
from dataclasses import dataclass

from webapp.core.account import Server, ServerType, SocketType
from webapp.core.providers import Provider
from webapp.web.discovery import pacc

# RFC 6186 section 3, RFC 8314 section 5.1. POP3 has the better priority: it is what the domain wants.
_SERVICES = {
    (ServerType.POP3, SocketType.SSL): ("_pop3s._tcp", 0),
    (ServerType.POP3, SocketType.STARTTLS): ("_pop3._tcp", 5),
    (ServerType.IMAP, SocketType.SSL): ("_imaps._tcp", 10),
    (ServerType.IMAP, SocketType.STARTTLS): ("_imap._tcp", 15),
    (ServerType.SMTP, SocketType.SSL): ("_submissions._tcp", 0),
    (ServerType.SMTP, SocketType.STARTTLS): ("_submission._tcp", 5),
}
NONE = "0 0 0 ."  # RFC 6186 section 3.4: the service is not offered


@dataclass(frozen=True, slots=True)
class Record:
    """One record, its names with the final dot. why: who reads it."""

    name: str
    type: str
    value: str
    why: str

    def __str__(self) -> str:
        value = f'"{self.value}"' if self.type == "TXT" else self.value
        return f"{self.name:44} {self.type:6} {value}"


def records(domain: str, provider: Provider, site: str) -> Iterator[Record]:
    """Yield the records for `domain`, whose settings the site at the host `site` answers."""
    yield Record(f"autoconfig.{domain}.", "CNAME", f"{site}.", "autoconfig")
    yield Record(f"autodiscover.{domain}.", "CNAME", f"{site}.", "autodiscover")
    yield Record(f"_autodiscover._tcp.{domain}.", "SRV", f"0 0 443 {site}.", "autodiscover")
    for kind, (service, priority) in _SERVICES.items():
        server = _first(provider, *kind)
        value = f"{priority} 1 {server.port} {server.hostname}." if server else NONE
        yield Record(f"{service}.{domain}.", "SRV", value, "srv")
    digest = pacc.record(provider)
    if digest:
        yield Record(f"{pacc.HOST_PREFIX}{domain}.", "CNAME", f"{site}.", "pacc")
        yield Record(f"{pacc.RECORD_PREFIX}{domain}.", "TXT", digest, "pacc")


def _first(provider: Provider, type_: ServerType, socket_type: SocketType) -> Server | None:
    return next((s for s in provider.servers if (s.type, s.socket_type) == (type_, socket_type)), None)
