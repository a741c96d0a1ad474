"""`export`: the file for a mail program, for one person or for a table of people."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from webapp.cli.context import (
    EXIT_FAILED,
    account_of,
    completed,
    configuration,
    json_option,
    keep_option,
    known_client,
    known_providers,
    locale,
    locale_option,
    name_option,
    provider_option,
    say,
    smtp_port_option,
    spoken,
    write_json,
)  # fmt: skip
from webapp.core.account import Retention
from webapp.core.text import N_, InputError, Message
from webapp.infrastructure.config import Config

if TYPE_CHECKING:
    from webapp.core.bulk import Result, Summary, Table
    from webapp.core.clients import Export

    Remarks = dict[str, list[dict[str, str | int]]]


def _client_ids() -> Iterator[str]:
    from webapp.core.clients import CLIENTS

    return (client.id for client in CLIENTS.values() if client.formats)


@click.command(
    help=N_(
        """Write the file of a mail program.

It is made for ADDRESS, for the program CLIENT. It never holds a password.

  gmx-pop-wizard export thunderbird anna@gmx.de --name "Anna Beispiel" --output gmx-pop-thunderbird.zip
  gmx-pop-wizard export outlook anna@gmx.de --keep 14 --output gmx-pop.prf
  gmx-pop-wizard export apple-mail anna@gmx.de --device iphone --output gmx-pop.mobileconfig

With --from it writes a ZIP with the files of many people. The table is CSV with the columns address and client; name,
keep, provider, smtp_port, device, profile and format may be there too. Unusable rows are named, the rest goes on.

  gmx-pop-wizard export --from people.csv --output files.zip

