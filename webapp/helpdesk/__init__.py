"""The helpdesk: an agent on the telephone sees how far a person has come, and what to say next.

Nobody imports this room. It listens to `webapp.infrastructure.events`, adds its banner by a context processor, and is
registered like every other; without its folder the wizard works as before.

agents guessable sessions factors oidc sign_in        who may help
presence profile admin                                what agents change of it
cases tokens check_words                              one person being helped
vocabulary places live whereabouts                    from what happens to closed words
live_view guiding saying hints glance log             from the words to what the agent sees and says
desk case_views forms report recipients               the agent's pages, and what goes to other systems
bulk_views bulk_jobs                                  files for many people
courses course_views                                  a sheet of links for one day
orphans                                               cases whose agent helps no more
join page_asks person prefill way_back hours calls    the person's pages
colleagues                                            a second pair of eyes
summary                                               the sheet after the call
statistics purging audit                              what remains, and what goes
"""

from datetime import date, datetime
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, request
from flask.blueprints import BlueprintSetupState
from flask_babel import format_time
from werkzeug.exceptions import HTTPException

from webapp.helpdesk import (
    admin,
    bulk_views,
    calls,
    case_views,
    course_views,
    desk,
    factors,
    join,
    live,
    person,
    presence,
    profile,
    sign_in,
    summary,
    whereabouts,
)
from webapp.helpdesk.purging import purge
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sessions import current
from webapp.infrastructure import background, errors
from webapp.infrastructure.i18n import TIME_ZONE, current_locale, day_and_time

PURGE_SECONDS = 600
KEYS_SECONDS = 3600  # after a change of the key; docs/operation.md names the hour

__all__ = [
    "admin", "blueprint", "bulk_views", "calls", "case_views", "course_views", "desk", "join",
    "person", "presence", "profile", "sign_in", "summary",
]  # fmt: skip


background.every(blueprint, "helpdesk-purge", PURGE_SECONDS, lambda app: purge(app.extensions["config"]))
background.every(
    blueprint, "helpdesk-keys", KEYS_SECONDS, lambda app: factors.seal_secrets_anew(app.extensions["config"])
)


@blueprint.record_once
def _listen(state: BlueprintSetupState) -> None:
    live.init_app(cast(Flask, state.app))
    whereabouts.init_app(cast(Flask, state.app))
    errors.answer_below(cast(Flask, state.app), "/helpdesk", _refused)


def _refused(error: HTTPException) -> Answer:
    """Answer an agent with their own header; where the site itself fails, nothing is asked of it."""
    if (error.code or 500) >= 500:
        return errors.page(error)
    return errors.page(error, "helpdesk/desk.html", "helpdesk.overview", **_describe_agent())


@blueprint.context_processor
def _describe_agent() -> dict[str, object]:
    return {"signed_in": current(touch=False) if request.path.startswith("/helpdesk") else None}


@blueprint.app_template_filter("clock")
def _clock(moment: datetime) -> str:
    """Return the time of day to the second, where GMX's people live."""
    return str(format_time(moment, "medium"))


blueprint.add_app_template_filter(day_and_time, "day_and_time")


@blueprint.app_template_filter("lately")
def _lately(moment: datetime) -> str:
    """Return the time of day of what was today, with the day before it for what was not."""
    zone = ZoneInfo(TIME_ZONE)
    return _written(moment.replace(second=0, microsecond=0), datetime.now(zone).date(), current_locale())


@lru_cache(maxsize=1000)  # thirty rows of a desk are written anew with every change of one of them
def _written(moment: datetime, today: date, _locale: str) -> str:
    is_today = moment.astimezone(ZoneInfo(TIME_ZONE)).date() == today
    return str(format_time(moment, "short")) if is_today else day_and_time(moment)
