"""The command `gmx-pop-wizard`.

What a command needs is imported when it runs: a file is exported without the web application.
"""

from __future__ import annotations

import contextlib
import difflib
import getpass
import json
import locale as system_locale
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webapp.account import KEEP_FOREVER, MailAccount, Retention
from webapp.commands import RoomCommands
from webapp.text import DEFAULT_LOCALE, N_, SOURCE_LOCALE, InputError, Message, Translations, locales, translations_for

if TYPE_CHECKING:
    from webapp.config import Config
    from webapp.probe import Secret
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


def chosen_locale(option: str | None) -> str:
    """Return the language of the option, else of the environment (LC_ALL, LC_MESSAGES, LANG), else German."""
    for value in (option, *(os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))):
        language = (value or "").partition("_")[0].partition(".")[0].lower()
        if language in locales():
            return language
        if language in ("c", "posix"):
            return SOURCE_LOCALE
    return DEFAULT_LOCALE


def _configuration() -> Config:
    from webapp.config import Config

    try:
        return Config.from_environment(os.environ)
    except InputError as error:
        raise Problem(error, translations_for(chosen_locale(None))) from None


def _providers(config: Config) -> Mapping[str, Provider]:
    from webapp import providers

    return providers.load(config.providers_dir)


def _account(
    address: str,
    provider_id: str | None,
    config: Config,
    translations: Translations,
    **values: Any,
) -> MailAccount:
    """Return the account; says on standard error where the provider was assumed."""
    from webapp.providers import Certainty, find

    providers = _providers(config)
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


locale_option = click.option(
    "--locale", "locale_name", type=click.Choice(locales()), help="Language of texts and files (default: the system's)."
)
provider_option = click.option("--provider", "provider_id", metavar="ID", help="Provider, if not the domain's.")


