"""Where a person was when they asked for help or looked at a page of it: a path of ours, on which they go on."""

from flask import request, session, url_for

from webapp.helpdesk import live
from webapp.helpdesk.room import blueprint
from webapp.infrastructure.came_from import page_of_ours
from webapp.web.wizard import answers as store
from webapp.web.wizard.asking import next_url

FROM_KEY = "help_from"  # in the person's own sealed session
FROM_MAX = 80
_ROOMS = ("wizard", "guides", "connection_tests", "help", "advice", "pages", "health")
_WITH_QUERY = ("guides.step", "connection_tests.index", "wizard.step")  # it says whose page it is


@blueprint.before_request
def remember_where() -> None:
    """Keep from which page of ours the person came to one of these; the browser names it to its own site alone."""
    if not request.path.startswith("/join") or request.endpoint == "helpdesk.banner":
        return  # the line at the top asks by itself: it must not put back a session that has changed meanwhile
    came = _lasting(request.values.get("from") or request.referrer or "")
    if came and session.get(FROM_KEY) != came:
        session[FROM_KEY] = came


def _lasting(link: str) -> str:
    """Return what is kept of the address of one of our pages, "" for every other."""
    page = page_of_ours(link)
    if page is None or page.endpoint.partition(".")[0] not in _ROOMS:
        return ""
    whole = page.url if page.endpoint in _WITH_QUERY and _is_short(page.url) else page.path
    return whole if _is_short(whole) else ""


def _is_short(url: str) -> bool:
    """Whether a cookie has room for it, where all but ASCII takes up to twelve bytes a character."""
    return url.isascii() and len(url) <= FROM_MAX


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


@blueprint.app_context_processor
def _way_back() -> dict[str, object]:
    return {"way_back": where_they_were, "this_page": lambda: _lasting(request.script_root + request.full_path)}
