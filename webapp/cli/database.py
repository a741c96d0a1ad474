"""`db`: the database of this installation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from webapp.cli.context import Problem, configuration
from webapp.config import Config
from webapp.terminal import chosen_locale
from webapp.text import N_, InputError, Message, translations_for


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
    from webapp.db import upgrade as bring_up

    _done(bring_up, N_("The database is up to date."))


@db.command(help=N_("Copy the database to the new file FILE.\n\nThe site may go on running."))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def backup(file: Path) -> None:
    from webapp.backup import backup as copy

    _done(lambda config: copy(config, file), N_("The backup is written to %(file)s."), file=str(file))


@db.command(
    help=N_(
        """Put the backup FILE in the place of the database.

Stop the site first. The database that stood there is kept beside it, with .before-restore in its name."""
    )
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
def restore(file: Path) -> None:
    from webapp.backup import restore as put_back

    _done(lambda config: put_back(config, file), N_("The backup %(file)s is in place."), file=str(file))


def _done(work: Callable[[Config], object], said: str, **values: str) -> None:
    translations = translations_for(chosen_locale())
    try:
        work(configuration())
    except InputError as error:
        raise Problem(error, translations) from None
    click.echo(Message(said, values).translated(translations))
