"""`providers check FILE`, `providers schema`: judge a provider file, and print its format."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.cli.context import EXIT_FAILED
from webapp.core.text import N_, Message, Translations

if TYPE_CHECKING:
    from webapp.core.providers import Provider
    from webapp.infrastructure.config import Config


def is_file(argument: str | None) -> bool:
    """Whether the argument of `providers check` is a file and no id."""
    return argument is not None and ("/" in argument or argument.endswith(".toml") or Path(argument).is_file())


def judge(path: Path, config: Config, translations: Translations, *, as_json: bool) -> None:
    """Write everything that is wrong with a provider file, or what it says; exit code 1 if it cannot be used."""
    from webapp.core.providers.loading import ProviderFileError, judged

    try:
        provider = judged(path, config.providers_dir)
    except ProviderFileError as error:
        _write_problems(error, translations, as_json=as_json)
        sys.exit(EXIT_FAILED)
    if as_json:
        click.echo(json.dumps({"file": str(path), "provider": provider.id, "problems": []}, indent=2))
    else:
        _write_summary(path, provider, translations)


def _write_problems(error: object, translations: Translations, *, as_json: bool) -> None:
    from webapp.core.providers.loading import ProviderFileError

    assert isinstance(error, ProviderFileError)  # noqa: S101  imported late
    told = [(problem.key, problem.text.translated(translations)) for problem in error.problems]
    if as_json:
        rows = [{"key": key, "problem": text} for key, text in told]
        click.echo(json.dumps({"file": error.file, "problems": rows}, ensure_ascii=False, indent=2))
        return
    for problem in error.problems:
        click.echo(f"✗ {error.line(problem).translated(translations)}")


def _write_summary(path: Path, provider: Provider, translations: Translations) -> None:
    text = N_("✓ %(file)s: %(provider)s, %(domains)s. The file is whole.")
    values = {"file": str(path), "provider": provider.name, "domains": ", ".join(sorted(provider.domains))}
    click.echo(Message(text, values).translated(translations))
    for server in provider.servers:
        click.echo(f"  {server.type.value.upper():5} {server.hostname}:{server.port} {server.socket_type}")
    text = N_("Try it: WEBAPP_PROVIDERS_DIR=%(folder)s gmx-pop-wizard check %(address)s")
    values = {"folder": str(path.parent), "address": provider.example_address}
    click.echo(Message(text, values).translated(translations))


@click.command(help=N_("Print the format of provider files as JSON Schema."))
def schema() -> None:
    from webapp.core.providers.format import schema as made

    click.echo(json.dumps(made(), ensure_ascii=False, indent=2))
