"""Error pages: what happened, in plain words, and the way on.

The 500 page shows an incident number that is in the log too. Neither page nor log holds form data or a local variable.
Where even the error page fails, a bare one answers that needs no template, no translation and no session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from flask import Flask, Response, current_app, g, render_template, request, url_for
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, SecurityError

from webapp.logs import known, logger, route
from webapp.probe.report import new_reference
from webapp.text import N_, Message


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a person reads: heading, what happened, what to do now."""

    title: Message
    what: Message
    now: Message


START_AGAIN = Message(N_("Go to the start page. Your answers are still there."))

PAGES = {
    400: ErrorPage(
        Message(N_("Your browser's request was incomplete")),
        Message(N_("Something was missing in what your browser sent. Nothing was changed.")),
        START_AGAIN,
    ),
    403: ErrorPage(
        Message(N_("This page is not open to you")),
        Message(N_("The request came from another website, or the page is somebody else's. Nothing was changed.")),
        START_AGAIN,
    ),
    404: ErrorPage(
        Message(N_("There is no such page")),
        Message(N_("The address may be mistyped, or the page has expired.")),
        START_AGAIN,
    ),
    405: ErrorPage(
        Message(N_("This page cannot be opened directly")),
        Message(N_("It only answers a button on another page. Nothing was changed.")),
        START_AGAIN,
    ),
    413: ErrorPage(
        Message(N_("That was too much text")),
        Message(N_("Your browser sent more than our forms can hold. Nothing was changed.")),
        Message(N_("Go back and shorten what you entered.")),
    ),
    429: ErrorPage(
        Message(N_("Please wait a little")),
        Message(N_("This page was requested too often in a short time.")),
        Message(N_("Wait a few minutes, then try again.")),
    ),
    500: ErrorPage(
        Message(N_("Something went wrong on our side")),
        Message(N_("It was not your fault. The problem has been recorded.")),
        Message(N_("Try again in a few minutes. Your answers are still there.")),
    ),
    503: ErrorPage(
        Message(N_("Not available at the moment")),
        Message(N_("The site is busy or is being serviced.")),
        Message(N_("Try again in a few minutes. Your answers are still there.")),
    ),
}

PAGES[410] = PAGES[404]

EXPIRED_FORM = ErrorPage(
    Message(N_("The page was open for too long")),
    Message(N_("For your protection a form is valid for one visit only. Nothing was changed.")),
    Message(
        N_(
            "Open the page again and fill it in once more. If you see this message again, allow cookies for this "
            "site in your browser."
        )
    ),
)

# Two languages, because nothing may be asked of the request any more.
BARE_PAGE = Markup(
    '<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Es ist ein Fehler aufgetreten</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"></head>'
    "<body><h1>Es ist ein Fehler aufgetreten</h1><p>{what}</p>"
    '<p lang="en">Something went wrong: {what_in_english}</p><p>{incident}</p></body></html>'
)


class Application(Flask):
    """Flask that gives each unforeseen error an incident number and logs no path."""

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        g.incident = new_reference()
        logger.error("incident %s: %s %s", g.incident, known(request.method), route(), exc_info=exc_info)


Answering = Callable[[HTTPException], ResponseReturnValue]


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show)


def answer_below(app: App, prefix: str, answer: Answering) -> None:
    """Let a room answer every error below the path `prefix` in its own way, such as JSON."""
    app.extensions.setdefault("error_answers", {})[prefix] = answer


def show(error: HTTPException) -> ResponseReturnValue:
    """Answer `error` with its page; headers of the error (Allow, Retry-After) are kept."""
    answers: dict[str, Answering] = current_app.extensions.get("error_answers", {})
    for prefix, answer in answers.items():
        if request.path.startswith(prefix):
            return answer(error)
    status = error.code or 500
    if isinstance(error, SecurityError):  # a foreign Host header: no link of ours can be made for it
        return _bare(400, "Unter dieser Adresse ist die Seite nicht eingerichtet.", "the site has another address.")
    try:
        text = render_template(
            "errors/error.html", page=_page(error), incident=g.get("incident"), start=_start(), again=_again(error)
        )
    except Exception:
        logger.exception("error page %d failed, incident %s", status, g.get("incident"))
        return _bare(status, "Versuchen Sie es in einigen Minuten noch einmal.", "try again in a few minutes.")
    response = Response(text, status, mimetype="text/html")
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _page(error: HTTPException) -> ErrorPage:
    if isinstance(error, CSRFError):
        return EXPIRED_FORM
    status = error.code or 500
    return PAGES.get(status) or PAGES[400 if status < 500 else 500]


def _start() -> str:
    return url_for("wizard.start")


def _again(error: HTTPException) -> str | None:
    """Return where the form of an expired page stands, or None."""
    adapter = current_app.create_url_adapter(request)
    if not isinstance(error, CSRFError) or adapter is None or not adapter.test(request.path, "GET"):
        return None
    return request.full_path.removesuffix("?")


def _bare(status: int, what: str, what_in_english: str) -> Response:
    incident = g.get("incident")
    text = BARE_PAGE.format(
        what=what, what_in_english=what_in_english, incident=f"Vorgang / incident {incident}" if incident else ""
    )
    return Response(text, status, mimetype="text/html")
