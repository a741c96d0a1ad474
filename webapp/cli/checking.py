"""`check`: a connection test from this computer."""

import sys
from typing import Any

import click

from webapp.cli.context import (
    EXIT_FAILED,
    account_of,
    configuration,
    json_option,
    known_providers,
    locale,
    locale_option,
    provider_option,
    say,
    spoken,
    write_json,
)  # fmt: skip
from webapp.core import probe
from webapp.core.account import MailAccount
from webapp.core.probe import Report, Secret
from webapp.core.providers import Provider
from webapp.core.terminal import StageTree, ask_password, says_yes, write_outcome
from webapp.core.text import N_, InputError


@click.command(
    help=N_(
        """Test the connection for ADDRESS from here.

Without --login no password is asked for and none is sent. With it the test logs in at most once for receiving and
once for sending, and never tries again by itself: providers lock mailboxes after many failures.

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
@click.option("--yes", is_flag=True, help=N_("Agree to the test mail without being asked."))
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
) -> None:
    from webapp.core.probe import circle, other_ports

    config = configuration()
    account = account_of(address, provider_id, config)
    provider = known_providers(config)[account.provider_id]
    if full_circle:
        _agree_to_circle(provider, login=login, yes=yes, from_stdin=password_stdin)
    password = _password(account, password_stdin) if login else None
    tls = probe.tls_context(config.tls_ca_file)
    tree = StageTree(spoken(), sys.stderr if as_json else sys.stdout)
    shared: dict[str, Any] = {"vantage": probe.Vantage.THIS_COMPUTER, "tls": tls, "on_stage": tree.progress}
    with tree:
        if full_circle and password is not None:
            seconds = provider.seconds_between_pop3_logins
            report = circle.run(account, password=password, seconds_between=seconds, **shared)
        else:
            report = probe.run(account, login=login, password=password, **shared)
        report = other_ports.with_other_ports(report, provider.servers, tls=tls)
    show_report(report, provider, tree, as_json=as_json, full=full, offer_login=True)


def show_report(
    report: Report, provider: Provider | None, tree: StageTree, *, as_json: bool, full: bool, offer_login: bool
) -> None:
    """Write the report with its diagnoses; exit code 1 if something failed."""
    from webapp.core.diagnosis import explain as diagnoses_of
    from webapp.core.diagnosis import report_to_json

    shape = report_to_json(report, diagnoses_of(report, provider), locale(), provider, full)
    if as_json:
        write_json(shape)
    else:
        tree.write(report.stages)
        if report.circle is not None:
            tree.write_circle(report.circle)
        write_outcome(shape, spoken(), offer_login=offer_login)
    if not report.passed:
        sys.exit(EXIT_FAILED)


def _agree_to_circle(provider: Provider, *, login: bool, yes: bool, from_stdin: bool) -> None:
    """Explain a full circle and ask for consent; raises InputError without it."""
    from webapp.core.probe import circle

    if not login:
        raise InputError(N_("--full-circle needs --login."))
    if not provider.offers_full_circle:
        too_long = N_("%(provider)s wants %(seconds)s seconds between two logins. A full circle cannot wait that long.")
        raise InputError(too_long, provider=provider.name, seconds=provider.seconds_between_pop3_logins)
    if yes:
        return
    if from_stdin or not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask for your consent to the test mail. Use --yes."))
    say(
        N_(
            "Full circle: one login for sending and at most %(logins)s for receiving, at least %(between)s seconds "
            "apart, %(seconds)s seconds in all. A test mail goes from your address to itself and stays in your "
            "mailbox. No mail is read or deleted."
        ),
        err=True,
        logins=circle.LOGINS_FOR_RECEIVING,
        between=provider.seconds_between_pop3_logins,
        seconds=int(probe.BOUNDS.circle),
    )
    question = spoken().gettext(N_("Begin? Type “yes”:"))
    answer: str = click.prompt(question, default="", show_default=False, prompt_suffix=" ", err=True)
    if not says_yes(answer):
        raise InputError(N_("Nothing was sent. Without --full-circle the check only logs in."))


def _password(account: MailAccount, from_stdin: bool) -> Secret:
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask for the password. Use --password-stdin."))
    return ask_password(account, spoken())
