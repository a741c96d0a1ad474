"""What a provider is, and what is known of an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from webapp.account import (
    KEEP_FOREVER,
    MailAccount,
    Retention,
    Server,
    ServerType,
    SocketType,
    parse_address,
    parse_name,
)
from webapp.text import N_, InputError, Message

DEFAULT_SMTP_PORT = 465


@dataclass(frozen=True, slots=True)
class MenuPath:
    """A way through the provider's web pages in their literal words, newest wording first in its list."""

    steps: tuple[str, ...]
    note: str = ""  # when this wording is or was shown, such as "2026"


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider: domains, servers, and what a person must do there first."""

    id: str
    name: str  # what people call it: "GMX"
    website: str  # where its mail is read in the browser: "www.gmx.net"
    checked: date  # when the facts were last checked
    sources: tuple[str, ...]
    domains: frozenset[str]  # certain
    domains_to_confirm: frozenset[str]  # "please confirm"
    suffixes_to_confirm: tuple[str, ...]  # such as ".gmx"
    domains_shared_with: Mapping[str, str]  # domain → id of the other provider that gives out the same domain
    servers: tuple[Server, ...]
    seconds_between_pop3_logins: int
    activation: Mapping[str, tuple[MenuPath, ...]]  # by locale
    app_password: Mapping[str, tuple[MenuPath, ...]]  # by locale
    help_links: Mapping[str, Mapping[str, str]]  # by locale, then topic

    def server(self, type: ServerType, port: int | None = None) -> Server:  # noqa: A002  autoconfig's word
        """Return the first server of `type`, or the one on `port`; raises InputError where there is none."""
        for server in self.servers:
            if server.type is type and port in (None, server.port):
                return server
        raise InputError(
            Message(
                N_("%(provider)s has no %(type)s server on port %(port)s."),
                {"provider": self.name, "type": type.value.upper(), "port": port or "–"},
            )
        )

    def _submission(self, port: int) -> Server:
        """Return the submission server on `port`; 465 and 587 also stand for implicit TLS and STARTTLS elsewhere."""
        wanted = {465: SocketType.SSL, 587: SocketType.STARTTLS}.get(port)
        servers = [server for server in self.servers if server.type is ServerType.SMTP]
        for server in servers:
            if server.port == port or (server.socket_type is wanted and port not in {s.port for s in servers}):
                return server
        return self.server(ServerType.SMTP, port)

    def help_link(self, topic: str, locale: str) -> str | None:
        """Return the provider's own help page on `topic` in `locale`, or in another language, or None."""
        for language in (locale, *self.help_links):
            link = self.help_links.get(language, {}).get(topic)
            if link:
                return link
        return None

    def account(
        self,
        address: str,
        *,
        name: str = "",
        retention: Retention = KEEP_FOREVER,
        smtp_port: int = DEFAULT_SMTP_PORT,
    ) -> MailAccount:
        """Return the account of `address` at this provider; raises InputError for an address or name of no use."""
        return MailAccount(
            email_address=parse_address(address),
            display_name=parse_name(name),
            incoming=self.server(ServerType.POP3),
            outgoing=self._submission(smtp_port),
            retention=retention,
            provider_id=self.id,
            provider_name=self.name,
            provider_website=self.website,
        )


class Certainty(StrEnum):
    """How sure `find` is of the provider of an address."""

    CERTAIN = "certain"
    CONFIRM = "confirm"  # probably: ask the person
    AMBIGUOUS = "ambiguous"  # the domain does not decide: ask on which site the person reads mail
    OTHER_BRAND = "other-brand"  # a named other product, such as web.de
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What `find` knows of an address: `providers` holds the candidates, best first, or nothing."""

    address: str
    certainty: Certainty
    providers: tuple[Provider, ...] = ()
    brand: str = ""  # the other brand's name
