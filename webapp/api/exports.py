"""Files for mail programs: for one account and language the same bytes as by command line and wizard."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, BinaryIO, cast

from flask import Response, request

from webapp.api.accounts import ACCOUNT, account_of
from webapp.api.inputs import Field
from webapp.api.operations import LOCALE, Call, operation, too_many
from webapp.api.problems import Kind, ProblemError
from webapp.api.shapes import one_of
from webapp.core.bulk import Summary, bounded_table, write_exports
from webapp.core.clients import CLIENTS, Client, Export, ExportOptions
from webapp.core.text import N_, InputError, Message, translations_for
from webapp.infrastructure import events, signing, slow
from webapp.infrastructure.config import (
    TABLE_BYTES_MAX,
    TABLE_CODES_MAX,
    TABLE_ROWS_MAX,
    Scope,
    current_config,
    current_providers,
    site_provider,
)

NOTES = "Export-Notes"
# Octets of a ZIP that touch no disk, enough for some 15,000 people. A table of the shortest rows can become more than
# 100 MB, which is too much for the memory of a small server: beyond this it goes into a temporary file without a name.
IN_MEMORY_MAX = 32 << 20
TABLE_SECONDS = 45  # that one table may take
TABLES_AGAIN_SECONDS = 10
SPECIAL: Mapping[str, tuple[Field, ...]] = {
    "apple-mail": (Field("device", "For which device.", one_of(("iphone", "mac"))),),
    "outlook": (
        Field(
            "profile",
            "existing: into the Outlook profile in use. new: into one of its own.",
            {**one_of(("existing", "new")), "default": "existing"},
        ),
    ),
}
PROBLEMS = (Kind.UNKNOWN_ADDRESS, Kind.INVALID_INPUT)


def _fields(client: Client) -> tuple[Field, ...]:
    """Return what a call for a file of `client` may carry."""
    formats = Field("format", "Format of the file.", {**one_of(client.formats), "default": client.formats[0]})
    return (*ACCOUNT, formats, *SPECIAL.get(client.id, ()), LOCALE)


def _made(client: Client, call: Call) -> tuple[Export, tuple[Message, ...]]:
    """Return the file and everything that is to be said of it; raises ProblemError."""
    values = call.values
    account, notes = account_of(values, current_providers())
    options = current_config().export_options(
        call.locale,
        format=values["format"],
        device=values.get("device"),
        profile=values.get("profile") or "existing",
    )
    try:
        export = client.export(account, options)
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    return signing.signed(export), (*notes, *export.notes)


def _headers(export: Export, notes: tuple[Message, ...], locale: str) -> dict[str, str]:
    found = {
        "Content-Type": export.media_type,
        "Content-Disposition": f"attachment; filename={export.file_name}",
        "Content-Language": locale,
    }
    if notes:
        translations = translations_for(locale)
        found[NOTES] = ", ".join(display_string(note.translated(translations)) for note in notes)
    return found


def _media_types(client: Client) -> tuple[str, ...]:
    provider = site_provider()
    account = provider.account(provider.example_address)
    found = [client.export(account, ExportOptions(format=name)).media_type for name in client.formats]
    return tuple(dict.fromkeys(found))


def display_string(text: str) -> str:
    """Return `text` as a Display String, RFC 9651 section 4.1.11: the way to say ä in a header."""
    octets = "".join(
        chr(octet) if 0x20 <= octet <= 0x7E and octet not in b'%"' else f"%{octet:02x}" for octet in text.encode()
    )
    return f'%"{octets}"'


def _view(client: Client) -> Callable[[Call], Response]:
    def view(call: Call) -> Response:
        export, notes = _made(client, call)
        if request.method != "HEAD":
            events.file_downloaded.send(
                events.running_app(), client=client.id, format=export.file_name.rpartition(".")[2]
            )
        return Response(export.content, headers=_headers(export, notes, call.locale))

    return view


def _declare(client: Client) -> None:
    view = _view(client)
    text = (
        "The file. It never holds a password. What the format cannot say stands in the header Export-Notes, a list of "
        "Display Strings (RFC 9651)."
    )
    shared: dict[str, Any] = {"answers": {200: lambda: _media_types(client)}, "problems": PROBLEMS}
    operation(
        "GET", f"/exports/{client.id}", f"A file for {client.name}", name=f"export_{client.id}", query=_fields(client),
        text=f"{text} Logs of proxies keep queries: POST keeps the address out of them.", **shared,
    )(view)  # fmt: skip
    operation(
        "POST", f"/exports/{client.id}", f"A file for {client.name}", name=f"export_{client.id}_by_body",
        body=_fields(client), text=text, **shared,
    )(view)  # fmt: skip


for _client in CLIENTS.values():
    if _client.formats:
        _declare(_client)


@operation(
    "POST", "/exports", "Files for many people", query=(LOCALE,), text_body=("text/csv", {"type": "string"}),
    octets=TABLE_BYTES_MAX, scope=Scope.BULK, answers={200: lambda: ("application/zip",)},
    problems=(Kind.KEY_NEEDED,),
)  # fmt: skip
def exports_of_table(call: Call) -> Response:
    """A table becomes a ZIP: the file of each row, and index.csv, which says what became of it. Columns: address and
    client; name, keep, provider, smtp_port, format, device, profile where they are wanted. A row of no use is reported
    there, and the rest goes on. At most 10,000 rows, of them 300 with a QR code as a picture; two tables at a time, who
    comes then gets 429."""
    # Whoever reads it to its end closes it.
    target = cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY_MAX))  # noqa: SIM115
    try:
        with slow.tables.turn():
            summary = _write(call, target)
    except Exception as error:
        target.close()
        raise _problem(error) from None
    response = Response(_pieces(target), mimetype="application/zip")
    response.headers["Content-Disposition"] = f"attachment; filename={site_provider().file_stem}.zip"
    response.headers["Export-Rows"] = str(summary.rows)
    response.headers["Export-Bad-Rows"] = str(summary.bad)
    return response


def _write(call: Call, target: BinaryIO) -> Summary:
    look = slow.watched(TABLE_SECONDS)
    table, _ = bounded_table(call.body, TABLE_ROWS_MAX, TABLE_CODES_MAX)
    options = current_config().export_options(call.locale)
    return write_exports(table, target, current_providers(), options, lambda _result: look(), finish=signing.signed)


def _problem(error: Exception) -> Exception:
    match error:
        case InputError():
            return ProblemError(Kind.INVALID_INPUT, error.message)
        case slow.BusyError():
            return too_many(TABLES_AGAIN_SECONDS)
        case slow.OverdueError() | slow.GoneError():
            return ProblemError(Kind.UNAVAILABLE, Message(N_("The table took too long. Split it.")))
    return error


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(64 * 1024):
            yield piece
