"""Courses: one sheet of paper with a link for each place, alive on that day once the agent opens the course.

A link is 128 bits of an HMAC over the number of the place, with a seed that lies sealed in the database: the sheet can
be printed again, and the table of places holds hashes alone. It is good once, and makes a case at the agent's desk; the
person is asked for consent like everybody.
"""

import hmac
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select, update

from webapp.core.text import N_, InputError, new_reference
from webapp.helpdesk import audit, cases, tokens
from webapp.infrastructure import db, sealing
from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.models import Agent, CaseState, Course, CoursePlace

PLACES_MAX: Final = 30
NAME_MAX: Final = 34  # with the number of the place it is the label of a case
DAYS_AHEAD: Final = 90
COURSES_MAX: Final = 20  # of one agent
_SEED: Final = "helpdesk course"


class Standing(StrEnum):
    """How the link of a place stands."""

    GOOD = "good"
    EARLY = "early"  # not opened yet, or not yet the day
    OVER = "over"  # used, past, or unknown


def today(config: Config) -> date:
    return datetime.now(config.helpdesk_clock).date()


def create(agent_id: int, login: str, name: str, day: date, places: int) -> str:
    """Make a course and return its reference; raises InputError."""
    config, now = current_config(), today(current_config())
    if not now <= day <= now + timedelta(days=DAYS_AHEAD):
        raise InputError(N_("Choose today or a day within the next three months."))
    seed = os.urandom(32)
    course = Course(reference=new_reference(), agent_id=agent_id, name=name, day=day, places=places)
    course.seed = sealing.seal(config, _SEED, seed)
    with db.begin() as session:
        _want_room(session, agent_id)
        session.add(course)
        session.flush()
        for number in range(1, places + 1):
            token = _token(seed, number)
            session.add(CoursePlace(token_hash=tokens.hashed(token), course_id=course.id, number=number))
        audit.note(session, login, audit.Action.COURSE_MADE, course.reference)
        return course.reference


def _want_room(session: db.Session, agent_id: int) -> None:
    """Raise InputError where the agent has as many courses as one may have."""
    there = session.scalar(select(func.count()).select_from(Course).where(Course.agent_id == agent_id)) or 0
    if there >= COURSES_MAX:
        raise InputError(N_("You have 20 courses already. Delete one first."))


def links(course: Course) -> Iterator[tuple[int, str]]:
    """Yield the number and the token of every place; nothing where the seed does not open any more."""
    seed = sealing.unseal(current_config(), _SEED, course.seed)
    for number in range(1, course.places + 1 if seed else 0):
        yield number, _token(seed or b"", number)


def _token(seed: bytes, number: int) -> str:
    return tokens.as_token(hmac.digest(seed, str(number).encode(), "sha256"))


def open_or_close(session: db.Session, course: Course, login: str, *, opened: bool) -> None:
    """Let the links live, or not; only on the day itself."""
    if opened and course.day != today(current_config()):
        return
    course.opened_at = datetime.now(UTC) if opened else None
    audit.note(session, login, audit.Action.COURSE_OPENED if opened else audit.Action.COURSE_CLOSED, course.reference)


def take_over(session: db.Session, course: Course, agent_id: int, login: str) -> None:
    """Give a colleague's course to this agent; raises InputError.

    The links on the printed sheet stay good, and whoever scans one is asked by the new name; the paper has the old one.
    """
    _want_room(session, agent_id)
    course.agent_id = agent_id
    audit.note(session, login, audit.Action.COURSE_TAKEN, course.reference)


def remove(session: db.Session, course: Course, login: str) -> None:
    """Delete the course with its links; the cases that began by them stay."""
    session.delete(course)
    audit.note(session, login, audit.Action.COURSE_DELETED, course.reference)


def standing(token: str) -> Standing:
    """Return how the link of a place stands; changes nothing."""
    with db.read() as session:
        row = session.execute(
            select(CoursePlace.used_at, Course.day, Course.opened_at, Agent.disabled_at)
            .join(Course, Course.id == CoursePlace.course_id)
            .join(Agent, Agent.id == Course.agent_id)
            .where(CoursePlace.token_hash == tokens.hashed(token))
        ).first()
    now = today(current_config())
    if row is None or row.used_at or row.disabled_at or row.day < now:
        return Standing.OVER
    return Standing.GOOD if row.day == now and row.opened_at else Standing.EARLY


def exchange_link(token: str, secret: str) -> bool:
    """Use up the link of a place for the person who holds `secret`. Of two who come at once, one is too late.

    No two words: the sheet is handed over in the room, where the agent stands.
    """
    with db.begin() as session:
        alive = (
            select(Course.id)
            .join(Agent, Agent.id == Course.agent_id)
            .where(
                Course.opened_at.is_not(None), Course.day == today(current_config()), Agent.disabled_at.is_(None)
            )
        )  # fmt: skip
        mine = CoursePlace.token_hash == tokens.hashed(token)
        free = (mine, CoursePlace.used_at.is_(None), CoursePlace.course_id.in_(alive))
        used = session.scalar(
            update(CoursePlace).where(*free).values(used_at=datetime.now(UTC)).returning(CoursePlace.course_id)
        )
        course = session.get(Course, used) if used is not None else None
        place = session.scalar(select(CoursePlace).where(mine))
        if course is None or place is None:
            return False
        case = cases.new_case(session, CaseState.CONFIRMING, new_reference())
        case.agent_id, case.person_hash = course.agent_id, tokens.hashed(secret)
        case.label = f"{course.name}, {place.number}"
        place.case_id = case.id
        login = session.scalar(select(Agent.login).where(Agent.id == course.agent_id))
        audit.note(session, login or "", audit.Action.CASE_OPENED, case.reference)
        return True


def of_agent(session: db.Session, agent_id: int) -> list[Course]:
    return list(session.scalars(select(Course).where(Course.agent_id == agent_id).order_by(Course.day, Course.id)))


def of_colleagues(session: db.Session, agent_id: int) -> Sequence[Any]:
    """Return course and name of its agent for everybody else's courses."""
    query = select(Course, Agent.name).join(Agent, Agent.id == Course.agent_id).where(Course.agent_id != agent_id)
    return session.execute(query.order_by(Course.day, Course.id)).all()
