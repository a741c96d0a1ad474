"""`dns`: the records by which mail programs find the settings of an own domain; `--check` looks whether they stand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webapp.cli.context import (
    EXIT_FAILED,
    configuration,
    json_option,
    known_providers,
    locale_option,
    say,
    spoken,
    write_json,
)
from webapp.core.providers import Provider, find
from webapp.core.text import N_, InputError
from webapp.infrastructure.config import Config

if TYPE_CHECKING:
    from webapp.web.discovery.records import Record

LOOKUP_SECONDS = 5.0

_WHY = {
    "autoconfig": N_("Thunderbird and others (autoconfig)"),
    "autodiscover": N_("Outlook (autodiscover)"),
    "srv": N_("Programs that look for servers by themselves (RFC 6186, RFC 8314)"),
    "pacc": N_("Coming programs (PACC)"),
}


@click.command(
    help=N_(
        "Print the DNS records for DOMAIN, ready to paste.\n\nMail programs find the settings by them. With --check "
        "the DNS is asked which of them stand. Exit code 0: all stand, or nothing was asked. 1: one is missing or "
        "different. 2: the call was wrong."
    )
)
@click.argument("domain")
@click.option("--check", "asks", is_flag=True, help=N_("Ask the DNS which records stand."))
@click.option("--site", metavar="HOST", help=N_("Host name of the site (default: that of WEBAPP_PUBLIC_URL)."))
@json_option
@locale_option
def dns(domain: str, asks: bool, site: str | None, as_json: bool) -> None:
    from webapp.web.discovery.records import records

    config = configuration()
    domain = domain.strip().lower().rstrip(".")
    wanted = list(records(domain, _provider(domain, config), site or _site(config)))
    found = {record.name + record.type: _standing(record) for record in wanted} if asks else {}
    if as_json:
        rows = [
            {"name": r.name, "type": r.type, "value": r.value, "for": r.why}
            | ({"standing": found[r.name + r.type], "stands": _stands(r, found[r.name + r.type])} if asks else {})
            for r in wanted
        ]
        write_json(rows)
    else:
        why = ""
        for record in wanted:
            if record.why != why:
                click.echo(f"; {spoken().gettext(_WHY[record.why])}")
                why = record.why
            if not asks:
                click.echo(str(record))
                continue
            standing = found[record.name + record.type]
            stands = _stands(record, standing)
            click.echo(f"{'✓' if stands else '✗'} {record}")
            if not stands:
                say(N_("  there is: %(found)s") if standing else N_("  there is none"), found=", ".join(standing))
    if asks and not all(_stands(record, found[record.name + record.type]) for record in wanted):
        sys.exit(EXIT_FAILED)


def _provider(domain: str, config: Config) -> Provider:
    finding = find(f"anybody@{domain}", known_providers(config))
    if not finding.providers:
        text = N_("%(domain)s belongs to no provider file. Make one: gmx-pop-wizard providers new %(domain)s")
        raise InputError(text, domain=domain)
    return finding.providers[0]


def _site(config: Config) -> str:
    if not config.public_url:
        raise InputError(N_("Set WEBAPP_PUBLIC_URL: the records lead to the host name in it."))
    return config.public_host


def _standing(record: Record) -> list[str]:
    """Return what the DNS has, in the form of `Record.value`; [] for nothing or no answer."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(record.name, record.type, lifetime=LOOKUP_SECONDS, search=False)
    except dns.exception.DNSException:
        return []
    if record.type == "TXT":
        return [b"".join(entry.strings).decode("utf-8", "replace") for entry in answer]
    return [entry.to_text() for entry in answer]


def _stands(record: Record, standing: list[str]) -> bool:
    return record.value.lower() in (value.lower() for value in standing)
