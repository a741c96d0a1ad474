"""What Thunderbird has written into a profile, read without Thunderbird."""

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
    """What one POP account has stored in the profile, read without Thunderbird. folder: of the account."""

    folder: Path

    def subjects(self, name: str = "Inbox") -> list[str]:
        """Return the subjects of the messages in a local folder, in the order of their arrival."""
        with contextlib.closing(mailbox.mbox(self.folder / name, create=False)) as box:
            return [str(message["Subject"]) for message in box]

    def age(self, days: int) -> None:
        """Move the times at which Thunderbird saw each message back, as if `days` and a minute had passed.

        popstate.dat: after a line "*host user" one line for each message, "status uidl seconds since 1970".
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
    """Return what stands in prefs.js of a profile, read by a reader of our own."""
    text = (profile / "prefs.js").read_text(encoding="utf-8")
    return {
        json.loads(name): json.loads(value)
        for name, value in re.findall(r'^user_pref\(("(?:[^"\\]|\\.)*"), (.*)\);$', text, re.MULTILINE)
    }
