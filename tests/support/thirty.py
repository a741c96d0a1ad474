"""Thirty open cases of one agent, twelve of them connected: for the desk that somebody must find their way in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from webapp.core.text import new_reference
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, Case, CaseEvent

ADDRESS: Final = "a…l@gmx.de"
PROGRAM: Final = ("choice", {"step": "program", "choice": "thunderbird", "detail": "windows"})
LIVE: Final[tuple[tuple[str, tuple[tuple[str, dict[str, Any]], ...]], ...]] = (
    ("Platz 1", (("step", {"step": "address"}),)),
    ("Platz 2", (("step", {"step": "program"}),)),
    ("Platz 3", (PROGRAM, ("step", {"step": "preparation"}))),
    ("Platz 4", (PROGRAM, ("guide", {"client": "thunderbird", "way": "hand", "step": "server"}))),
    ("Platz 5", (("step", {"step": "address"}), ("mistake", {"step": "address", "mistake": "no-at"}), ("step", {"step": "address"}))),
    ("Platz 6", (PROGRAM, ("file", {"client": "thunderbird", "format": "zip"}))),
    ("Platz 7", (PROGRAM, ("test", {"run": 1, "state": "failed", "diagnoses": ["login-refused"]}))),
    ("Platz 10", (PROGRAM, ("test", {"run": 1, "state": "failed", "diagnoses": ["mailbox-full"]}), ("place", {"place": "help", "about": None}))),
    ("Platz 11", (PROGRAM, ("place", {"place": "done", "about": None}))),
    ("Platz 12", (PROGRAM, ("test", {"run": 1, "state": "running", "diagnoses": []}))),
    ("", (PROGRAM, ("place", {"place": "not-working", "about": None}))),
    ("", (PROGRAM, ("place", {"place": "settings", "about": None}))),
)  # fmt: skip
STUCK: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    PROGRAM,
    ("test", {"run": 1, "state": "failed", "diagnoses": ["login-refused"]}),
)
OTHERS: Final = (*("confirming",) * 3, *("invited",) * 9, *("ended",) * 6)


def fill_desk(config: Config, login: str) -> None:
    """Give the agent `login` the thirty cases, and let three persons wait."""
    now = datetime.now(UTC)
    with db.begin(config) as writing:
        agent_id = writing.scalar(select(Agent.id).where(Agent.login == login))

        def case(number: int, state: str, label: str = "", **values: Any) -> Case:
            at = now - timedelta(minutes=number % 9, seconds=number)
            made = Case(
                reference=new_reference(), agent_id=agent_id, state=state, label=label, created_at=at - timedelta(minutes=number),
                touched_at=at, seen_at=now - timedelta(minutes=2) if number % 6 == 4 else now + timedelta(hours=1), sequence=1,
                **values,
            )  # fmt: skip
            writing.add(made)
            writing.flush()
            return made

        def happened(made: Case, events: Iterable[tuple[str, dict[str, Any]]]) -> None:
            for kind, details in events:
                writing.add(CaseEvent(case_id=made.id, at=now, kind=kind, details=details))

        for number, (label, events) in enumerate(LIVE):
            happened(case(number, "joined", label, joined_at=now, address=ADDRESS), events)
        for number, state in enumerate(OTHERS):
            label, ticket = f"Platz {20 + number}" if number % 3 else "", f"#47{number:02}" if number % 2 else ""
            changes_hands = state == "confirming"  # known to the colleague before
            made = case(number, state, label, ticket=ticket, address=ADDRESS if changes_hands else "")
            happened(made, STUCK if changes_hands else ())
        agent_id = None
        for number in range(3):
            case(number, "waiting")
