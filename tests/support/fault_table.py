"""Generates docs/faults.md from tests/dialogues: every fault and its diagnosis."""

from __future__ import annotations

from pathlib import Path

from tests.support.fault_server import Dialogue, read_all
from tests.support.produced import NOTHING, OURS_ALONE, Told, expected, met_by
from tests.support.programs import PROGRAMS
from tests.support.told import CATALOGUE
from webapp.core.probe import BOUNDS, Bounds, FailureKind

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
_HEAD = """# Faults and what people are told

Every row is a file of `tests/dialogues`, played over real sockets in the tests: a server that misbehaves in one way, and
what the connection test must make of it. This page is made from those files
(`python -m pytest tests/core/probe/test_faults.py --update-golden`).

- **Stage** and **failure** are the report's own words; so are the ids of the diagnoses, each of which has a page
  `/help/<id>`.
- **From your computer / from our server**: what a check is allowed to say depends on where it dials from. Our server
  cannot know the network of a person.
- **Told after**: the longest wait of that stage in seconds, where time is what runs out; everything else is told at once.
  A whole run ends after {run:g} s without a login and {run_with_login:g} s with one, whatever happens.
- **Logins**: how many login attempts the server counts. Never more than one.
"""
_COLUMNS = ("What the server does", "Stage", "Failure", "From your computer", "From our server", "Told after", "Logins")
_PROGRAMS = """
## What programs show

Real programs met the same servers in the tests, and what they printed or showed was asked in the help.

- **✓**: the help finds first what our check finds.
- **=** and a cause: the program prints the same lines at another fault, whose cause is found first. Nobody could tell them
  apart, so the help says “could”, and what our check finds is among the three causes shown.
- **-v** and a cause: the same, of more than three causes. The help asks for what the program prints with `-v`, and finds then
  first what our check finds.
- **check** and a cause: the same of a program that never says more. Our own check tells them apart; the help offers it.
- **settings** and a cause: so it is with wrong settings too, which are likelier. Our check knows that its own are right. What
  it finds is among the three causes shown.
- **(…)**: what our check finds is proved by no message, and would alarm for nothing. The nearest cause is found.
- **–**: the program shows nothing, for it never asks what the fault answers, takes what our check refuses, or goes on; of
  Thunderbird, not tried.
"""
_TITLES = {"pop3": "Receiving (POP3)", "smtp": "Sending (SMTP)"}


def seconds(dialogue: Dialogue, bounds: Bounds = BOUNDS) -> float:
    """Return the time-out of the failed stage in seconds, None where none expires."""
    if dialogue.fact("failure") != FailureKind.TIMED_OUT:
        return 0
    by_stage = {"resolve": bounds.resolve, "connect": bounds.connect, "tls": bounds.tls}
    return by_stage.get(dialogue.fact("stage"), bounds.reply)


def diagnoses(dialogue: Dialogue) -> tuple[str, str]:
    """Return the ids of the diagnoses from the person's computer and from our server."""
    here = dialogue.fact("diagnosis")
    return here, dialogue.fact("diagnosis from the server", here)


def page() -> str:
    """Return the page."""
    parts = [_HEAD.format(run=BOUNDS.run, run_with_login=BOUNDS.run_with_login)]
    for protocol, title in _TITLES.items():
        rows = [_row(dialogue) for dialogue in read_all() if dialogue.fact("protocol") == protocol]
        parts.append(f"\n## {title}\n\n{_line(_COLUMNS)}\n{_line(('---',) * len(_COLUMNS))}\n" + "".join(rows))
    parts.append(_PROGRAMS + "".join(map(_programs, _TITLES)))
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


def _programs(protocol: str) -> str:
    """Return the table of what the programs of `protocol` show, by fault."""
    head = ("What the server does", "Our check", *PROGRAMS[protocol], "Thunderbird")
    lines = [_line(head), _line(("---",) * len(head))]
    for dialogue in read_all():
        ours = diagnoses(dialogue)[0]
        if ours and dialogue.fact("protocol") == protocol:
            cells = (_cell(expected(program, dialogue), ours) for program in (*met_by(dialogue), "thunderbird"))
            lines.append(_line((dialogue.fact("title"), f"`{ours}`", *cells)))
    return f"\n### {_TITLES[protocol]}\n\n" + "\n".join(lines) + "\n"


def _cell(told: Told, ours: str) -> str:
    if told.found in (NOTHING, ours):
        return NOTHING if told.found == NOTHING else "✓"
    if ours == OURS_ALONE:
        return f"(`{told.found}`)"
    why = "check" if told.checked else "-v" if told.talking else "=" if told.like else "settings"
    return f"{why} `{told.found}`"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
