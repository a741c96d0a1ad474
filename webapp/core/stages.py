"""Labels of stages, their status and facts, for pages and terminal.

Standard library only, for the single-file check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from webapp.core.probe import KINDS, FailureKind, Protocol, Stage, Status
from webapp.core.text import N_, Message, Translations, translations_for

STAGE_LABELS: Mapping[str, str] = {
    **{kind.id: kind.label for kinds in KINDS.values() for kind in kinds.values()},
    "data": N_("Send the test mail"),
    "look": N_("Look whether it has arrived"),
    "look_again": N_("Look once more"),
}
PROTOCOL_LABELS: Mapping[Protocol, str] = {
    Protocol.POP3: N_("Receiving (POP3)"),
    Protocol.SMTP: N_("Sending (SMTP)"),
}
CIRCLE_LABEL = N_("A test mail to yourself")
STATUS_LABELS: Mapping[Status, str] = {
    Status.PENDING: N_("waiting"),
    Status.RUNNING: N_("running"),
    Status.PASSED: N_("OK"),
    Status.WARNING: N_("note"),
    Status.FAILED: N_("failed"),
    Status.SKIPPED: N_("not checked"),
}


FAILURE_LABELS: Mapping[str, str] = {
    FailureKind.UNRESOLVED: N_("name not found"),
    FailureKind.REFUSED: N_("connection turned down"),
    FailureKind.UNREACHABLE: N_("cannot be reached"),
    FailureKind.TIMED_OUT: N_("no answer in time"),
    FailureKind.CONNECTION_LOST: N_("connection broken off"),
    FailureKind.TLS_FAILED: N_("no secure connection"),
    FailureKind.TLS_VERSION: N_("encryption too old"),
    FailureKind.PLAINTEXT_ON_TLS_PORT: N_("answers without encryption"),
    FailureKind.WRONG_PROTOCOL: N_("another service answers"),
    FailureKind.CERTIFICATE_UNTRUSTED: N_("certificate from an unknown issuer"),
    FailureKind.CERTIFICATE_SELF_SIGNED: N_("self-signed certificate"),
    FailureKind.CERTIFICATE_CHAIN_INCOMPLETE: N_("certificate incomplete"),
    FailureKind.CERTIFICATE_EXPIRED: N_("certificate expired"),
    FailureKind.CERTIFICATE_NOT_YET_VALID: N_("certificate not valid yet"),
    FailureKind.CERTIFICATE_WRONG_HOST: N_("certificate of another server"),
    FailureKind.STARTTLS_MISSING: N_("offers no encryption"),
    FailureKind.STARTTLS_INJECTED: N_("answer was tampered with"),
    FailureKind.CAPABILITY_MISSING: N_("cannot do what is needed"),
    FailureKind.AUTHENTICATION_FAILED: N_("login refused"),
    FailureKind.TEMPORARILY_UNAVAILABLE: N_("out of order at the moment"),
    FailureKind.MAILBOX_IN_USE: N_("mailbox in use"),
    FailureKind.LOGIN_DELAY: N_("logged in again too soon"),
    FailureKind.PERMANENTLY_REFUSED: N_("turned down"),
    FailureKind.REJECTED_SENDER: N_("sender turned down"),
    FailureKind.REPLY_TOO_LONG: N_("answer too long"),
    FailureKind.PROTOCOL_ERROR: N_("answer not understood"),
    FailureKind.LIMITED: N_("slowed down by the server"),
    FailureKind.UNEXPECTED: N_("something unexpected"),
}


@dataclass(frozen=True, slots=True)
class _Fact:
    """A sentence about `value`. expert: only on a terminal, and for failed stages."""

    text: str
    expert: bool = False
    plural: str | None = None


# By key of `Stage.detail`, in display order.
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
NUMBER = N_("1,234.5")  # the format of numbers
DAY = N_("{day} {month_name} {year}")  # the format of dates: {month_name} is English, {month:02} has two digits


def facts(stage: Stage, translations: Translations, locale: str, *, expert: bool = False) -> tuple[str, ...]:
    """Return the facts of a stage as sentences; expert facts with `expert` or after a failure."""
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
            told.append(
                Message(fact.text, {"value": _written(name, value, locale, translations)}).translated(translations)
            )
    return tuple(told)


def _written(name: str, value: object, locale: str, translations: Translations) -> str:
    if name == "step":
        return translations.gettext(STAGE_LABELS.get(str(value), str(value)))
    if name == "refusals" and isinstance(value, list):
        return ", ".join(_refusal(str(one), translations) for one in value)
    if name in OCTETS and isinstance(value, int):
        return megabytes(value, locale)
    if name == "not_after":
        return _day(str(value), locale)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _refusal(text: str, translations: Translations) -> str:
    """Return an address and why it was not reached (`Refusal` of the probe) in words."""
    address, _, kind = text.rpartition(" ")
    return f"{address} ({translations.gettext(FAILURE_LABELS[kind])})" if kind in FAILURE_LABELS else text


def megabytes(octets: int, locale: str) -> str:
    """Return `octets` in MB (10^6) with one decimal, at least 0.1: 69,9 in German, 69.9 in English."""
    size = max(octets / MEGABYTE, 0.1) if octets else 0.0
    return _separated(f"{size:,.1f}", locale)


def grouped(number: int, locale: str) -> str:
    """Return 1.284 in German, 1,284 in English."""
    return _separated(f"{number:,}", locale)


def _separated(text: str, locale: str) -> str:
    sample = translations_for(locale).gettext(NUMBER)
    return text.translate({ord(","): sample[1], ord("."): sample[5]})


def _day(text: str, locale: str) -> str:
    day = date.fromisoformat(text)
    written = translations_for(locale).gettext(DAY)
    return written.format(day=day.day, month=day.month, year=day.year, month_name=f"{day:%B}")
