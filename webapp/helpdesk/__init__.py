"""The helpdesk: an agent on the telephone sees how far a person has come, and what to say next.

Nobody imports this room. It listens to `webapp.events`, adds its banner by a context processor, and is registered like
every other; without its folder the wizard works as before.

agents sessions factors oidc sign_in account admin    who may help
cases tokens words attempts                           one person being helped
vocabulary live picture                               from what happens to what the agent sees
desk case_pages forms report tickets                  the agent's pages, and what goes to other systems
bulk_pages bulk_jobs                                  files for many people
join person prefill                                   the person's pages
statistics plots purging courier audit                what remains, and what goes
"""

from __future__ import annotations

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app, request
from flask.blueprints import BlueprintSetupState

from webapp import periodic
from webapp.helpdesk import account, admin, bulk_pages, case_pages, courier, desk, join, live, person, sign_in
from webapp.helpdesk.purging import purge
from webapp.helpdesk.room import blueprint
from webapp.helpdesk.sessions import current
from webapp.i18n import TIME_ZONE

PURGE_SECONDS = 600

__all__ = ["account", "admin", "blueprint", "bulk_pages", "case_pages", "desk", "join", "person", "sign_in"]


periodic.every(blueprint, "helpdesk-purge", PURGE_SECONDS, lambda app: purge(app.extensions["config"]))


@blueprint.record_once
def _listen(state: BlueprintSetupState) -> None:
    live.init_app(cast(Flask, state.app))


@blueprint.before_app_request
def _start_courier() -> None:
    """Start the courier after fork: with the first request of a process that has jobs, not of a test client."""
    if "timer" in current_app.extensions:
        courier.of(cast(Flask, current_app._get_current_object())).start()  # type: ignore[attr-defined]


@blueprint.context_processor
def _describe_agent() -> dict[str, object]:
    return {"signed_in": current(touch=False) if request.path.startswith("/helpdesk") else None}


@blueprint.app_template_filter("clock")
def _clock(moment: datetime) -> str:
    """Return the time of day to the second, where GMX's people live."""
    return moment.astimezone(ZoneInfo(TIME_ZONE)).strftime("%H:%M:%S")


@blueprint.app_template_filter("day_and_time")
def _day_and_time(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(TIME_ZONE)).strftime("%d.%m.%Y %H:%M")
