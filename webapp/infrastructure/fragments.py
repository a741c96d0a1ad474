"""Parts of a page that static/js/poll.js keeps up to date: it asks again and again, and mostly nothing is new.

The template of a part is all inside `polled` (templates/_macros/fragments.html). The page includes it; the view that
poll.js asks renders it alone:

    tag = fragments.tag(case.sequence)
    return fragments.answer(tag, lambda: render_template("helpdesk/_live.html", tag=tag, case=case))
"""

from collections.abc import Callable

from flask import Response, request

from webapp.infrastructure.i18n import current_locale


def tag(*parts: object) -> str:
    """Return the ETag of a fragment that changes with `parts`, and with the language."""
    return "-".join(str(part) for part in (*parts, current_locale()))


def answer(tag: str, render: Callable[[], str]) -> Response:
    """Answer the fragment `tag`: 304 without rendering it where the browser has it. Like every page it is no-store."""
    response = Response(mimetype="text/html")
    response.set_etag(tag)
    if request.if_none_match.contains(tag):
        response.status_code = 304
    else:
        response.set_data(render())
    return response
