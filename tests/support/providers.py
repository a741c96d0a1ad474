"""Provider files for test servers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from webapp.core.account import Server, ServerType

PROVIDERS = Path(__file__).parents[2] / "webapp" / "core" / "providers"
_SECONDS = re.compile(r"^(seconds_between_pop3_logins = )\d+$", re.MULTILINE)
_SERVERS_TABLE = re.compile(r"^\[\[servers\]\]\n(?:(?!\[).*\n?)*", re.MULTILINE)


def rewrite_providers(folder: Path, servers: Iterable[Server], seconds_between: int | None = None) -> None:
    """Copy every built-in provider file into `folder`, with `servers` replacing its POP3 and SMTP servers.

    seconds_between: replaces `seconds_between_pop3_logins`.
    """
    tables = "".join(
        f'\n[[servers]]\ntype = "{server.type}"\nhostname = "{server.hostname}"\nport = {server.port}\n'
        f'socket_type = "{server.socket_type}"\n'
        for server in servers
    )

    def keep_imap(table: re.Match[str]) -> str:
        return table[0] if f'type = "{ServerType.IMAP}"' in table[0] else ""

    folder.mkdir(parents=True, exist_ok=True)
    for file in PROVIDERS.glob("*.toml"):
        text, count = _SERVERS_TABLE.subn(keep_imap, file.read_text(encoding="utf-8"))
        assert count, f"{file.name} has no [[servers]]"
        if seconds_between is not None:
            text, count = _SECONDS.subn(rf"\g<1>{seconds_between}", text)
            assert count == 1
        (folder / file.name).write_text(text + tables, encoding="utf-8")
