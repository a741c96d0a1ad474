"""What a person has answered so far: kept in their own sealed session cookie, nowhere else.

Each step keeps one small dict of plain JSON under its slug:

    {"address": {"email_address": "anna@gmx.de", "providers": ["gmx.net"], "certainty": "certain",
                 "suggestion": "", "handler": ""},             of an address that is none of ours, as far as we know
     "platform": {"provider": "gmx.net"},                       only where the domain does not decide; or "none"
     "program": {"client": "apple-mail", "device": "mac"},      client may be "unknown"; device: an id of SYSTEMS
     "preparation": {"two_factor": "yes" | "no"},

What `/adjust` changes, each with a default that loses nothing where it is missing:

     "protocol": {"protocol": "pop3" | "imap"},                 imap: the same on every device; nothing is fetched away
     "retention": {"keep": "forever" | "delete" | "14"},        what `Retention.parse` reads
     "devices": {"devices": "one" | "several",
                 "others": [{"name": "", "program": "apple-mail:iphone"}], "listed": true},     only with several
     "name": {"name": "Anna"},
     "outlook-profile": {"profile": "existing"},                only classic Outlook
     "port": {"port": "465"}}

`"confirmed": true` beside an answer says that the person has read the page that stops them there and goes on. Nothing
that deletes mail takes effect without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import session

from webapp.core.account import KEEP_FOREVER, MailAccount, Retention, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.providers import Provider
from webapp.core.text import N_, InputError
from webapp.infrastructure.config import current_providers
from webapp.web.wizard import plan, programs

SESSION_KEY = "answers"
# Of JSON as the session writes it, in ASCII. Sealed and in base64 it leaves a quarter of SESSION_BYTES_MAX to others.
MAX_BYTES = 1950

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers by step slug. Read-only: a change makes new answers, `store` keeps them."""

    by_step: Mapping[str, Answer] = field(default_factory=dict)

    def __contains__(self, slug: str) -> bool:
        return slug in self.by_step

    def __bool__(self) -> bool:
        return bool(self.by_step)

    def __getitem__(self, slug: str) -> Answer:
        """Return the answer to the step, empty where there is none."""
        return self.by_step.get(slug, {})

    def answered(self, slug: str, answer: Answer) -> Answers:
        """Return these answers with one more, or with another answer to that step."""
        return Answers({**self.by_step, slug: dict(answer)})

    def confirmed(self, slug: str) -> Answers:
        return self.answered(slug, {**self[slug], "confirmed": True})

    def unconfirmed(self, slug: str) -> Answers:
        """Return these answers with the one to `slug` to be confirmed again, where there is one."""
        if slug not in self:
            return self
        return self.answered(slug, {key: value for key, value in self[slug].items() if key != "confirmed"})

    def without(self, *slugs: str) -> Answers:
        return Answers({slug: answer for slug, answer in self.by_step.items() if slug not in slugs})

    @property
    def email_address(self) -> str:
        """The address in canonical form, "" before it is given."""
        return str(self["address"].get("email_address", ""))

    @property
    def display_name(self) -> str:
        """The sender name, "" for none."""
        return str(self["name"].get("name", ""))

    @property
    def smtp_port(self) -> int | None:
        """The port for sending, None for the one that the provider prefers."""
        port = self["port"].get("port")
        return int(port) if port else None

    @property
    def two_factor(self) -> str:
        """Whether the person logs in with a code from an app: "yes", "no", "" before they said."""
        return str(self["preparation"].get("two_factor", ""))

    @property
    def certainty(self) -> str:
        """What `providers.find` said of the address, one of `Certainty`, "" before it is given."""
        return str(self["address"].get("certainty", ""))

    @property
    def provider_id(self) -> str | None:
        """The provider the person chose where the domain does not decide, else the one of the domain, else None."""
        found = self["address"].get("providers", ())
        if self.certainty == "certain":
            return str(found[0]) if found else None
        chosen = self["platform"].get("provider")
        return str(chosen) if chosen and chosen != "none" else None

    @property
    def client(self) -> str | None:
        """The id of the mail program; None before there is one."""
        client = self["program"].get("client")
        return None if client == programs.UNKNOWN else client

    @property
    def system(self) -> str | None:
        """The system of the person's device, an id of `SYSTEMS`; None where they did not say."""
        return self["program"].get("device")

    @property
    def outlook_profile(self) -> str | None:
        """`existing` or `new`, as in `ExportOptions`; None for other programs than classic Outlook."""
        return self["outlook-profile"].get("profile") if self.client == "outlook" else None

    @property
    def devices(self) -> tuple[plan.Device, ...]:
        """Every device of the plan, the one in the person's hands first; without the program, nothing."""
        if self.client is None:
            return ()
        found = [plan.Device(self.client, self.system)]
        if self["devices"].get("devices") == "several" and self["devices"].get("listed") and not self.by_imap:
            for other in self["devices"].get("others", ()):
                client, system = programs.parse(other.get("program", ""))
                if client in CLIENTS:
                    found.append(plan.Device(client, system, other.get("name", "")))
        return tuple(found)

    @property
    def choices(self) -> plan.Choices | None:
        """What may be chosen to stay on the server; None without the program."""
        return plan.choices(self.devices) if self.devices else None

    @property
    def speaks_pop(self) -> bool:
        """Whether the program takes POP, as almost all do; one that we do not know may."""
        client = CLIENTS.get(self.client or "")
        return client is None or client.speaks_pop

    @property
    def by_imap(self) -> bool:
        """Whether the person wants the same on every device, in a program that we lead there."""
        client = CLIENTS.get(self.client or "")
        return self["protocol"].get("protocol") == ServerType.IMAP and (client is None or client.by_hand)

    @property
    def wished(self) -> Retention:
        """What the person wishes to stay on the server, for ever where they said nothing, and with IMAP."""
        keep = self["retention"].get("keep")
        return Retention.parse(keep) if keep and not self.by_imap else KEEP_FOREVER

    @property
    def keeps_what_can_be(self) -> bool:
        """Whether the wish can come true with the programs; another program may be chosen after it."""
        return self.choices is None or self.wished in self.choices

    @property
    def keep(self) -> Retention:
        """What stays on the server: everything, until the person has confirmed a wish that can come true."""
        confirmed = self["retention"].get("confirmed")
        return self.wished if confirmed and self.keeps_what_can_be else KEEP_FOREVER

    @property
    def wished_plan(self) -> plan.DevicePlan:
        """What each device would do if the wish came true; needs the program."""
        return plan.propose(self.devices, self.wished)

    @property
    def plan(self) -> plan.DevicePlan:
        """What each device does so that no mail is lost; needs the program."""
        return plan.propose(self.devices, self.keep)

    @property
    def retention(self) -> Retention:
        """What the device in the person's hands leaves on the server."""
        return self.plan.devices[0].retention if self.devices else self.keep

    def account(self, providers: Mapping[str, Provider]) -> MailAccount | None:
        """Return the mail account, or None while address or provider are not known."""
        provider = providers.get(self.provider_id or "")
        if provider is None or not self.email_address:
            return None
        return provider.account(
            self.email_address,
            name=self.display_name,
            retention=self.retention,
            smtp_port=self.smtp_port,
        )


def load() -> Answers:
    kept = session.get(SESSION_KEY)
    return Answers(kept if isinstance(kept, dict) else {})


def store(answers: Answers) -> None:
    """Keep the answers in this session; raises InputError for more than a cookie holds."""
    kept = {slug: dict(answer) for slug, answer in answers.by_step.items()}
    if len(json.dumps(kept, separators=(",", ":"))) > MAX_BYTES:
        raise InputError(N_("That is more text than fits into your browser. Shorten the names."))
    session[SESSION_KEY] = kept


def forget() -> None:
    session.pop(SESSION_KEY, None)


def provider_of(answers: Answers) -> Provider:
    """Return the provider of the answers; before there is one, the one that the site is about."""
    known = current_providers()
    return known.get(answers.provider_id or "") or next(iter(known.values()))


def persons_provider() -> Provider | None:
    """Return the provider of this session's answers, None before there is one."""
    return current_providers().get(load().provider_id or "")
