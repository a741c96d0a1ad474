"""What a person has answered so far: kept in their own sealed session cookie, nowhere else.

Each step keeps one small dict of plain JSON under its slug:

    {"address": {"email_address": "anna@gmx.de", "name": "Anna", "providers": ["gmx.net"], "certainty": "certain"},
     "platform": {"provider": "gmx.net"},                       only where the domain does not decide
     "program": {"client": "apple-mail", "device": "mac"},      client may be "unknown"
     "outlook-profile": {"profile": "existing"},                only classic Outlook
     "devices": {"devices": "one" | "several" | "unsure"},
     "retention": {"keep": "forever" | "delete" | "14"},        what `Retention.parse` reads
     "preparation": {"done": ["pop3"], "two_factor": "yes" | "no" | "unsure" | ""},
     "review": {}}

`"confirmed": true` beside an answer says that the person has read the page that stops them there and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import session

from webapp.account import KEEP_FOREVER, MailAccount, Retention
from webapp.providers import Provider
from webapp.text import InputError

SESSION_KEY: Final = "answers"
MAX_BYTES: Final = (
    3500  # of JSON: sealed and in base64 it still fits a browser's 4,096 bytes for a cookie with its name
)

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
        """Return these answers with the one to `slug` confirmed."""
        return self.answered(slug, {**self[slug], "confirmed": True})

    def without(self, *slugs: str) -> Answers:
        """Return these answers without those of the steps named."""
        return Answers({slug: answer for slug, answer in self.by_step.items() if slug not in slugs})

    @property
    def email_address(self) -> str:
        """The address in canonical form, "" before it is given."""
        return str(self["address"].get("email_address", ""))

    @property
    def display_name(self) -> str:
        """The sender name, "" for none."""
        return str(self["address"].get("name", ""))

    @property
    def certainty(self) -> str:
        """What `providers.find` said of the address, one of `Certainty`, "" before it is given."""
        return str(self["address"].get("certainty", ""))

    @property
    def provider_id(self) -> str | None:
        """The provider the person chose where the domain does not decide, else the one of the domain, else None."""
        if chosen := self["platform"].get("provider"):
            return str(chosen)
        found = self["address"].get("providers", ())
        return str(found[0]) if found and self.certainty == "certain" else None

    @property
    def client(self) -> str | None:
        """The id of the mail program; `other` once a person says that they cannot find out."""
        client = self["program"].get("client")
        if client == "unknown":
            return "other" if self["program"].get("confirmed") else None
        return client

    @property
    def device(self) -> str | None:
        """`iphone`, `mac` or None, as in `ExportOptions`."""
        return self["program"].get("device")

    @property
    def outlook_profile(self) -> str | None:
        """`existing` or `new`, as in `ExportOptions`; None for other programs than classic Outlook."""
        return self["outlook-profile"].get("profile") if self.client == "outlook" else None

    @property
    def several_devices(self) -> bool:
        """Whether another device may want the same mail."""
        return self["devices"].get("devices") in ("several", "unsure")

    @property
    def retention(self) -> Retention:
        """What stays on the server, for ever before the question is answered."""
        keep = self["retention"].get("keep")
        return Retention.parse(keep) if keep else KEEP_FOREVER

    def account(self, providers: Mapping[str, Provider]) -> MailAccount | None:
        """Return the mail account, or None while address or provider are not known."""
        provider = providers.get(self.provider_id or "")
        if provider is None or not self.email_address:
            return None
        return provider.account(self.email_address, name=self.display_name, retention=self.retention)


def load() -> Answers:
    """Return the answers of this session."""
    kept = session.get(SESSION_KEY)
    return Answers(kept if isinstance(kept, dict) else {})


def store(answers: Answers) -> None:
    """Keep the answers in this session; raises InputError for more than a cookie holds."""
    kept = {slug: dict(answer) for slug, answer in answers.by_step.items()}
    if len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        raise InputError("The answers are larger than a cookie holds.")
    session[SESSION_KEY] = kept


def forget() -> None:
    """Remove the answers from this session."""
    session.pop(SESSION_KEY, None)
