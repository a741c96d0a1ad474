"""The types of provider data, and the result of a look-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from webapp.core.account import (
    KEEP_FOREVER,
    MailAccount,
    Retention,
    Server,
    ServerType,
    SocketType,
    Username,
    file_word,
    parse_address,
    parse_name,
)
from webapp.core.text import N_, InputError, Told

# What logins can lock a mailbox.
LOCKS = ("far-apart", "many-refusals")
# How a part of a drawn page looks.
PARTS = ("heading", "menu", "link", "switch", "tick", "tick-or-switch", "button", "field", "text")
# Sentences that a provider's file may bring, and where each stands. Without it pages say the general one, or nothing.
SENTENCES: Mapping[str, str] = {
    "after-activation": "What may follow when the switch is pressed.",
    "not-on-phone": "Where the switch is missing.",
    "after-two-factor": "What two-factor login changes for POP3.",
    "app-password-name": "What the provider calls the app password.",
    "unknown-browser": "What the provider asks in a browser that it does not know yet.",
    "other-servers": "Which servers are taken for the provider's, and which are right.",
    "inactive": "What happens to a mailbox that is not used.",
    "full": "What a full mailbox cannot do.",
    "spam": "What happens to mail that is taken for spam.",
    "after-disuse": "What happens to the access when it is not used.",
    "refusal-mail": "What the provider writes when a login fails.",
    "refused": "What the answer to a refused login says, and what not.",
    "imap": "What the provider says of IMAP.",
}

_USUAL = {
    (ServerType.POP3, 995, SocketType.SSL),
    (ServerType.SMTP, 465, SocketType.SSL),
    (ServerType.SMTP, 587, SocketType.STARTTLS),
}
# The full circle waits that long between its logins; webapp.core.probe.circle has 90 seconds in all.
CIRCLE_PAUSE_MAX = 30


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """One part of a drawn page. kind: one of `PARTS`. label: its literal words."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a step of a menu path shows, from top to bottom. step: the number of the step, from 1."""

    step: int
    title: str
    parts: tuple[DrawnPart, ...]

    def pressed(self, words: str) -> int:
        """Return the index of the part that the step with these `words` presses; -1 if none."""
        return next((number for number, part in enumerate(self.parts) if part.label in words), -1)


