"""`guide`: the steps in a mail program, for a terminal or as JSON."""

from collections.abc import Iterator

import click

from webapp.cli.context import (
    account_of,
    completed,
    configuration,
    json_option,
    keep_option,
    known_client,
    known_providers,
    locale_option,
    name_option,
    provider_option,
    smtp_port_option,
    spoken,
    write_json,
)
from webapp.core.account import Retention, ServerType
from webapp.core.providers import choose
from webapp.core.text import N_


def _guide_ids() -> Iterator[str]:
    from webapp.core.guides import SOURCES

    return iter(SOURCES)


@click.command(
    help=N_(
        """Print the steps in a mail program.

CLIENT is one of `clients`. With ADDRESS the values are those of that account.

  gmx-pop-wizard guide outlook anna@gmx.de
  gmx-pop-wizard guide apple-mail --system iphone --locale en
  gmx-pop-wizard guide thunderbird-android --json
  gmx-pop-wizard guide outlook anna@gmx.de --protocol imap"""
    )
)
@click.argument("client_id", metavar="CLIENT", shell_complete=completed(_guide_ids))
@click.argument("address", metavar="[ADDRESS]", required=False)
@provider_option
@name_option
@keep_option
@smtp_port_option
@click.option(
    "--system",
    type=click.Choice(["windows", "mac", "iphone", "android", "linux"]),
    help=N_("System of the device."),
)
@click.option(
    "--way",
    type=click.Choice(["file", "qr", "hand", "program"]),
    help=N_("How the account gets into the program (default: the first of its guide)."),
)
@click.option(
    "--protocol",
    type=click.Choice(["pop3", "imap"]),
    default="pop3",
    help=N_("A copy on the device (pop3, the default), or the same on every device (imap)."),
)
@click.option(
    "--two-factor",
    type=click.Choice(["yes", "no"]),
    help=N_("Whether the person types six digits from an app at every login."),
)
@json_option
@locale_option
def guide(
    client_id: str,
    address: str | None,
    provider_id: str | None,
    name: str,
    keep: str,
    smtp_port: int,
    system: str | None,
    way: str | None,
    protocol: str,
    two_factor: str | None,
    as_json: bool,
) -> None:
    from webapp.core.guides import SOURCES, Context, Way, asked_guide, telling

    config = configuration()
    known_client(client_id, SOURCES)
    retention = Retention.parse(keep)
    providers = known_providers(config)
    account = None
    if address is not None:
        account = account_of(address, provider_id, config, name=name, retention=retention, smtp_port=smtp_port)
    provider = choose(account.provider_id if account else provider_id or next(iter(providers)), providers)
    context = Context(
        client_id,
        provider,
        account,
        system,
        Way(way) if way else None,
        retention=retention,
        two_factor=two_factor or "",
        file_name=telling.file_name(client_id, account, provider),
        protocol=ServerType(protocol),
    )
    made = asked_guide(context)
    if as_json:
        write_json(telling.as_json(made, spoken(), lambda client, name: None))
        return
    click.echo(telling.as_text(made, spoken()))
