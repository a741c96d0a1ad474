"""`providers`: check the files of providers against what is published, judge one, print their format."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
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
from webapp.cli.new_provider import new
from webapp.core.providers import Provider, choose
from webapp.core.providers.format import schema as made
from webapp.core.providers.loading import ProviderFileError, judged
from webapp.core.text import N_
from webapp.infrastructure.config import Config

if TYPE_CHECKING:
    from webapp.web.drift import Finding


EXIT_DIFFERENT, EXIT_UNREADABLE = 1, 2

_MARKS = {"difference": "✗", "unreadable": "?", "note": "·"}


def is_file(argument: str | None) -> bool:
    """Whether the argument of `providers check` is a file and no id."""
    return argument is not None and ("/" in argument or argument.endswith(".toml") or Path(argument).is_file())


def judge(path: Path, config: Config, *, as_json: bool) -> None:
    """Write everything that is wrong with a provider file, or what it says; exit code 1 if it cannot be used."""
    try:
        provider = judged(path, config.providers_dir)
    except ProviderFileError as error:
        _write_problems(error, as_json=as_json)
        sys.exit(EXIT_FAILED)
    if as_json:
        write_json({"file": str(path), "provider": provider.id, "problems": []})
    else:
        _write_summary(path, provider)


def _write_problems(error: ProviderFileError, *, as_json: bool) -> None:
    if as_json:
        rows = [{"key": found.key, "problem": found.text.translated(spoken())} for found in error.problems]
        write_json({"file": error.file, "problems": rows})
        return
    for found in error.problems:
        click.echo(f"✗ {error.line(found).translated(spoken())}")


def _write_summary(path: Path, provider: Provider) -> None:
    text = N_("✓ %(file)s: %(provider)s, %(domains)s. The file is whole.")
    say(text, file=str(path), provider=provider.name, domains=", ".join(sorted(provider.domains)))
    for server in provider.servers:
        click.echo(f"  {server.type.value.upper():5} {server.hostname}:{server.port} {server.socket_type}")
    text = N_("Try it: WEBAPP_PROVIDERS_DIR=%(folder)s gmx-pop-wizard check %(address)s")
    say(text, folder=str(path.parent), address=provider.example_address)


@click.command(help=N_("Print the format of provider files as JSON Schema."))
def schema() -> None:
    write_json(made())


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
    group.add_command(schema)
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
    from webapp.web.drift import SOURCES, Check, Fetcher, compare

    config = configuration()
    if provider_id is not None and is_file(provider_id):
        judge(Path(provider_id), config, as_json=as_json)
        return
    known = known_providers(config)
    chosen = list(known.values()) if provider_id is None else [choose(provider_id, known)]
    wanted = Check(sources or SOURCES, links=not no_links, servers=not no_dial)
    fetcher = Fetcher(config.tls_ca_file)
    found = [finding for provider in chosen for finding in compare(provider, wanted, fetcher)]
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
