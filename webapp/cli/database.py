"""`db`: the database of this installation."""

import os
from pathlib import Path

import click

from webapp.cli.context import configuration, say
from webapp.core.text import N_


@click.group(
    help=N_(
        """Upgrade, back up and restore the database.

  gmx-pop-wizard db upgrade
  gmx-pop-wizard db backup wizard-backup.sqlite3
  gmx-pop-wizard db restore wizard-backup.sqlite3

A backup holds no password. Keep the key (secret-key in the data folder) apart from it."""
    )
)
def db() -> None:
    pass


@db.command(help=N_("Bring the database to the newest schema.\n\n“serve” does this by itself."))
def upgrade() -> None:
    from webapp.infrastructure.backup import upgrade as bring_up

    os.umask(0o077)  # the database is nobody else's
    bring_up(configuration())
    say(N_("The database is up to date."))


@db.command(help=N_("Copy the database to the new file FILE.\n\nThe site may go on running."))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def backup(file: Path) -> None:
    from webapp.infrastructure.backup import backup as copy

    copy(configuration(), file)
    say(N_("The backup is written to %(file)s."), file=str(file))


@db.command(
    help=N_(
        """Put the backup FILE in the place of the database.

Stop the site first. The database that stood there is kept beside it, with .before-restore in its name."""
    )
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
def restore(file: Path) -> None:
    from webapp.infrastructure.backup import restore as put_back

    put_back(configuration(), file)
    say(
        N_(
            "The backup %(file)s is in place. Agents sign in anew. Agents who were disabled since then and keys to "
            "the API that were revoked are back: look at “agents list” and “api-keys list”."
        ),
        file=str(file),
    )