@dataclass(frozen=True, slots=True)
class MenuPath:
    """A path through the provider's web menus, in their literal words.

    source: who says so. proved: False where no source has these words.
    """

    steps: tuple[str, ...]
    note: str = ""  # when the menus read so, such as "2026"
    source: str = ""
    proved: bool = True
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What is known to be wrong at the provider. text: by locale."""

    text: Mapping[str, str]
    since: date
    until: date | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider: domains, servers, and how to switch POP3 on. Each attribute is a key of docs/providers.md."""

    id: str
    name: str  # as shown to people: "GMX"
    website: str  # webmail: "www.gmx.net"
    checked: date  # when the facts were last verified
    sources: tuple[str, ...]
    domains: frozenset[str]  # certain
    domains_to_confirm: frozenset[str]  # probable: the person confirms
    suffixes_to_confirm: tuple[str, ...]  # such as ".gmx"
    domains_shared_with: Mapping[str, str]  # domain → id of the other provider with the same domain
    servers: tuple[Server, ...]
    seconds_between_pop3_logins: int
    activation: Mapping[str, tuple[MenuPath, ...]]  # by language of the menus, newest wording first; {}: not needed
    app_password: Mapping[str, tuple[MenuPath, ...]]  # by language of the menus; {}: there is none
    help_links: Mapping[str, Mapping[str, str]]  # by locale, then topic
    main_domain: str = ""  # the best known of its domains
    username: Username = Username.ADDRESS  # which user name programs need
    minutes_between_fetches: int | None = None  # None: no pause is known
    pop3_needs: Mapping[str, str] = field(default_factory=dict)  # a plan, a fee: one sentence by locale; {}: nothing
    logins_lock: tuple[str, ...] = ()  # of `LOCKS`
    audience: Mapping[str, str] = field(default_factory=dict)  # by locale: who has such an address
    mail_exchangers: tuple[str, ...] = ()  # domains of the hosts that take mail for it
    notices: tuple[Notice, ...] = ()
    sentences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by locale, then one of `SENTENCES`
    run_by_operator: bool = False

    @property
    def example_address(self) -> str:
        """Return an address to show how one looks: anna@gmx.de."""
        return f"anna@{self.main_domain}"

    @property
    def file_word(self) -> str:
        """Return the name for names of files and folders."""
        return file_word(self.name)

    @property
    def file_stem(self) -> str:
        """Return how our files for it begin: nordlicht-pop."""
        return f"{self.file_word.lower()}-pop"

    @property
    def offers_full_circle(self) -> bool:
        """Whether the pause between its logins lets a full circle end in time."""
        return self.seconds_between_pop3_logins <= CIRCLE_PAUSE_MAX

    @property
    def by_whole_address(self) -> bool:
        return self.username is Username.ADDRESS

    @property
    def has_usual_ports(self) -> bool:
        """Whether 995, 465 and 587 are there, with the encryption that belongs to each."""
        known = {(server.type, server.port, server.socket_type) for server in self.servers}
        return known >= _USUAL

    def paths(self, kind: str) -> tuple[MenuPath, ...]:
        """Return the ways of "activation" or "app_password" in the language of its site, whatever ours is."""
        ways: Mapping[str, tuple[MenuPath, ...]] = getattr(self, kind)
        return next(iter(ways.values()), ())

    def sentence(self, topic: str, locale: str) -> str | None:
        """Return the provider's own sentence in the place of the general one on `topic`, None for the general one."""
        return self.sentences.get(locale, {}).get(topic) or next(
            (said[topic] for said in self.sentences.values() if topic in said), None
        )

    def told(self, topic: str) -> Told | None:
        """Return the same for texts of the core, which do not know the locale."""
        by_language = {locale: said[topic] for locale, said in self.sentences.items() if topic in said}
        return Told(next(iter(by_language.values())), by_language=by_language) if by_language else None

    def current_notices(self, today: date) -> tuple[Notice, ...]:
        return tuple(one for one in self.notices if one.since <= today and (one.until is None or today <= one.until))

    def server(self, type: ServerType, port: int | None = None) -> Server:  # noqa: A002  autoconfig's word
        """Return the first server of `type`, or the one on `port`; raises InputError where there is none."""
        for server in self.servers:
            if server.type is type and port in (None, server.port):
                return server
        raise InputError(
            N_("%(provider)s has no %(type)s server on port %(port)s."),
            provider=self.name,
            type=type.value.upper(),
            port=port or "–",
        )

    def servers_of(self, type: ServerType) -> tuple[Server, ...]:  # noqa: A002
        return tuple(server for server in self.servers if server.type is type)

    @property
    def imap(self) -> Server | None:
        return next(iter(self.servers_of(ServerType.IMAP)), None)

    def _submission(self, port: int | None) -> Server:
        """Return the submission server on `port`; else 465 selects implicit TLS and 587 STARTTLS. None: the first."""
        servers = self.servers_of(ServerType.SMTP)
        wanted = {465: SocketType.SSL, 587: SocketType.STARTTLS}.get(port or 0)
        for server in servers:
            if server.port == port or (server.socket_type is wanted and port not in {s.port for s in servers}):
                return server
        return self.server(ServerType.SMTP, port)

    def other_submission(self, one: Server) -> Server | None:
        """Return another way to send than `one`, by another encryption; None where there is none."""
        others = (s for s in self.servers_of(ServerType.SMTP) if s.socket_type is not one.socket_type)
        return next(others, None)

    def help_link(self, topic: str, locale: str) -> str | None:
        """Return the URL of the provider's help page on `topic`, in `locale` if there is one; None if unknown."""
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
        smtp_port: int | None = None,
    ) -> MailAccount:
        """Return the account of `address` at this provider; raises InputError for an invalid address or name.

        smtp_port: None for the preferred one.
        """
        return MailAccount(
            email_address=parse_address(address),
            display_name=parse_name(name),
            incoming=self.server(ServerType.POP3),
            outgoing=self._submission(smtp_port),
            retention=retention,
            provider_id=self.id,
            provider_name=self.name,
            provider_website=self.website,
            login=self.username,
            minutes_between_fetches=self.minutes_between_fetches,
            needs_activation=bool(self.activation),
            has_app_password=bool(self.app_password),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of API and command line."""
        return {
            "id": self.id,
            "name": self.name,
            "website": self.website,
            "checked": self.checked.isoformat(),
            "domains": sorted(self.domains),
            "domains_to_confirm": sorted(self.domains_to_confirm),
            "username": self.username.value,
            "servers": [
                {"type": s.type, "hostname": s.hostname, "port": s.port, "socket_type": s.socket_type}
                for s in self.servers
            ],
        }


class Certainty(StrEnum):
    """How certain `find` is."""

    CERTAIN = "certain"
    CONFIRM = "confirm"  # probable: ask the person
    AMBIGUOUS = "ambiguous"  # several providers share the domain: ask which site the person uses
    OTHER_BRAND = "other-brand"  # a known other brand, such as web.de
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of `find`. providers: the candidates, best first; may be empty."""

    address: str
    certainty: Certainty
    providers: tuple[Provider, ...] = ()
    brand: str = ""  # the other brand's name
