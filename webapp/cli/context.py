"""Shared by the commands: language, output, error messages, settings, providers, options."""

import difflib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from webapp.core import providers
from webapp.core.account import MailAccount
from webapp.core.terminal import chosen_locale, provider_for
from webapp.core.text import N_, InputError, Message, Translations, locales, translations_for
from webapp.infrastructure.config import Config

T = TypeVar("T")

EXIT_FAILED, EXIT_USAGE, EXIT_CANCELLED = 1, 2, 130
_LOCALE = "webapp.locale"  # in the meta of a call: what --locale says


class Problem(click.ClickException):
    """An error message on standard error; exit code 2."""

    exit_code = EXIT_USAGE

    def show(self, file: Any = None) -> None:
        click.echo(f"gmx-pop-wizard: {self.format_message()}", err=True)


class Commands(click.Group):
    """A group whose commands may raise InputError: it ends the call with its message."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise Problem(error.message.translated(spoken())) from None


def locale() -> str:
    """Return the language of this call: that of --locale, else the system's."""
    found: str | None = click.get_current_context().meta.get(_LOCALE)
    return found or chosen_locale()


def spoken() -> Translations:
    return translations_for(locale())


def say(text: str, *, err: bool = False, **values: str | int | Message) -> None:
    """Write an `N_` text with its values, on standard output or on standard error."""
    click.echo(Message(text, values).translated(spoken()), err=err)


def write_json(shape: object) -> None:
    click.echo(json.dumps(shape, ensure_ascii=False, indent=2))


def configuration() -> Config:
    """Return the settings of the environment; raises InputError."""
    return Config.from_environment(os.environ)


@contextmanager
def prepared() -> Iterator[Config]:
    """Give the settings, with an upgraded database; raises InputError.

    Makes no database: a command that is called without the settings of the site would work on one that nobody uses.
    """
    from webapp.infrastructure import backup, db

    try:
        with db.patience():
            config = configuration()
            place = db.require(config)
            if config.data_dir == Config().data_dir and not config.database_url:
                say(N_("Database: %(place)s"), err=True, place=place)
            config = config.completed(make=False)
            backup.upgrade(config)
            yield config
    finally:
        db.dispose()


def known_providers(config: Config) -> Mapping[str, providers.Provider]:
    """Return the effective providers; raises InputError."""
    return providers.load(config.providers_dir, config.providers)


def account_of(address: str, provider_id: str | None, config: Config, **values: Any) -> MailAccount:
    """Return the account; notes on standard error if the provider was guessed."""
    return provider_for(address, provider_id, known_providers(config), spoken()).account(address, **values)


def known_client(client_id: str, known: Mapping[str, T]) -> T:
    """Return the entry of a client; raises InputError with the ids that are near."""
    found = known.get(client_id)
    if found is None:
        near = difflib.get_close_matches(client_id, known, n=3, cutoff=0.4) or list(known)
        text = N_("There is no client “%(client)s”. Did you mean: %(clients)s?")
        raise InputError(text, client=client_id, clients=", ".join(near))
    return found


def completed(ids: Callable[[], Iterator[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return what completes a parameter in a shell with one of `ids`."""
    return lambda _context, _parameter, incomplete: [id_ for id_ in ids() if id_.startswith(incomplete)]


def _remember(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    context.meta[_LOCALE] = value


locale_option = click.option(
    "--locale",
    type=click.Choice(locales()),
    help=N_("Language of texts and files (default: the system's)."),
    callback=_remember,
    expose_value=False,
)
provider_option = click.option(
    "--provider",
    "provider_id",
    metavar="ID",
    shell_complete=completed(lambda: iter(known_providers(configuration()))),
    help=N_("Id of the provider, where the domain does not decide it (see: providers)."),
)
name_option = click.option("--name", default="", metavar="NAME", help=N_("Sender name."))
keep_option = click.option(
    "--keep", default="forever", metavar="KEEP", help=N_("What stays on the server: forever, days, delete.")
)
smtp_port_option = click.option(
    "--smtp-port", type=int, metavar="PORT", help=N_("465 or 587; without it the preferred one.")
)
json_option = click.option("--json", "as_json", is_flag=True, help=N_("Write JSON."))