@click.group(cls=RoomCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gmx-pop-wizard")
def cli() -> None:
    """GMX by POP3: test the connection, make files for mail programs, run the setup wizard.

    \b
    gmx-pop-wizard check anna@gmx.de                    test GMX's servers, without a password
    gmx-pop-wizard check anna@gmx.de --login            the same, and log in (asks for the password)
    gmx-pop-wizard export outlook anna@gmx.de --keep 14 -o gmx-pop.prf
    gmx-pop-wizard serve                                the wizard on http://127.0.0.1:8000
    """


@cli.command()
@click.argument("address")
@provider_option
@click.option("--login", is_flag=True, help="Log in too: once for receiving, once for sending.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input (its first line).")
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
@click.option("--full", is_flag=True, help="Write the whole address into the JSON.")
@locale_option
def check(
    address: str,
    provider_id: str | None,
    login: bool,
    password_stdin: bool,
    as_json: bool,
    full: bool,
    locale_name: str | None,
) -> None:
    """Test the connection for ADDRESS from this computer.

    Exit code 0: all passed. 1: something failed. 2: the call was wrong.
    """
    from webapp import probe
    from webapp.diagnosis import explain, report_to_json
    from webapp.terminal import StageTree

    locale = chosen_locale(locale_name)
    translations = translations_for(locale)
    config = _configuration()
    try:
        account = _account(address, provider_id, config, translations)
        password = _password(account, password_stdin, translations) if login else None
    except InputError as error:
        raise Problem(error, translations) from None
    provider = _providers(config)[account.provider_id]
    tree = StageTree(translations, sys.stderr if as_json else sys.stdout)
    with tree:
        report = probe.run(
            account,
            vantage=probe.Vantage.THIS_COMPUTER,
            login=login,
            password=password,
            tls=probe.tls_context(config.tls_ca_file),
            on_stage=tree.progress,
        )
    diagnoses = explain(report, provider)
    if as_json:
        shape = report_to_json(report, diagnoses, locale, provider, full)
        click.echo(json.dumps(shape, ensure_ascii=False, indent=2))
    else:
        tree.write(report.stages)
        _write_diagnoses(report_to_json(report, diagnoses, locale, provider, full), translations)
    if not report.passed:
        sys.exit(EXIT_FAILED)


def _password(account: MailAccount, from_stdin: bool, translations: Translations) -> Secret:
    from webapp.probe import Secret

    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask for the password. Use --password-stdin."))
    prompt = Message(N_("GMX password for %(address)s: "), {"address": account.email_address}).translated(translations)
    return Secret(getpass.getpass(prompt))


def _write_diagnoses(report: Mapping[str, Any], translations: Translations) -> None:
    _ = translations.gettext
    for diagnosis in report["diagnoses"]:
        click.secho(diagnosis["title"], bold=True)
        click.echo(diagnosis["why"])
        for number, advice in enumerate(diagnosis["advice"], 1):
            click.echo(f"  {number}. {advice}")
        if diagnosis["see"]:
            click.echo(f"  → {diagnosis['see']}")
        click.echo()
    if mailbox := report["mailbox"]:
        waiting = Message(
            N_("%(number)s message is waiting (%(megabytes)s MB). Only the inbox counts."),
            {"number": mailbox["messages"], "megabytes": f"{mailbox['octets'] / 1e6:.1f}"},
            plural=N_("%(number)s messages are waiting (%(megabytes)s MB). Only the inbox counts."),
        )
        click.echo(waiting.translated(translations))
    if not report["login"]:
        click.echo(_(N_("No password was sent. With --login the test logs in too.")))
    verdict = N_("Everything passed.") if report["passed"] else N_("Something failed.")
    reference = Message(N_("Reference: %(reference)s"), {"reference": report["reference"]}).translated(translations)
    click.echo(f"{_(verdict)} {reference}")


@cli.command()
@click.argument("client_id", metavar="CLIENT")
@click.argument("address")
@provider_option
@click.option("--name", default="", help="Sender name.")
@click.option("--keep", default="forever", metavar="forever|DAYS|delete", help="What stays on the server.")
@click.option("--smtp-port", type=int, default=465, show_default=True, help="465 or 587.")
@click.option("--format", "format_name", metavar="F", help="One of the client's formats (see: clients).")
@click.option("--device", type=click.Choice(["iphone", "mac"]), help="For Apple Mail.")
@click.option("--profile", type=click.Choice(["existing", "new"]), default="existing", help="For Outlook.")
@locale_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def export(
    client_id: str,
    address: str,
    provider_id: str | None,
    name: str,
    keep: str,
    smtp_port: int,
    format_name: str | None,
    device: str | None,
    profile: str,
    locale_name: str | None,
    output: Path | None,
) -> None:
    """Write CLIENT's file for ADDRESS. It never holds a password."""
    from webapp.clients import CLIENTS, ExportOptions

    locale = chosen_locale(locale_name)
    translations = translations_for(locale)
    config = _configuration()
    try:
        client = CLIENTS.get(client_id)
        if client is None:
            near = difflib.get_close_matches(client_id, CLIENTS, n=3, cutoff=0.4) or list(CLIENTS)
            raise InputError(
                Message(
                    N_("There is no client “%(client)s”. Did you mean: %(clients)s?"),
                    {"client": client_id, "clients": ", ".join(near)},
                )
            )
        retention = Retention.parse(keep) if keep != "forever" else KEEP_FOREVER
        account = _account(
            address, provider_id, config, translations, name=name, retention=retention, smtp_port=smtp_port
        )
        options = ExportOptions(
            format=format_name, device=device, profile=profile, locale=locale,
            host=config.public_host, organization=config.operator_name,
        )  # fmt: skip
        made = client.export(account, options)
        _write(made.content, output, made.media_type)
    except InputError as error:
        raise Problem(error, translations) from None
    for note in made.notes:
        click.echo(note.translated(translations), err=True)


def _write(content: bytes, output: Path | None, media_type: str) -> None:
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            values = {"file": str(output), "problem": error.strerror or ""}
            raise InputError(Message(N_("Cannot write %(file)s: %(problem)s"), values)) from None
        return
    binary = not media_type.startswith(("text/", "application/json", "image/svg")) and b"\0" in content
    if binary and sys.stdout.isatty():
        raise InputError(N_("This file is not text. Write it to a file: --output FILE"))
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def clients(as_json: bool) -> None:
    """List the mail programs and the formats of their files."""
    from webapp.clients import CLIENTS

    if as_json:
        rows = [
            {"id": c.id, "name": c.name, "systems": list(c.systems), "formats": list(c.formats)}
            for c in CLIENTS.values()
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for client in CLIENTS.values():
        click.echo(f"{client.id:22} {client.name:32} {', '.join(client.formats) or '–'}")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def providers(as_json: bool) -> None:
    """List the providers with their servers."""
    config = _configuration()
    try:
        known = _providers(config)
    except InputError as error:
        raise Problem(error, translations_for(chosen_locale(None))) from None
    if as_json:
        rows = [
            {
                "id": p.id, "name": p.name, "website": p.website, "checked": p.checked.isoformat(),
                "domains": sorted(p.domains), "domains_to_confirm": sorted(p.domains_to_confirm),
                "servers": [
                    {"type": s.type, "hostname": s.hostname, "port": s.port, "socket_type": s.socket_type}
                    for s in p.servers
                ],
            }
            for p in known.values()
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for provider in known.values():
        click.echo(f"{provider.id}  {provider.name}, {provider.website}, {provider.checked.isoformat()}")
        for server in provider.servers:
            click.echo(f"  {server.type.value.upper():5} {server.hostname}:{server.port} {server.socket_type}")


@cli.command()
def config() -> None:
    """Print the settings in force, secrets masked."""
    for name, value in _configuration().describe():
        click.echo(f"{name}={value}")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the wizard, with its jobs and its database inside."""
    from webapp.server import serve as run_server

    try:
        run_server(host, port, _configuration())
    except InputError as error:
        raise Problem(error, translations_for(chosen_locale(None))) from None


def main() -> None:
    """Run the command; Ctrl+C ends it without a trace."""
    with contextlib.suppress(system_locale.Error):  # an unknown locale of the system is no reason to fail
        system_locale.setlocale(system_locale.LC_CTYPE, "")
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    try:
        cli.main(prog_name="gmx-pop-wizard", standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(EXIT_CANCELLED)
