"""The command `gmx-pop-wizard`. Commands import lazily, so that most run without the web application."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec

import click

from webapp.cli.checking import check
from webapp.cli.context import EXIT_CANCELLED, Commands, configuration, json_option, known_providers, spoken, write_json
from webapp.cli.database import db
from webapp.cli.dns import dns
from webapp.cli.doctor import doctor
from webapp.cli.explaining import explain
from webapp.cli.exporting import export
from webapp.cli.guiding import guide
from webapp.cli.language import locale_of, speak
from webapp.cli.operating import api_keys, limits, purge
from webapp.cli.provider_files import with_check
from webapp.core.terminal import prepare_streams
from webapp.core.text import N_, locales
from webapp.infrastructure.version import NAME, version

COMPLETION_VARIABLE = "_GMX_POP_WIZARD_COMPLETE"
ROOM_COMMANDS = {"agents": "webapp.helpdesk"}  # command → the optional room whose module `commands` has it


class RoomCommands(Commands):
    """A group with its own commands and those of the rooms, which are imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        there = [name for name, room in ROOM_COMMANDS.items() if find_spec(room)]
        return sorted({*super().list_commands(ctx), *there})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        room = ROOM_COMMANDS.get(cmd_name)
        if own is not None or room is None or not find_spec(room):
            return own
        found: click.Command = getattr(import_module(f"{room}.commands"), cmd_name)
        if os.environ.get("LANGUAGE") in locales():
            speak(found, os.environ["LANGUAGE"])  # set by the first call of `speak`
        self.add_command(found)
        return found


@click.group(
    cls=RoomCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=N_(
        """Mail by POP3: test the connection, make files for mail programs, run the setup wizard.

  gmx-pop-wizard check anna@gmx.de                  test the servers, without a password
  gmx-pop-wizard check anna@gmx.de --login          the same, and log in (asks for the password)
  gmx-pop-wizard export outlook anna@gmx.de --keep 14 --output gmx-pop.prf
  gmx-pop-wizard export --from people.csv --output files.zip
  gmx-pop-wizard serve                              the wizard on http://127.0.0.1:8000

Every command explains itself: gmx-pop-wizard check --help"""
    ),
)
@click.version_option(version())
def cli() -> None:
    pass


for command in (check, explain, export, guide, api_keys, db, dns, doctor, limits, purge):
    cli.add_command(command)


@cli.command(help=N_("List the mail programs and their formats."))
@json_option
def clients(as_json: bool) -> None:
    from webapp.core.clients import CLIENTS

    translations = spoken()
    if as_json:
        rows = [
            {"id": c.id, "name": translations.gettext(c.name), "systems": list(c.systems), "formats": list(c.formats)}
            for c in CLIENTS.values()
        ]
        write_json(rows)
        return
    for client in CLIENTS.values():
        click.echo(f"{client.id:22} {translations.gettext(client.name):42} {', '.join(client.formats) or '–'}")


@cli.command(help=N_("List the providers with their servers."))
@json_option
def providers(as_json: bool) -> None:
    known = known_providers(configuration())
    if as_json:
        write_json([provider.to_json() for provider in known.values()])
        return
    for provider in known.values():
        click.echo(f"{provider.id}  {provider.name}, {provider.website}, {provider.checked.isoformat()}")
        for server in provider.servers:
            click.echo(f"  {server.type.value.upper():5} {server.hostname}:{server.port} {server.socket_type}")


cli.add_command(with_check(providers))


@cli.command(help=N_("Print the settings in force, secrets masked."))
@json_option
def config(as_json: bool) -> None:
    settings = dict(configuration().describe())
    if as_json:
        write_json(settings)
        return
    for name, value in settings.items():
        click.echo(f"{name}={value}")


@cli.command(help=N_("Serve the wizard.\n\nIts jobs and its database are inside."))
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help=N_("Address to listen on."))
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, metavar="PORT",
    help=N_("Port to listen on."),
)  # fmt: skip
def serve(host: str, port: int) -> None:
    from webapp.server import serve as run_server

    run_server(host, port, configuration())


@cli.command(
    help=N_("Run connection tests for web processes.\n\nThey hand them on through Redis or Valkey (WEBAPP_REDIS_URL).")
)
def worker() -> None:
    from webapp.server.worker import work

    work(configuration())


@cli.command(
    help=N_(
        """Print the completion for a shell.

With it the Tab key completes commands, options, clients and providers.

  bash:  eval "$(gmx-pop-wizard completion bash)"      in ~/.bashrc
  zsh:   eval "$(gmx-pop-wizard completion zsh)"       in ~/.zshrc
  fish:  gmx-pop-wizard completion fish > ~/.config/fish/completions/gmx-pop-wizard.fish"""
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is not None:
        click.echo(made(cli, {}, NAME, COMPLETION_VARIABLE).source())


def main() -> None:
    """Run the command; Ctrl+C ends it without a traceback."""
    prepare_streams()
    speak(cli, locale_of(sys.argv[1:]))
    try:
        cli.main(prog_name=NAME, standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(EXIT_CANCELLED)