Exit code 0: written. 1: some rows were unusable. 2: the call was wrong."""
    )
)
@click.argument("client_id", metavar="[CLIENT]", required=False, shell_complete=completed(_client_ids))
@click.argument("address", metavar="[ADDRESS]", required=False)
@click.option(
    "--from",
    "table",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=N_("Table of people (CSV), in the place of CLIENT and ADDRESS."),
)
@provider_option
@name_option
@keep_option
@smtp_port_option
@click.option("--format", "format_name", metavar="FORMAT", help=N_("One of the client's formats (see: clients)."))
@click.option("--device", type=click.Choice(["iphone", "mac"]), help=N_("For Apple Mail."))
@click.option("--profile", type=click.Choice(["existing", "new"]), default="existing", help=N_("For Outlook."))
@json_option
@locale_option
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help=N_("File to write (default: standard output)."),
)  # fmt: skip
def export(**options: Any) -> None:
    (_one if options["table"] is None else _many)(options, configuration())


def _one(options: dict[str, Any], config: Config) -> None:
    from webapp.core.clients import CLIENTS

    client_id, address = options["client_id"], options["address"]
    if client_id is None or address is None:
        raise InputError(
            N_("Name a client and an address, such as: export outlook anna@gmx.de. Or a table: --from FILE")
        )
    client = known_client(client_id, CLIENTS)
    if options["as_json"] and options["output"] is None:
        raise InputError(N_("With --json the file itself needs a place: --output FILE"))
    account = account_of(
        address,
        options["provider_id"],
        config,
        name=options["name"],
        retention=Retention.parse(options["keep"]),
        smtp_port=options["smtp_port"],
    )
    chosen = {"format": options["format_name"], "device": options["device"], "profile": options["profile"]}
    made = _signer(config)(client.export(account, config.export_options(locale(), **chosen)))
    _write(made.content, options["output"])
    notes = [note.translated(spoken()) for note in made.notes]
    if options["as_json"]:
        write_json({"client": client.id, "media_type": made.media_type, "file": str(options["output"]), "notes": notes})
        return
    for note in notes:
        click.echo(note, err=True)


def _signer(config: Config) -> Callable[[Export], Export]:
    """Return the function that signs Apple profiles, or the identity without a certificate."""
    if config.profile_signing_cert is None:  # do not import cryptography
        return lambda made: made
    from webapp.infrastructure.signing import sign

    return lambda made: sign(made, config)


def _write(content: bytes, output: Path | None) -> None:
    if output is not None:
        with _written(output) as stream:
            stream.write(content)
        return
    if b"\0" in content and sys.stdout.isatty():
        raise InputError(N_("This file is not text. Write it to a file: --output FILE"))
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """Open a file that atomically replaces `path` on success.

    Not `click.open_file(atomic=True)`: click 8.5 also replaces after an exception.
    """
    try:
        if path.exists() and not path.is_file():  # /dev/stdout, a named pipe
            with path.open("wb") as stream:
                yield stream
            return
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w+b") as stream:
                yield stream
            mask = os.umask(0)
            os.umask(mask)
            Path(draft).chmod(0o666 & ~mask)
            Path(draft).replace(path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        problem = error.strerror or ""
        raise InputError(N_("Cannot write %(file)s: %(problem)s"), file=str(path), problem=problem) from None


def _many(options: dict[str, Any], config: Config) -> None:
    from webapp.core.bulk import read_table, write_exports

    if options["client_id"] is not None:
        raise InputError(N_("With --from, the table names clients and addresses. Leave them out of the call."))
    if options["output"] is None:
        raise InputError(N_("A ZIP needs a file to be written to: --output FILE"))
    path: Path = options["table"]
    with path.open("rb") as source:
        table = read_table(source)
        for name in table.ignored:
            say(N_("The column “%(name)s” is not used."), err=True, name=name)
        remarks: Remarks = {"bad_rows": [], "same_address": []}
        with _written(options["output"]) as target, _Progress(source, path) as progress:

            def on_result(result: Result) -> None:
                progress.advance()
                for kind, told in (("bad_rows", result.error), ("same_address", result.same)):
                    if told is None:
                        continue
                    row, reason = result.row.number, told.translated(spoken())
                    if options["as_json"]:
                        remarks[kind].append({"row": row, "reason": reason})
                    else:
                        progress.say(N_("Row %(row)s: %(reason)s"), row=row, reason=reason)

            known, finish = known_providers(config), _signer(config)
            summary = write_exports(table, target, known, config.export_options(locale()), on_result, finish=finish)
    _summarise(summary, remarks, options, table)


def _summarise(summary: Summary, remarks: Remarks, options: dict[str, Any], table: Table) -> None:
    """Write the summary; exit code 1 if a row was unusable."""
    written = summary.rows - summary.bad
    if options["as_json"]:
        write_json({
            "file": str(options["output"]), "rows": summary.rows, "written": written, "encoding": table.encoding,
            "delimiter": table.delimiter, "ignored_columns": list(table.ignored), **remarks,
        })  # fmt: skip
    else:
        done = Message(
            N_("%(number)s of %(rows)s rows became a file in %(file)s."),
            {"number": written, "rows": summary.rows, "file": str(options["output"])},
            plural=N_("%(number)s of %(rows)s rows became files in %(file)s."),
        )
        click.echo(done.translated(spoken()), err=True)
    if summary.bad:
        sys.exit(EXIT_FAILED)


class _Progress:
    """A progress bar by octets of the table, on a terminal only."""

    def __init__(self, source: BinaryIO, path: Path) -> None:
        self._source, self._seen = source, 0
        self._visible = sys.stderr.isatty()
        self._bar = click.progressbar(
            length=path.stat().st_size,
            label=spoken().gettext(N_("Writing files")),
            file=sys.stderr,
            hidden=not self._visible,
        )

    def __enter__(self) -> _Progress:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            self._bar.update(max(0, (self._bar.length or 0) - self._seen))
        self._bar.__exit__(*error)

    def advance(self) -> None:
        position = self._source.tell()
        if position > self._seen:
            self._bar.update(position - self._seen)
            self._seen = position

    def say(self, text: str, **values: str | int) -> None:
        if self._visible:
            click.echo("\r\x1b[K", err=True, nl=False)
        say(text, err=True, **values)
