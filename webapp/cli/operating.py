"""The commands for whoever operates the site: `api-keys`, `limits`, `purge`, and `providers check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.cli import provider_files
from webapp.cli.context import (
    configuration,
    json_option,
    known_providers,
    locale_option,
    prepared,
    say,
    spoken,
    write_json,
)
from webapp.cli.new_provider import new
from webapp.core.providers import choose
from webapp.core.text import N_
from webapp.infrastructure.config import Scope

if TYPE_CHECKING:
    from webapp.web.drift.findings import Finding

EXIT_DIFFERENT, EXIT_UNREADABLE = 1, 2

_MARKS = {"difference": "✗", "unreadable": "?", "note": "·"}


@click.group("api-keys", help=N_("Make, list and revoke keys to the API."))
def api_keys() -> None:
    pass


@api_keys.command(help=N_("Make a key named NAME and print it, this once."))
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help=N_("What the key allows besides. Repeatable."),
)
@click.option(
    "--per-minute", type=click.IntRange(1, 100_000), default=600, show_default=True, help=N_("Requests per minute.")
)
def add(name: str, scopes: Sequence[str], per_minute: int) -> None:
    from webapp.api import keys

    with prepared() as config:
        token = keys.add(config, name, frozenset(map(Scope, scopes)), per_minute)
        say(N_("Keep this key now. It is not shown again."), err=True)
        click.echo(token)


@api_keys.command("list", help=N_("List the keys; never the keys themselves."))
@json_option
def list_keys(as_json: bool) -> None:
    from webapp.api import keys

    with prepared() as config:
        found = keys.listed(config)
        if as_json:
            rows = [
                {
                    "name": key.name, "scopes": key.scopes.split(), "per_minute": key.per_minute,
                    "created_at": key.created_at.isoformat(),
                    "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
                }
                for key in found
            ]  # fmt: skip
            write_json(rows)
            return
        revoked_word = spoken().gettext(N_("revoked"))
        for key in found:
            revoked = f"  {revoked_word}" if key.revoked_at else ""
            click.echo(f"{key.name:24} {key.created_at:%Y-%m-%d}  {key.per_minute:6}/min  {key.scopes or '–'}{revoked}")


@api_keys.command(help=N_("Revoke the key NAME: it is worth nothing from now on."))
@click.argument("name")
def revoke(name: str) -> None:
    from webapp.api import keys

    with prepared() as config:
        keys.revoke(config, name)
        say(N_("The key “%(name)s” is revoked."), name=name)


def with_check(listing: click.Command) -> click.Group:
    """Return the group `providers`: without a subcommand it runs `listing`."""

    @click.pass_context
    def alone(context: click.Context, /, **options: object) -> None:
        if context.invoked_subcommand is None:
            context.invoke(listing, **options)

    group = click.Group(
        listing.name, params=listing.params, help=listing.help, invoke_without_command=True, callback=alone
    )
    group.add_command(check)
    group.add_command(provider_files.schema)
    group.add_command(new)
    return group


@click.command(
    help=N_(
        "Compare the provider files with what is published, or judge one file.\n\nWith a FILE: says everything that is "
        "wrong with it, and asks nobody. Else it reads Thunderbird's database and the provider's own "
        "autoconfig document, follows every help link and dials the servers, without a password. Exit code 0: all "
        "agrees. 1: something differs. 2: something could not be asked, or the call was wrong."
    )
)
@click.argument("provider_id", metavar="[ID|FILE]", required=False)
@click.option("--source", "sources", multiple=True, metavar="URL", help=N_("Document to compare with, {domain} in it."))
@click.option("--no-links", is_flag=True, help=N_("Do not follow the help links."))
@click.option("--no-dial", is_flag=True, help=N_("Do not dial the servers."))
@json_option
@locale_option
def check(provider_id: str | None, sources: Sequence[str], no_links: bool, no_dial: bool, as_json: bool) -> None:
    from webapp.web import drift
    from webapp.web.drift.fetching import Fetcher

    config = configuration()
    if provider_id is not None and provider_files.is_file(provider_id):
        provider_files.judge(Path(provider_id), config, as_json=as_json)
        return
    known = known_providers(config)
    chosen = list(known.values()) if provider_id is None else [choose(provider_id, known)]
    wanted = drift.Check(sources or drift.SOURCES, links=not no_links, servers=not no_dial)
    fetcher = Fetcher(config.tls_ca_file)
    found = [finding for provider in chosen for finding in drift.compare(provider, wanted, fetcher)]
    if as_json:
        write_json([finding.to_json(spoken()) for finding in found])
    else:
        _write([provider.id for provider in chosen], found)
    severities = {finding.severity.value for finding in found}
    if "difference" in severities:
        sys.exit(EXIT_DIFFERENT)
    if "unreadable" in severities:
        sys.exit(EXIT_UNREADABLE)


def _write(provider_ids: Sequence[str], found: Sequence[Finding]) -> None:
    agrees = spoken().gettext(N_("Everything agrees."))
    for provider_id in provider_ids:
        click.secho(provider_id, bold=True)
        own = [finding for finding in found if finding.provider == provider_id]
        if not own:
            click.echo(f"  ✓ {agrees}")
        for source, findings in groupby(
            sorted(own, key=lambda finding: finding.source), lambda finding: finding.source
        ):
            if source:
                click.echo(f"  {source}")
            for finding in findings:
                subject = "" if finding.subject == source else f"{finding.subject}: "
                click.echo(f"  {_MARKS[finding.severity.value]} {subject}{finding.text.translated(spoken())}")


@click.command(
    help=N_(
        "Show which login tests are switched off.\n\nOne switches itself off for a while after many refused logins. "
        "--lift switches all of them on again; look for the cause first."
    )
)
@click.option("--lift", is_flag=True, help=N_("Switch them on again and forget the refusals."))
@json_option
def limits(lift: bool, as_json: bool) -> None:
    from webapp.infrastructure.limits import Limits

    with prepared() as config:
        counters = Limits(config)
        if lift:
            counters.lift_pauses()
        found = counters.pauses()
    if as_json:
        rows = [{"provider": p.provider, "invited": p.invited, "until": p.until.isoformat()} for p in found]
        write_json(rows)
        return
    if not found:
        say(N_("No login test is switched off."))
    for paused in found:
        text = N_("%(provider)s: off until %(until)s, for people invited by the helpdesk")
        if not paused.invited:
            text = N_("%(provider)s: off until %(until)s")
        say(text, provider=paused.provider or "*", until=f"{paused.until:%Y-%m-%d %H:%M} UTC")


@click.command(help=N_("Delete what is older than it may be.\n\nThe server does it by itself, too."))
def purge() -> None:
    from webapp import create_app
    from webapp.infrastructure import background

    with prepared() as config:
        app = create_app(config)
        with app.app_context():
            for duty in background.purges(app):
                gone = duty.work(app)
                numbers = gone if isinstance(gone, dict) else {duty.name.removesuffix(background.PURGE): gone}
                for name, number in numbers.items():
                    click.echo(f"{name:10} {number}")
