"""Generates the table of docs/clients.md: programs, files, ways of the guides, and how far they are proved."""

from __future__ import annotations

from pathlib import Path

from webapp.core.clients import CLIENTS, Client, SetBy
from webapp.core.guides import SOURCES, Context, Way, guide
from webapp.core.providers import load

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
BEGIN, END = "<!-- made by the tests: begin -->\n", "<!-- made by the tests: end -->\n"

_SYSTEMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux", "ios": "iOS", "android": "Android"}
_SET_BY = {
    SetBy.FILE: "file",
    SetBy.PROGRAM: "by itself",
    SetBy.PERSON: "by hand",
    SetBy.PERHAPS: "by hand, if it can",
    SetBy.NOTHING: "–",
}


def page(standing: str) -> str:
    """Return the text of the page `standing` with its table made anew."""
    before, rest = standing.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


def table() -> str:
    rows = [
        "| id | program, systems | file | forever / days / delete | ways of the guide | proof |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(client) for client in CLIENTS.values() if client.id in SOURCES),
    ]
    return "\n".join(rows) + "\n"


def _row(client: Client) -> str:
    systems = ", ".join(_SYSTEMS[system] for system in client.systems)
    formats = ", ".join(f"`{name}`" for name in client.formats) or "none"
    keeps = " / ".join(
        _SET_BY[kept] for kept in (client.keeping().forever, client.keeping().days, client.keeping().delete)
    )
    source = SOURCES[client.id]
    ways = ", ".join(f"{way} ({_steps(client.id, way)} steps)" for way in source.ways)
    return f"| `{client.id}` | {client.name}: {systems} | {formats} | {keeps} | {ways} | {source.proof} |"


def _steps(client_id: str, way: Way) -> int:
    provider = load()["gmx.net"]
    account = provider.account("anna@gmx.de")
    return len(guide(Context(client_id, provider, account, way=way, file_name="file")).steps)
