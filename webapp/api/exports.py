"""Files for mail programs: for one account and language the same bytes as by command line and wizard."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import IO, Any, BinaryIO, cast

from flask import Response, current_app, request

from webapp.api.accounts import ACCOUNT, account_of
from webapp.api.inputs import Field
from webapp.api.keys import Scope
from webapp.api.operations import LOCALE, Call, operation
from webapp.api.problems import Kind, ProblemError
from webapp.bulk import read_table, write_exports
from webapp.clients import CLIENTS, Client, Export, ExportOptions
from webapp.config import TABLE_BYTES_MAX, Config, current_config, current_providers
from webapp.events import file_downloaded
from webapp.providers import Provider
from webapp.signing import signed
from webapp.text import InputError, Message, translations_for

NOTES = "Export-Notes"
# Octets of a ZIP that touch no disk, enough for some 15,000 people. A table of the shortest rows can become more than
# 100 MB, which is too much for the memory of a small server: beyond this it goes into a temporary file without a name.
IN_MEMORY_MAX = 32 << 20
SPECIAL: Mapping[str, tuple[Field, ...]] = {
    "apple-mail": (Field("device", "For which device.", {"type": "string", "enum": ["iphone", "mac"]}),),
    "outlook": (
        Field(
            "profile",
            "existing: into the Outlook profile in use. new: into one of its own.",
            {"type": "string", "enum": ["existing", "new"], "default": "existing"},
        ),
    ),
}
PROBLEMS = (Kind.UNKNOWN_ADDRESS, Kind.INVALID_INPUT)


def fields(client: Client) -> tuple[Field, ...]:
    """Return what a call for a file of `client` may carry."""
    formats = Field(
        "format",
        "Format of the file.",
        {"type": "string", "enum": list(client.formats), "default": client.formats[0]},
    )
    return (*ACCOUNT, formats, *SPECIAL.get(client.id, ()), LOCALE)


def made(
    client: Client, values: Mapping[str, Any], providers: Mapping[str, Provider], config: Config, locale: str
) -> tuple[Export, tuple[Message, ...]]:
    """Return the file and everything that is to be said of it; raises ProblemError."""
    account, notes = account_of(values, providers)
    options = ExportOptions(
        format=values["format"],
        device=values.get("device"),
        profile=values.get("profile") or "existing",
        locale=locale,
        host=config.public_host,
        organization=config.operator_name,
    )
    try:
        export = client.export(account, options)
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    return export, (*notes, *export.notes)


def headers(export: Export, notes: tuple[Message, ...], locale: str) -> dict[str, str]:
    """Return the headers of the file itself."""
    found = {
        "Content-Type": export.media_type,
        "Content-Disposition": f"attachment; filename={export.file_name}",
        "Content-Language": locale,
    }
    if notes:
        translations = translations_for(locale)
        found[NOTES] = ", ".join(display_string(note.translated(translations)) for note in notes)
    return found


def media_types(client: Client) -> tuple[str, ...]:
    """Return the media types of the client's files."""
    account = next(iter(current_providers().values())).account("anna@gmx.de")
    found = [client.export(account, ExportOptions(format=name)).media_type for name in client.formats]
    return tuple(dict.fromkeys(found))


@lru_cache(256)  # notes are ours, in a few languages
def display_string(text: str) -> str:
    """Return `text` as a Display String, RFC 9651 section 4.1.11: the way to say ä in a header."""
    octets = "".join(
        chr(octet) if 0x20 <= octet <= 0x7E and octet not in b'%"' else f"%{octet:02x}" for octet in text.encode()
    )
    return f'%"{octets}"'


def _view(client: Client) -> Callable[[Call], Response]:
    def view(call: Call) -> Response:
        export, notes = made(client, call.values, current_providers(), current_config(), call.locale)
        export = signed(export)
        if request.method != "HEAD":
            told(current_app._get_current_object(), client, export)  # type: ignore[attr-defined]
        return Response(export.content, headers=headers(export, notes, call.locale))

    return view


def told(app: Any, client: Client, export: Export) -> None:
    """Tell whoever listens that a file was fetched."""
    file_downloaded.send(app, client=client.id, format=export.file_name.rpartition(".")[2])


def _declare(client: Client) -> None:
    view = _view(client)
    text = (
        "The file. It never holds a password. What the format cannot say stands in the header Export-Notes, a list of "
        "Display Strings (RFC 9651)."
    )
    shared: dict[str, Any] = {"answers": {200: lambda: media_types(client)}, "problems": PROBLEMS}
    operation(
        "GET", f"/exports/{client.id}", f"A file for {client.name}", name=f"export_{client.id}", query=fields(client),
        text=f"{text} Logs of proxies keep queries: POST keeps the address out of them.", **shared,
    )(view)  # fmt: skip
    operation(
        "POST", f"/exports/{client.id}", f"A file for {client.name}", name=f"export_{client.id}_by_body",
        body=fields(client), text=text, **shared,
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
    there, and the rest goes on."""
    config = current_config()
    options = ExportOptions(locale=call.locale, host=config.public_host, organization=config.operator_name)
    # Whoever reads it to its end closes it.
    target = cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY_MAX))  # noqa: SIM115
    try:
        summary = write_exports(read_table(io.BytesIO(call.body)), target, current_providers(), options, finish=signed)
    except InputError as error:
        target.close()
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    response = Response(_pieces(target), mimetype="application/zip")
    response.headers["Content-Disposition"] = "attachment; filename=gmx-pop.zip"
    response.headers["Export-Rows"] = str(summary.rows)
    response.headers["Export-Bad-Rows"] = str(summary.bad)
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(64 * 1024):
            yield piece
