"""The command of the helpdesk: `agents`."""

import click

from webapp.cli.context import prepared, say, spoken
from webapp.core.text import N_
from webapp.infrastructure.config import Config

UNSET = "http://localhost:8000"  # where `serve` answers while nothing else is set


def _first_run_url(config: Config, token: str) -> str:
    origin = config.public_url or UNSET
    if config.helpdesk_host:
        origin = f"{'https' if config.https else 'http'}://{config.helpdesk_host}"
    return f"{origin}/helpdesk/first-run/{token}"


@click.group(
    help=N_(
        """Add, list and disable the agents of the helpdesk.

  gmx-pop-wizard agents add vera@example.org --name "Vera Weber" --role admin"""
    )
)
def agents() -> None:
    pass


@agents.command(help=N_("Add the agent LOGIN.\n\nPrints the link with which they set their password."))
@click.argument("login", metavar="LOGIN")
@click.option("--name", default="", metavar="NAME", help=N_("Name as people see it."))
@click.option(
    "--role", type=click.Choice(["agent", "admin"]), default="agent", show_default=True,
    help=N_("An admin adds agents and reads the log."),
)  # fmt: skip
@click.option("--bulk", is_flag=True, help=N_("The agent may make files for many people. An admin always may."))
@click.option("--again", is_flag=True, help=N_("A new link for an agent there is: password and second step anew."))
def add(login: str, name: str, role: str, bulk: bool, again: bool) -> None:
    from webapp.helpdesk import agents as accounts

    with prepared() as config:
        token = accounts.new_link(config, login) if again else accounts.add(config, login, name, role)
        if bulk:
            accounts.allow_bulk(config, login)
        say(N_("Open this link within %(hours)s hours. It works once."), err=True, hours=accounts.SETUP_HOURS)
        url = _first_run_url(config, token)
        if url.startswith(UNSET):
            say(N_("Does the site run on another port? Then change 8000 in it."), err=True)
        click.echo(url)


@agents.command("list", help=N_("List the agents."))
def list_agents() -> None:
    from webapp.helpdesk import agents as accounts
    from webapp.infrastructure import db

    with prepared() as config, db.read(config) as session:
        for agent in accounts.everybody(session):
            marks = []
            if agent.disabled_at:
                marks.append(spoken().gettext(N_("disabled")))
            if not agent.password_hash and not agent.oidc_subject:
                marks.append(spoken().gettext(N_("has not signed in yet")))
            click.echo(f"{agent.login:32} {agent.role:6} {agent.name}{'  – ' + ', '.join(marks) if marks else ''}")


@agents.command(help=N_("Close the account LOGIN.\n\nEvery session of it ends at once."))
@click.argument("login", metavar="LOGIN")
@click.option("--enable", is_flag=True, help=N_("Open the account again."))
def disable(login: str, enable: bool) -> None:
    from webapp.helpdesk import agents as accounts

    with prepared() as config:
        accounts.disable(config, login, enable=enable)
