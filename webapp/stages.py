"""The words for what a stage is, how it ended and what it found: one vocabulary for pages and terminal.

Standard library only, so that a check in a single file can use it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from webapp.probe.report import Protocol, Stage, Status
from webapp.text import DEFAULT_LOCALE, N_, Message, Translations

STAGE_LABELS: Mapping[str, str] = {
    "resolve": N_("Look up the name"),
    "connect": N_("Connect"),
    "tls": N_("Encrypt"),
    "greeting": N_("Greeting"),
    "capa": N_("Ask what the server can do"),
    "ehlo": N_("Ask what the server can do"),
    "stls": N_("Switch encryption on"),
    "starttls": N_("Switch encryption on"),
    "authenticate": N_("Log in"),
    "stat": N_("Count the messages"),
    "uidl": N_("List the messages"),
    "mail": N_("Name the sender"),
    "rcpt": N_("Name the recipient"),
    "rset": N_("Take both back"),
    "quit": N_("Say goodbye"),
    "data": N_("Send the test mail"),
    "look": N_("Look whether it has arrived"),
    "look_again": N_("Look once more"),
}
PROTOCOL_LABELS: Mapping[Protocol, str] = {
    Protocol.POP3: N_("Receiving (POP3)"),
    Protocol.SMTP: N_("Sending (SMTP)"),
}
CIRCLE_LABEL = N_("Full circle: a mail to yourself")
STATUS_LABELS: Mapping[Status, str] = {
    Status.PENDING: N_("waiting"),
    Status.RUNNING: N_("running"),
    Status.PASSED: N_("OK"),
    Status.WARNING: N_("note"),
    Status.FAILED: N_("failed"),
    Status.SKIPPED: N_("not checked"),
}


@dataclass(frozen=True, slots=True)
class _Fact:
    """A sentence about `value`. expert: told on a terminal, and on a page where the stage failed."""

    text: str
    expert: bool = False
    plural: str | None = None


# By the key of `Stage.detail`, in the order in which they are told.
FACTS: Mapping[str, _Fact] = {
    "address": _Fact(N_("Address %(value)s")),
    "refusals": _Fact(N_("Could not be reached: %(value)s")),
    "addresses": _Fact(N_("Addresses: %(value)s"), expert=True),
    "version": _Fact(N_("Encryption %(value)s")),
    "cipher": _Fact(N_("Cipher %(value)s"), expert=True),
    "subject": _Fact(N_("Certificate of %(value)s"), expert=True),
    "names": _Fact(N_("Names in it: %(value)s"), expert=True),
    "issuer": _Fact(N_("Issued by %(value)s"), expert=True),
    "not_after": _Fact(N_("Certificate valid until %(value)s")),
    "days_left": _Fact(N_("Days left: %(value)s"), expert=True),
    "reason": _Fact(N_("Reason: %(value)s"), expert=True),
    "verify_code": _Fact(N_("Code %(value)s"), expert=True),
    "text": _Fact(N_("Greeting: %(value)s"), expert=True),
    "capabilities": _Fact(N_("Capabilities: %(value)s"), expert=True),
    "size": _Fact(N_("Takes messages of up to %(value)s MB")),
    "extensions": _Fact(N_("Extensions: %(value)s"), expert=True),
    "mechanism": _Fact(N_("Login method %(value)s"), expert=True),
    "messages": _Fact(N_("%(number)s message"), plural=N_("%(number)s messages")),
    "octets": _Fact(N_("%(value)s MB in all")),
    "headers": _Fact(N_("%(number)s header looked at"), expert=True, plural=N_("%(number)s headers looked at")),
    "step": _Fact(N_("Stopped at: %(value)s"), expert=True),
    "confirmed": _Fact(N_("Handed over, but not confirmed")),
    "count": _Fact(N_("%(number)s message listed"), plural=N_("%(number)s messages listed")),
    "supported": _Fact(N_("The server gives no list")),
    "answered": _Fact(N_("The server did not answer any more")),
    "trust_store": _Fact(N_("This computer knows no certificate authority (%(value)s)")),
    "other_port": _Fact(N_("The other port is %(value)s"), expert=True),
    "error": _Fact(N_("Error: %(value)s"), expert=True),
}
OCTETS = frozenset({"size", "octets"})
MEGABYTE = 1_000_000


def facts(stage: Stage, translations: Translations, locale: str, *, expert: bool = False) -> tuple[str, ...]:
    """Return what the stage found, a sentence each; what only experts ask for with `expert` or after a failure."""
    told = []
    for name, fact in FACTS.items():
        value = stage.detail.get(name)
        if (
            value is None
            or value is True
            or value in ("", [])
            or (fact.expert and not expert and stage.status is not Status.FAILED)
        ):
            continue
        if fact.plural is not None and isinstance(value, int):
            told.append(translations.ngettext(fact.text, fact.plural, value) % {"number": grouped(value, locale)})
        else:
            told.append(Message(fact.text, {"value": _written(name, value, locale)}).translated(translations))
    return tuple(told)


def _written(name: str, value: object, locale: str) -> str:
    if name in OCTETS and isinstance(value, int):
        return megabytes(value, locale)
    if name == "not_after":
        return _day(str(value), locale)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def megabytes(octets: int, locale: str) -> str:
    """Return `octets` in MB (10^6) with one place: 69,9 in German, 69.9 in English; below 0.1 it is 0.1."""
    size = max(octets / MEGABYTE, 0.1) if octets else 0.0
    return _separated(f"{size:,.1f}", locale)


def grouped(number: int, locale: str) -> str:
    """Return 1.284 in German, 1,284 in English."""
    return _separated(f"{number:,}", locale)


def _separated(text: str, locale: str) -> str:
    return text.translate(str.maketrans(",.", ".,")) if locale == DEFAULT_LOCALE else text


def _day(text: str, locale: str) -> str:
    day = date.fromisoformat(text)
    return f"{day:%d.%m.%Y}" if locale == DEFAULT_LOCALE else f"{day.day} {day:%B %Y}"
