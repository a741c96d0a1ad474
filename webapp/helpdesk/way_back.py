"""Where a person was when they asked for help or looked at a page of it: a path of ours, on which they go on."""

from typing import Final
from urllib.parse import urlsplit

from flask import request, session, url_for

from webapp.helpdesk import live
from webapp.helpdesk.room import blueprint
from webapp.infrastructure.came_from import endpoint_of
from webapp.web.wizard import answers as store
from webapp.web.wizard.asking import next_url

FROM_KEY = "help_from"  # in the person's own sealed session
FROM_MAX: Final = 64
_ROOMS: Final = ("wizard", "guides", "connection_tests", "help", "advice", "pages", "health")


@blueprint.before_request
def remember_where() -> None:
    """Keep from which page of ours the person came to one of these; the browser names it to its own site alone."""
    if not request.path.startswith("/join") or request.endpoint == "helpdesk.banner":
        return  # the line at the top asks by itself: it must not put back a session that has changed meanwhile
    path = request.values.get("from") or _came_from()
    if not path.startswith("/") or len(path) > FROM_MAX:
        return
    endpoint = endpoint_of(path) or ""
    if endpoint.partition(".")[0] in _ROOMS and session.get(FROM_KEY) != path:
        session[FROM_KEY] = path


def _came_from() -> str:
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:  # no address at all
        return ""
    return came.path if came.netloc == request.host else ""


def where_they_were(*, prepared: bool = False) -> str:
    """Return where the person goes on; with answers that were prepared for them, at the first that is open.

    Who came by a link has left no page, but perhaps a test that failed: that is what they call about.
    """
    before = session.get(FROM_KEY)
    if isinstance(before, str) and not prepared:
        return before
    if not prepared and (run_id := live.failed_run()):
        return url_for("connection_tests.show", run_id=run_id)
    return next_url(store.load()) if store.load() else url_for("wizard.start")


@blueprint.context_processor
def _way_back() -> dict[str, object]:
    return {"way_back": where_they_were}
