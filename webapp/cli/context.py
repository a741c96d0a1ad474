"""Shared by the commands: error messages, settings, providers, options."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from webapp.core.account import MailAccount
from webapp.core.terminal import chosen_locale, provider_for
from webapp.core.text import N_, InputError, Message, Translations, locales, translations_for

if TYPE_CHECKING:
    from webapp.core.providers import Provider
    from webapp.infrastructure.config import Config

T = TypeVar("T")

EXIT_FAILED, EXIT_USAGE, EXIT_CANCELLED = 1, 2, 130


class Problem(click.ClickException):
    """An error message on standard error; exit code 2."""

    exit_code = EXIT_USAGE

    def __init__(self, error: InputError | Message, translations: Translations) -> None:
        message = error.message if isinstance(error, InputError) else error
        super().__init__(message.translated(translations))

    def show(self, file: Any = None) -> None:
        click.echo(f"gmx-pop-wizard: {self.format_message()}", err=True)


@contextmanager
def problems_reported(translations: Translations | None = None) -> Iterator[None]:
    """Turn an InputError into a Problem."""
    try:
        yield
    except InputError as error:
        raise Problem(error, translations or translations_for(chosen_locale())) from None


def configuration() -> Config:
    """Return the settings of the environment; raises Problem."""
    from webapp.infrastructure.config import Config

    with problems_reported():
        return Config.from_environment(os.environ)


@contextmanager
def prepared() -> Iterator[tuple[Config, Translations]]:
    """Give the settings and translations, with an upgraded database; raises Problem.

    Makes no database: a command that is called without the settings of the site would work on one that nobody uses.
    """
    from webapp.infrastructure import backup, db

    translations = translations_for(chosen_locale())
    try:
        with problems_reported(), db.patience():
            config = configuration()
            place = db.require(config)
            if config.data_dir == type(config)().data_dir and not config.database_url:
                click.echo(Message(N_("Database: %(place)s"), {"place": place}).translated(translations), err=True)
            config = config.completed(make=False)
            backup.upgrade(config)
            yield config, translations
    finally:
        db.dispose()


def known_providers(config: Config) -> Mapping[str, Provider]:
    """Return the effective providers; raises InputError."""
    from webapp.core import providers

    return providers.load(config.providers_dir, config.providers)


def account_of(
    address: str, provider_id: str | None, config: Config, translations: Translations, **values: Any
) -> MailAccount:
    """Return the account; notes on standard error if the provider was guessed."""
    return provider_for(address, provider_id, known_providers(config), translations).account(address, **values)


def _provider_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [id_ for id_ in known_providers(configuration()) if id_.startswith(incomplete)]


def client_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the clients with this prefix, for shell completion."""
    from webapp.core.clients import CLIENTS

    return [client.id for client in CLIENTS.values() if client.formats and client.id.startswith(incomplete)]


def guide_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the clients that have a guide and this prefix, for shell completion."""
    from webapp.core.guides import SOURCES

    return [id_ for id_ in SOURCES if id_.startswith(incomplete)]


def known_client(client_id: str, known: Mapping[str, T]) -> T:
    """Return the entry of a client; raises InputError with the ids that are near."""
    found = known.get(client_id)
    if found is None:
        near = difflib.get_close_matches(client_id, known, n=3, cutoff=0.4) or list(known)
        raise InputError(
            N_("There is no client “%(client)s”. Did you mean: %(clients)s?"), client=client_id, clients=", ".join(near)
        )
    return found


locale_option = click.option(
    "--locale",
    "locale_name",
    type=click.Choice(locales()),
    help=N_("Language of texts and files (default: the system's)."),
)
provider_option = click.option(
    "--provider",
    "provider_id",
    metavar="ID",
    shell_complete=_provider_ids,
    help=N_("Id of the provider, where the domain does not decide it (see: providers)."),
)
json_option = click.option("--json", "as_json", is_flag=True, help=N_("Write JSON."))
