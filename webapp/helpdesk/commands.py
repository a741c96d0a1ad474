"""The commands of the helpdesk: `agents` and `purge`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from webapp.text import N_, InputError, Message, Translations

if TYPE_CHECKING:
    from webapp.config import Config


@contextmanager
def _prepared() -> Iterator[tuple[Config, Translations]]:
    """Give the settings with an up-to-date database; an InputError ends the command with its sentence."""
    from webapp import cli, db
    from webapp.config import Config
    from webapp.text import translations_for

    translations = translations_for(cli.chosen_locale(None))
    try:
        config = Config.from_environment().completed()
        db.upgrade(config)
        yield config, translations
    except InputError as error:
        raise cli.Problem(error, translations) from None
    finally:
        db.dispose()


def _first_run_url(config: Config, token: str) -> str:
    origin = config.public_url or "http://localhost:8000"
    if config.helpdesk_host:
        origin = f"{'https' if config.https else 'http'}://{config.helpdesk_host}"
    return f"{origin}/helpdesk/first-run/{token}"


@click.group()
def agents() -> None:
    """Add, list and disable the agents of the helpdesk."""


@agents.command()
@click.argument("login")
@click.option("--name", default="", help="Name as people see it.")
@click.option("--role", type=click.Choice(["agent", "admin"]), default="agent", show_default=True)
@click.option("--again", is_flag=True, help="A new first-run link for an agent there is: password and factors anew.")
def add(login: str, name: str, role: str, again: bool) -> None:
    """Add the agent LOGIN and print the link with which they set their password."""
    from webapp.helpdesk import agents as accounts

    with _prepared() as (config, translations):
        token = accounts.new_link(config, login) if again else accounts.add(config, login, name, role)
        text = Message(N_("Open this link within %(hours)s hours. It works once."), {"hours": accounts.SETUP_HOURS})
        click.echo(text.translated(translations), err=True)
        click.echo(_first_run_url(config, token))


@agents.command("list")
def list_agents() -> None:
    """List the agents: sign-in name, role, name, and what is not as usual."""
    from webapp import db
    from webapp.helpdesk import agents as accounts

    with _prepared() as (config, translations), db.read(config) as session:
        for agent in accounts.everybody(session):
            marks = []
            if agent.disabled_at:
                marks.append(translations.gettext(N_("disabled")))
            if not agent.password_hash and not agent.oidc_subject:
                marks.append(translations.gettext(N_("has not signed in yet")))
            click.echo(f"{agent.login:32} {agent.role:6} {agent.name}{'  – ' + ', '.join(marks) if marks else ''}")


@agents.command()
@click.argument("login")
@click.option("--enable", is_flag=True, help="Open the account again.")
def disable(login: str, enable: bool) -> None:
    """Close the account LOGIN; every session of it ends at once."""
    from webapp.helpdesk import agents as accounts

    with _prepared() as (config, _):
        accounts.disable(config, login, enable=enable)


@click.command()
def purge() -> None:
    """Delete what is older than it may be: cases, reports, sessions. The server does it by itself, too."""
    from webapp import create_app
    from webapp.helpdesk.purging import purge as run

    with _prepared() as (config, _), create_app(config).app_context():
        for name, number in run(config).items():
            click.echo(f"{name:10} {number}")


def command(name: str) -> click.Command | None:
    """Return the command of this room with that name."""
    return {"agents": agents, "purge": purge}.get(name)


COMMANDS = ("agents", "purge")
