"""`providers check FILE`, `providers schema`: judge a provider file, and print its format."""

import sys
from pathlib import Path

import click

from webapp.cli.context import EXIT_FAILED, say, spoken, write_json
from webapp.core.providers import Provider
from webapp.core.providers.format import schema as made
from webapp.core.providers.loading import ProviderFileError, judged
from webapp.core.text import N_
from webapp.infrastructure.config import Config


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
