"""`providers new`: a provider file from an autoconfig document, from what a domain publishes, or from answers."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from webapp.cli.context import configuration, locale_option, say, spoken
from webapp.core.account import Server, ServerType, SocketType, Username
from webapp.core.providers.loading import parse, parsed_toml
from webapp.core.terminal import says_yes
from webapp.core.text import N_, InputError
from webapp.infrastructure.config import Config

if TYPE_CHECKING:
    from webapp.web.drift.drafting import Draft

_DOMAIN = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)")
_USUAL = {(ServerType.POP3, 995): SocketType.SSL, (ServerType.SMTP, 465): SocketType.SSL}
_HOSTS = {ServerType.POP3: "pop", ServerType.SMTP: "smtp"}


@click.command(
    "new",
    help=N_(
        "Write a provider file for DOMAIN.\n\nFrom an autoconfig document (--from), from what the domain publishes "
        "(--discover asks it and Thunderbird's database), or from your answers. Then look through it, and try it: "
        "“providers check FILE”, “check ADDRESS”."
    ),
)
@click.argument("domain")
@click.option(
    "--from", "document", metavar="FILE", type=click.File("rb"), help=N_("Autoconfig document, - for standard input.")
)
@click.option("--discover", is_flag=True, help=N_("Ask the domain, and Thunderbird's database."))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("File to write; without it DOMAIN.toml here, - for standard output."),
)
@locale_option
def new(domain: str, document: BinaryIO | None, discover: bool, output: Path | None) -> None:
    domain = domain.strip().lower().rstrip(".")
    if not _DOMAIN.fullmatch(domain):
        raise InputError(N_("“%(domain)s” is no domain. Write it like example.org."), domain=domain)
    target = output or Path(f"{domain}.toml")
    if str(target) != "-" and target.exists():
        raise InputError(N_("%(file)s exists already. Nothing was written."), file=str(target))
    text = _draft(domain, document, discover).toml(datetime.now(UTC).date())
    parse(domain, parsed_toml(text.encode(), f"{domain}.toml"), f"{domain}.toml")  # raises where it would not be taken
    if str(target) == "-":
        click.echo(text, nl=False)
        return
    target.write_text(text, encoding="utf-8")
    told = N_(
        "%(file)s is written. Look through it, then:\n"
        "  gmx-pop-wizard providers check %(file)s\n"
        "  WEBAPP_PROVIDERS_DIR=%(folder)s gmx-pop-wizard check anna@%(domain)s"
    )
    say(told, file=str(target), folder=str(target.parent), domain=domain)


def _draft(domain: str, document: BinaryIO | None, discover: bool) -> Draft:
    from webapp.web.drift.drafting import from_document

    if document is not None:
        return from_document(domain, document.read(), Path(getattr(document, "name", "-")).name)
    if discover:
        return _discovered(domain, configuration())
    if not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask. Use --from FILE or --discover."))
    return _asked(domain)


def _discovered(domain: str, config: Config) -> Draft:
    from webapp.web.drift import SOURCES, Fetcher, FetchError
    from webapp.web.drift.drafting import from_document

    fetcher = Fetcher(config.tls_ca_file)
    for source in reversed(SOURCES):  # the domain's own word comes first
        url = source.format(domain=domain)
        try:
            found = fetcher.get(url)
        except FetchError as error:
            click.echo(f"· {url}: {error.message.translated(spoken())}", err=True)
            continue
        click.echo(f"{'✓' if found.status == 200 else '·'} {url}: {found.status}", err=True)
        if found.status == 200:
            return from_document(domain, found.content, url)
    raise InputError(N_("Nobody publishes settings for this domain. Without --discover you are asked for them."))


def _asked(domain: str) -> Draft:
    from webapp.web.drift.drafting import Draft

    _ = spoken().gettext
    name = click.prompt(_(N_("Name of the provider, as people call it")), default=domain.partition(".")[0].capitalize())
    website = click.prompt(_(N_("Host name of the page where people read their mail")), default=f"mail.{domain}")
    servers = [_asked_server(type_, domain) for type_ in _HOSTS]
    whole = says_yes(click.prompt(_(N_("Is the user name the whole address? [yes/no]")), default=_(N_("yes"))))
    return Draft(
        domain=domain,
        name=name,
        website=website,
        source=_(N_("answers at the terminal")),
        domains=[domain],
        servers=servers,
        username=Username.ADDRESS if whole else Username.LOCAL_PART,
    )


def _asked_server(type_: ServerType, domain: str) -> Server:
    _ = spoken().gettext
    receives = type_ is ServerType.POP3
    question = N_("Server for receiving (POP3)") if receives else N_("Server for sending (SMTP)")
    host = click.prompt(_(question), default=f"{_HOSTS[type_]}.{domain}")
    port = click.prompt(_(N_("Its port")), type=click.IntRange(1, 65535), default=995 if receives else 465)
    usual = _USUAL.get((type_, port), SocketType.STARTTLS).value
    encryption = click.prompt(_(N_("Its encryption")), type=click.Choice([s.value for s in SocketType]), default=usual)
    return Server(type_, host.strip().lower(), port, SocketType(encryption))
