"""`explain`: the causes of a message, of a log or of a report of ours."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from webapp.cli.checking import show_report
from webapp.cli.context import (
    EXIT_FAILED,
    configuration,
    json_option,
    known_providers,
    locale,
    locale_option,
    say,
    spoken,
    write_json,
)
from webapp.core.probe import Report
from webapp.core.providers import Provider
from webapp.core.terminal import StageTree
from webapp.core.text import N_, InputError

if TYPE_CHECKING:
    from webapp.core.diagnosis.messages import Found

OCTETS_KEPT = 256 * 1024  # of a log, its end


@click.command(
    help=N_(
        """Explain a message of a mail program, a log, or the report of a connection test.

TEXT is the message, the name of a file, or - for standard input. Of a log the last error counts. Nothing is dialled.

  gmx-pop-wizard explain "0x800CCC0E"
  fetchmail -v 2>&1 | gmx-pop-wizard explain - --program fetchmail
  gmx-pop-wizard check anna@gmx.de --json | gmx-pop-wizard explain -

Exit code 0: a cause was found, or all of the report had passed. 1: none was found, or something had failed."""
    )
)
@click.argument("text")
@click.option("--program", metavar="CLIENT", help=N_("The mail program that shows the message."))
@json_option
@locale_option
def explain(text: str, program: str | None, as_json: bool) -> None:
    from webapp.core.diagnosis.messages import results, search

    data = _given(text)
    report = _report(data)
    known = known_providers(configuration())
    provider = known.get(report.provider if report else "") or next(iter(known.values()))
    if report is not None:
        show_report(report, provider, StageTree(spoken()), as_json=as_json, full=True, offer_login=False)
        return
    found = search(data.decode(errors="replace"), program)
    if as_json:
        write_json(results(found, locale(), provider.name))
    else:
        _write(found, provider)
    if not found:
        sys.exit(EXIT_FAILED)


def _given(text: str) -> bytes:
    if text == "-":
        return _end_of(sys.stdin.buffer)
    if _is_file(text):
        with Path(text).open("rb") as stream:
            return _end_of(stream)
    if re.fullmatch(r"\S+\.(?:log|txt|json)", text, re.IGNORECASE):  # no message reads so
        raise InputError(N_("There is no file “%(path)s”."), path=text)
    return text.encode(errors="replace")


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be, or no name at all
        return False


def _end_of(stream: BinaryIO) -> bytes:
    kept = b""
    for piece in iter(lambda: stream.read(65536), b""):
        kept = (kept + piece)[-OCTETS_KEPT:]
    return kept


def _report(data: bytes) -> Report | None:
    """Return the report in `data`, None where it is none; raises ReportError where it wants to be one."""
    from webapp.core.diagnosis.reading import read_report
    from webapp.core.diagnosis.report_values import ReportError

    try:
        return read_report(data)
    except ReportError:
        if data.lstrip().startswith(b"{") and b'"stages"' in data:
            raise
        return None


def _write(found: tuple[Found, ...], provider: Provider) -> None:
    from webapp.core.diagnosis import CATALOGUE
    from webapp.core.diagnosis.messages import CAUSES_SHOWN, causes

    if not found:
        say(N_("No known message is in this text."))
        return
    translations = spoken()
    meant = [CATALOGUE[name].for_provider(provider) for name in causes(found)[:CAUSES_SHOWN]]
    if more := found[0].message.asks_for_more():
        click.echo(f"{more.translated(translations)}\n")
    say(N_("That mostly means:") if found[0].certain else N_("That could be it:"))
    click.echo(f"\n{meant[0].title.translated(translations)}\n\n{meant[0].why.translated(translations)}\n")
    for number, step in enumerate(meant[0].advice, 1):
        click.echo(f"{number}. {step.translated(translations)}")
    if meant[1:]:
        click.echo(f"\n{translations.gettext(N_('If it is not that'))}:")
        for cause in meant[1:]:
            click.echo(f"- {cause.title.translated(translations)}")
