"""Reads what Thunderbird wrote into a profile."""

from __future__ import annotations

import contextlib
import json
import mailbox
import re
from dataclasses import dataclass
from pathlib import Path

DAY_SECONDS = 24 * 60 * 60

Value = str | int | bool


@dataclass(frozen=True)
class Mailbox:
    """The local mail of a POP account. folder: of the account."""

    folder: Path

    def subjects(self, name: str = "Inbox") -> list[str]:
        """Return the subjects in a local folder, in order of arrival."""
        with contextlib.closing(mailbox.mbox(self.folder / name, create=False)) as box:
            return [str(message["Subject"]) for message in box]

    def age(self, days: int) -> None:
        """Age the messages by `days` and a minute, in popstate.dat.

        After a line "*host user", one line per message: "status uidl unix-time".
        """
        file = self.folder / "popstate.dat"
        text, count = re.subn(
            r"^([a-z]) (\S+) (\d+)$",
            lambda line: f"{line[1]} {line[2]} {int(line[3]) - days * DAY_SECONDS - 60}",
            file.read_text(encoding="utf-8").replace("\r\n", "\n"),
            flags=re.MULTILINE,
        )
        assert count, "Thunderbird keeps no clock for any message"
        file.write_text(text, encoding="utf-8")


def read_prefs(profile: Path) -> dict[str, Value]:
    """Return the preferences in a profile's prefs.js."""
    text = (profile / "prefs.js").read_text(encoding="utf-8")
    return {
        json.loads(name): json.loads(value)
        for name, value in re.findall(r'^user_pref\(("(?:[^"\\]|\\.)*"), (.*)\);$', text, re.MULTILINE)
    }
