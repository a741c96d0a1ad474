"""Provider files that lead to servers of the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from webapp.account import Server

PROVIDERS = Path(__file__).parents[2] / "webapp" / "providers"
_SERVERS_TABLE = re.compile(r"^\[\[servers\]\]\n(?:(?!\[).*\n?)*", re.MULTILINE)


def rewrite_providers(folder: Path, servers: Iterable[Server]) -> None:
    """Write every built-in provider file into `folder`, with `servers` in the place of its own."""
    tables = "".join(
        f'\n[[servers]]\ntype = "{server.type}"\nhostname = "{server.hostname}"\nport = {server.port}\n'
        f'socket_type = "{server.socket_type}"\n'
        for server in servers
    )
    folder.mkdir(parents=True, exist_ok=True)
    for file in PROVIDERS.glob("*.toml"):
        text, count = _SERVERS_TABLE.subn("", file.read_text(encoding="utf-8"))
        assert count, f"{file.name} has no [[servers]]"
        (folder / file.name).write_text(text + tables, encoding="utf-8")
