"""docs/faults.md, made from the files of tests/dialogues: every fault that is played, and what a person is told."""

from __future__ import annotations

from pathlib import Path

from tests.support.fault_server import Dialogue, read_all
from webapp.diagnosis import CATALOGUE
from webapp.probe import LIMITS, FailureKind, Limits

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
_HEAD = """# Faults and what people are told

Every row is a file of `tests/dialogues`, played over real sockets in the tests: a server that misbehaves in one way, and
what the connection test must make of it. This page is made from those files
(`python -m pytest tests/probe/test_faults.py --update-golden`).

- **Stage** and **failure** are the report's own words; so are the ids of the diagnoses, each of which has a page
  `/help/<id>`.
- **From your computer / from our server**: what a check is allowed to say depends on where it dials from. Our server
  cannot know the network of a person.
- **Told after**: the longest wait of that stage in seconds, where time is what runs out; everything else is told at once.
  A whole run ends after {run:g} s without a login and {run_with_login:g} s with one, whatever happens.
- **Logins**: how many login attempts the server counts. Never more than one.
"""
_COLUMNS = ("What the server does", "Stage", "Failure", "From your computer", "From our server", "Told after", "Logins")
_TITLES = {"pop3": "Receiving (POP3)", "smtp": "Sending (SMTP)"}


def seconds(dialogue: Dialogue, limits: Limits = LIMITS) -> float:
    """Return within how many seconds the failure is known: the limit of its stage where time runs out, else none."""
    if dialogue.fact("failure") != FailureKind.TIMED_OUT:
        return 0
    by_stage = {"resolve": limits.resolve, "connect": limits.connect, "tls": limits.tls}
    return by_stage.get(dialogue.fact("stage"), limits.reply)


def diagnoses(dialogue: Dialogue) -> tuple[str, str]:
    """Return the ids of what is told: seen from the person's computer, and seen from our server."""
    here = dialogue.fact("diagnosis")
    return here, dialogue.fact("diagnosis from the server", here)


def page() -> str:
    """Return the page as it should be."""
    parts = [_HEAD.format(run=LIMITS.run, run_with_login=LIMITS.run_with_login)]
    for protocol, title in _TITLES.items():
        rows = [_row(dialogue) for dialogue in read_all() if dialogue.fact("protocol") == protocol]
        parts.append(f"\n## {title}\n\n{_line(_COLUMNS)}\n{_line(('---',) * len(_COLUMNS))}\n" + "".join(rows))
    used = sorted({found for dialogue in read_all() for found in diagnoses(dialogue) if found})
    parts.append("\n## The diagnoses\n\n" + "".join(f"- `{name}`: {CATALOGUE[name].title}\n" for name in used))
    return "".join(parts)


def _row(dialogue: Dialogue) -> str:
    here, server = (f"`{name}`" if name else "–" for name in diagnoses(dialogue))
    wait = seconds(dialogue)
    failure = dialogue.fact("failure") or dialogue.fact("status", "passed")
    cells = (dialogue.fact("title"), dialogue.fact("stage"), failure, here, server, f"{wait:g} s" if wait else "at once",
             dialogue.fact("attempts", "0"))  # fmt: skip
    return _line(cells) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
