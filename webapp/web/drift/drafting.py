"""A provider file made from a published autoconfig document, or from answers."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from webapp.core.account import Server, ServerType, SocketType, Username
from webapp.core.text import N_, InputError
from webapp.web.drift import documents

_SECURE = {socket_type.value for socket_type in SocketType}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new provider file says."""

    domain: str
    name: str
    website: str
    source: str
    domains: Sequence[str]
    servers: Sequence[Server]
    username: Username = Username.ADDRESS
    minutes_between_fetches: int | None = None

    def toml(self, today: date) -> str:
        lines = [
            f"# {self.domain}: look through every line, then: gmx-pop-wizard providers check {self.domain}.toml",
            f"name = {_quoted(self.name)}",
            f"website = {_quoted(self.website)}",
            f"checked = {today.isoformat()}",
            f"sources = [{_quoted(f'{self.source}, {today.isoformat()}: servers, user name')}]",
            f"domains = [{', '.join(map(_quoted, self.domains))}]",
            f"username = {_quoted(self.username.value)}",
            *([f"minutes_between_fetches = {self.minutes_between_fetches}"] if self.minutes_between_fetches else []),
            "# What else a file can say: docs/providers.md. Must POP3 be switched on somewhere? Then write the way:",
            '# [[activation.de]]',
            '# steps = ["Einstellungen", "POP3 erlauben", "Speichern"]',
        ]  # fmt: skip
        for server in self.servers:
            lines += [
                "",
                "[[servers]]",
                f"type = {_quoted(server.type.value)}",
                f"hostname = {_quoted(server.hostname)}",
                f"port = {server.port}",
                f"socket_type = {_quoted(server.socket_type.value)}",
            ]
        return "\n".join(lines) + "\n"


def from_document(domain: str, content: bytes, source: str) -> Draft:
    """Return the draft of an autoconfig document; raises InputError where it is none, or names no usable server."""
    try:
        provider = documents.provider_of(content)
    except documents.DocumentError:
        raise InputError(N_("What came is no autoconfig document.")) from None
    elements = documents.servers_in(provider)
    servers = [server for element in elements if (server := _server(element, domain))]
    for needed in (ServerType.POP3, ServerType.SMTP):
        if not any(server.type is needed for server in servers):
            raise InputError(
                N_("The document names no encrypted server for POP3.") if needed is ServerType.POP3
                else N_("The document names no encrypted server for sending.")
            )  # fmt: skip
    named = [element.findtext("username", "") for element in elements if element.get("type") == "pop3"]
    minutes = provider.find("incomingServer/pop3/checkInterval")
    published = [(entry.text or "").strip().lower() for entry in provider.iter("domain")]
    name = provider.findtext("displayShortName") or provider.findtext("displayName") or domain
    return Draft(
        domain=domain,
        name=" ".join(name.split())[:60] or domain,
        website=_website(provider, domain),
        source=source,
        domains=[domain, *(d for d in dict.fromkeys(published) if d != domain and re.fullmatch(r"[a-z0-9.-]+", d))],
        servers=servers,
        username=Username.LOCAL_PART if Username.LOCAL_PART.value in named else Username.ADDRESS,
        minutes_between_fetches=_minutes(minutes),
    )


def _server(element: ET.Element, domain: str) -> Server | None:
    kind, port = element.get("type", "").lower(), element.findtext("port", "").strip()
    socket_type = element.findtext("socketType", "").strip()
    hostname = element.findtext("hostname", "").strip().lower().replace("%emaildomain%", domain)
    if kind not in set(ServerType) or socket_type not in _SECURE or not port.isdecimal():
        return None
    return Server(ServerType(kind), hostname, int(port), SocketType(socket_type))


def _website(provider: ET.Element, domain: str) -> str:
    """Return the host of the web mail or of the page that switches POP3 on, else a guess to be looked through."""
    for path, attribute in (("webMail/loginPage", "url"), ("enable", "visiturl")):
        element = provider.find(path)
        found = re.match(r"https?://([a-z0-9.-]+)", element.get(attribute, "") if element is not None else "")
        if found:
            return found[1]
    return f"www.{domain}"


def _minutes(element: ET.Element | None) -> int | None:
    text = element.get("minutes", "") if element is not None else ""
    return int(text) if text.isdecimal() and 1 <= int(text) <= 1440 else None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
