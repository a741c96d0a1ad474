"""`check` and `explain`: a connection test from this computer, and what a report of one means."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from webapp.account import MailAccount
from webapp.cli.context import (
    EXIT_FAILED,
    Problem,
    account_of,
    configuration,
    json_option,
    known_providers,
    locale_option,
    provider_option,
)
from webapp.terminal import StageTree, ask_password, chosen_locale, write_outcome
from webapp.text import N_, InputError, Message, Translations, translations_for

if TYPE_CHECKING:
    from webapp.probe import Report, Secret
    from webapp.providers import Provider


@click.command(
    help=N_(
        """Test the connection for ADDRESS from here.

Without --login no password is asked for and none is sent. With it the test logs in at most once for receiving and
once for sending, and never tries again by itself: GMX locks mailboxes after many failures.

  gmx-pop-wizard check anna@gmx.de
  gmx-pop-wizard check anna@gmx.de --login
  gmx-pop-wizard check anna@gmx.de --login --full-circle
  gmx-pop-wizard check anna@gmx.de --json > report.json

Exit code 0: all passed. 1: something failed. 2: the call was wrong."""
    )
)
@click.argument("address")
@provider_option
@click.option("--login", is_flag=True, help=N_("Log in too: once for receiving, once for sending."))
@click.option(
    "--full-circle",
    is_flag=True,
    help=N_("With --login: send a test mail to yourself too, and look whether it arrives (asks first)."),
)
@click.option("--yes", is_flag=True, help=N_("Agree to the full circle without being asked."))
@click.option("--password-stdin", is_flag=True, help=N_("Read the password from standard input (its first line)."))
@json_option
@click.option("--full", is_flag=True, help=N_("Write the whole address into the JSON."))
@locale_option
def check(
    address: str,
    provider_id: str | None,
    login: bool,
    full_circle: bool,
    yes: bool,
    password_stdin: bool,
    as_json: bool,
    full: bool,
    locale_name: str | None,
) -> None:
    from webapp import probe
    from webapp.probe import circle
    from webapp.probe.other_ports import with_other_ports

    locale = chosen_locale(locale_name)
    translations = translations_for(locale)
    config = configuration()
    try:
        account = account_of(address, provider_id, config, translations)
        provider = known_providers(config)[account.provider_id]
        if full_circle:
            _agree_to_circle(provider, login=login, yes=yes, from_stdin=password_stdin, translations=translations)
        password = _password(account, password_stdin, translations) if login else None
    except InputError as error:
        raise Problem(error, translations) from None
    tls = probe.tls_context(config.tls_ca_file)
    tree = StageTree(translations, sys.stderr if as_json else sys.stdout)
    with tree:
        if full_circle and password is not None:
            report = circle.run(
                account,
                vantage=probe.Vantage.THIS_COMPUTER,
                password=password,
                seconds_between=provider.seconds_between_pop3_logins,
                tls=tls,
                on_stage=tree.progress,
            )
        else:
            report = probe.run(
                account,
                vantage=probe.Vantage.THIS_COMPUTER,
                login=login,
                password=password,
                tls=tls,
                on_stage=tree.progress,
            )
        report = with_other_ports(report, provider.servers, tls=tls)
    _show(report, provider, locale, tree, as_json=as_json, full=full, offer_login=True)


@click.command(
    help=N_(
        """Explain the report of a connection test.

It may come from here, from the site or from gmx-pop-check.pyz, as JSON or as text.
FILE is its file, or - for standard input. Nothing is dialled.

  gmx-pop-wizard explain report.json
  gmx-pop-wizard check anna@gmx.de --json | gmx-pop-wizard explain -

Exit code 0: all had passed. 1: something had failed. 2: this is no report."""
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@json_option
@locale_option
def explain(file: str, as_json: bool, locale_name: str | None) -> None:
    from webapp.diagnosis.reading import read_report
    from webapp.diagnosis.report_values import OCTETS_MAX

    locale = chosen_locale(locale_name)
    translations = translations_for(locale)
    try:
        with click.open_file(file, "rb") as stream:
            report = read_report(stream.read(OCTETS_MAX + 1))
        provider = known_providers(configuration()).get(report.provider)
    except InputError as error:
        raise Problem(error, translations) from None
    _show(report, provider, locale, StageTree(translations), as_json=as_json, full=True, offer_login=False)


def _show(
    report: Report,
    provider: Provider | None,
    locale: str,
    tree: StageTree,
    *,
    as_json: bool,
    full: bool,
    offer_login: bool,
) -> None:
    """Write the report with its diagnoses; ends with 1 where something failed."""
    from webapp.diagnosis import explain as diagnoses_of
    from webapp.diagnosis import report_to_json

    shape = report_to_json(report, diagnoses_of(report, provider), locale, provider, full)
    if as_json:
        click.echo(json.dumps(shape, ensure_ascii=False, indent=2))
    else:
        tree.write(report.stages)
        if report.circle is not None:
            tree.write_circle(report.circle)
        write_outcome(shape, translations_for(locale), offer_login=offer_login)
    if not report.passed:
        sys.exit(EXIT_FAILED)


def _agree_to_circle(
    provider: Provider, *, login: bool, yes: bool, from_stdin: bool, translations: Translations
) -> None:
    """Say what a full circle does and ask for consent; raises InputError where it cannot be asked for."""
    from webapp.probe import circle
    from webapp.probe.limits import LIMITS

    if not login:
        raise InputError(N_("--full-circle needs --login."))
    if yes:
        return
    if from_stdin or not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask for your consent to the full circle. Use --yes."))
    text = Message(
        N_(
            "Full circle: one login for sending and at most %(logins)s for receiving, at least %(between)s seconds "
            "apart, %(seconds)s seconds in all. A test mail goes from your address to itself and stays in your "
            "mailbox. No mail is read or deleted."
        ),
        {
            "logins": circle.LOGINS_FOR_RECEIVING,
            "between": provider.seconds_between_pop3_logins,
            "seconds": int(LIMITS.circle),
        },
    )
    click.echo(text.translated(translations), err=True)
    question = translations.gettext(N_("Begin? Type “yes”:"))
    answer: str = click.prompt(question, default="", show_default=False, prompt_suffix=" ", err=True)
    if answer.strip().casefold() not in ("yes", "ja", "y", "j"):
        raise InputError(N_("Nothing was sent. Without --full-circle the check only logs in."))


def _password(account: MailAccount, from_stdin: bool, translations: Translations) -> Secret:
    from webapp.probe import Secret

    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask for the password. Use --password-stdin."))
    return ask_password(account.email_address, translations)
