"""Whether the person of a case is there: their page asks every few seconds while they look at it."""

from datetime import UTC, datetime, timedelta

from webapp.helpdesk.cases import CaseState
from webapp.infrastructure.models import Case

GONE_AFTER = timedelta(seconds=40)
AWAITED = (CaseState.WAITING, CaseState.CONFIRMING, CaseState.JOINED)


def is_away(state: str, seen_at: datetime | None) -> bool:
    """Whether the page of somebody who should be there is silent: hidden behind another one, or closed."""
    return state in AWAITED and seen_at is not None and datetime.now(UTC) - seen_at > GONE_AFTER


def minutes_since(moment: datetime) -> int:
    return int((datetime.now(UTC) - moment).total_seconds() // 60)


def away(case: Case) -> bool:
    return is_away(case.state, case.seen_at)
