"""The commands for whoever operates the site: `api-keys`, `limits`, `purge`."""

from collections.abc import Sequence

import click

from webapp.cli.context import json_option, prepared, say, spoken, write_json
from webapp.core.text import N_
from webapp.infrastructure.config import Scope


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
