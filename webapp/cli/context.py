"""What the commands share: how a problem is told, settings, providers, the account of an address."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from webapp.account import MailAccount
from webapp.terminal import chosen_locale
from webapp.text import N_, InputError, Message, Translations, locales, translations_for

if TYPE_CHECKING:
    from webapp.config import Config
    from webapp.providers import Provider

EXIT_FAILED, EXIT_USAGE, EXIT_CANCELLED = 1, 2, 130


class Problem(click.ClickException):
    """A sentence for the person, written to standard error; ends with exit code 2."""

    exit_code = EXIT_USAGE

    def __init__(self, error: InputError | Message, translations: Translations) -> None:
        message = error.message if isinstance(error, InputError) else error
        super().__init__(message.translated(translations))

    def show(self, file: Any = None) -> None:
        click.echo(f"gmx-pop-wizard: {self.format_message()}", err=True)


def configuration() -> Config:
    """Return the settings of the environment; raises Problem."""
    from webapp.config import Config

    try:
        return Config.from_environment(os.environ)
    except InputError as error:
        raise Problem(error, translations_for(chosen_locale())) from None


@contextmanager
def prepared() -> Iterator[tuple[Config, Translations]]:
    """Give the settings with an up-to-date database; an InputError ends the command with its sentence."""
    from webapp import db

    translations = translations_for(chosen_locale())
    try:
        config = configuration().completed()
        db.upgrade(config)
        yield config, translations
    except InputError as error:
        raise Problem(error, translations) from None
    finally:
        db.dispose()


def known_providers(config: Config) -> Mapping[str, Provider]:
    """Return the providers in force; raises InputError."""
    from webapp import providers

    return providers.load(config.providers_dir)


def account_of(
    address: str,
    provider_id: str | None,
    config: Config,
    translations: Translations,
    **values: Any,
) -> MailAccount:
    """Return the account; says on standard error where the provider was assumed."""
    from webapp.providers import Certainty, find

    providers = known_providers(config)
    finding = find(address, providers)
    if provider_id is not None:
        if provider_id not in providers:
            raise InputError(
                Message(
                    N_("There is no provider “%(provider)s”. There is: %(providers)s."),
                    {"provider": provider_id, "providers": ", ".join(providers)},
                )
            )
        return providers[provider_id].account(address, **values)
    if not finding.providers:
        raise InputError(
            Message(
                N_("%(address)s is not an address of GMX. If it is, name its provider: --provider gmx.net"),
                {"address": finding.address},
            )
        )
    provider = finding.providers[0]
    if finding.certainty is not Certainty.CERTAIN:
        assumed = Message(
            N_("Taking %(provider)s (%(website)s) for this address. If you read your mail elsewhere: --provider ID"),
            {"provider": provider.id, "website": provider.website},
        )
        click.echo(assumed.translated(translations), err=True)
    return provider.account(address, **values)


def _provider_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [id_ for id_ in known_providers(configuration()) if id_.startswith(incomplete)]


def client_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the clients that begin so, for the completion of the shell."""
    from webapp.clients import CLIENTS

    return [client.id for client in CLIENTS.values() if client.formats and client.id.startswith(incomplete)]


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
    help=N_("Provider, where the domain does not decide it: gmx.net or gmx.com."),
)
json_option = click.option("--json", "as_json", is_flag=True, help=N_("Write JSON."))
