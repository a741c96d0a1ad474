"""The queue in front of the login tests of everybody: who finds the minute used up gets a place.

A place belongs to a run id. As many of the first places as the minute has room for have their turn; nobody overtakes
them. A place that waits ends when its page has not asked for SEEN_SECONDS, one that has its turn after TURN_SECONDS:
whoever leaves the page gives it up.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, or_, select, update

from webapp.infrastructure.limits.store import Counted
from webapp.infrastructure.models import Place

PLACES = cast(Table, Place.__table__)
SEEN_SECONDS = 45
TURN_SECONDS = 90
PLACES_MAX = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands. number: 1 for the next. minutes: until their turn, about."""

    number: int
    has_turn: bool
    minutes: int


def ahead(found: Counted, click: str) -> int:
    """Return how many places are ahead of that of `click`; all of them where it has none."""
    mine = _id_of(found, click)
    before = () if mine is None else (PLACES.c.id < mine,)
    return found.connection.scalar(select(func.count()).select_from(PLACES).where(_alive(found), *before)) or 0


def join(found: Counted, click: str) -> bool:
    """Take the last place, or keep the one there is; False where the queue is full."""
    if _id_of(found, click) is not None:
        return True
    if ahead(found, click) >= PLACES_MAX:
        return False
    leave(found, click)  # one that has ended
    found.connection.execute(insert(PLACES).values(click=_hash(click), seen_at=found.now))
    return True


def stand(found: Counted, click: str, free: int, per_minute: int) -> Standing | None:
    """Note that somebody still waits, and return where; None where their place has ended. free: room in this minute."""
    mine = _id_of(found, click)
    if mine is None:
        return None
    number = ahead(found, click) + 1
    has_turn = number <= free
    turn = {"turn_at": func.coalesce(PLACES.c.turn_at, found.now) if has_turn else PLACES.c.turn_at}
    found.connection.execute(update(PLACES).where(PLACES.c.id == mine).values(seen_at=found.now, **turn))
    return Standing(number, has_turn, max(1, math.ceil((number - free) / per_minute)))


def leave(found: Counted, click: str) -> None:
    found.connection.execute(delete(PLACES).where(PLACES.c.click == _hash(click)))


def purge(found: Counted) -> None:
    found.connection.execute(delete(PLACES).where(~_alive(found)))


def _id_of(found: Counted, click: str) -> int | None:
    number: int | None = found.connection.scalar(
        select(PLACES.c.id).where(PLACES.c.click == _hash(click), _alive(found))
    )
    return number


def _alive(found: Counted) -> ColumnElement[bool]:
    """Times of a clock that ran ahead count for no longer than others."""
    seen, turn = timedelta(seconds=SEEN_SECONDS), timedelta(seconds=TURN_SECONDS)
    waits = PLACES.c.seen_at.between(found.now - seen, found.now + seen)
    has_turn = PLACES.c.turn_at.between(found.now - turn, found.now + turn)
    return or_(and_(PLACES.c.turn_at.is_(None), waits), and_(PLACES.c.turn_at.is_not(None), has_turn))


def _hash(click: str) -> bytes:
    """Return the SHA-256 of a run id, which is random and needs no key."""
    return hashlib.sha256(click.encode()).digest()
