"""Error pages: what happened and what to do.

The 500 page shows an incident number that is also logged. Page and log contain no form data and no local variables. If
the error page itself fails, a bare one without template and session is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from types import TracebackType
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request, url_for
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable
from werkzeug.routing import Rule

from webapp.core.text import DEFAULT_LOCALE, N_, Message, locales, new_reference, translations_for
from webapp.infrastructure import compression, db
from webapp.infrastructure.logs import known, logger, route


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Heading, what happened, what to do now."""

    title: Message
    what: Message
    now: Message


START_AGAIN = Message(N_("Go to the start page."))

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
    431: ErrorPage(
        Message(N_("The address or the cookies are too long")),
        Message(N_("Your browser sent more with its request than we take. Nothing was changed.")),
        Message(N_("Delete the cookies of this site in your browser, then go to the start page.")),
    ),
    500: ErrorPage(
        Message(N_("Something went wrong on our side")),
        Message(N_("It was not your fault. The problem has been recorded.")),
        Message(N_("Try again in a few minutes.")),
    ),
    503: ErrorPage(
        Message(N_("Not available at the moment")),
        Message(N_("The site is busy or is being serviced.")),
        Message(N_("Try again in a few minutes.")),
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

FOREIGN_HOST = ErrorPage(
    Message(N_("This site has another address")),
    Message(N_("It is not set up under the one that your browser asked for.")),
    Message(N_("Check the address, then try again.")),
)
# In every language: the request may be unusable.
BARE_PAGE = Markup(
    '<!doctype html><html lang="{locale}"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"></head><body><main>{parts}</main></body></html>'
)
BARE_PART = Markup('<section lang="{locale}"><{tag}>{title}</{tag}><p>{what} {now}</p><p>{incident}</p></section>')


class LateRule(Rule):
    """A rule that compiles its builder of URLs when the first one is made: most are never asked for.

    Compiling all of them at once was four fifths of the time of create_app.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build


class Application(Flask):
    """Flask that gives each unforeseen error an incident number, logs no path, and compresses what may be."""

    url_rule_class = LateRule

    def process_response(self, response: Response) -> Response:
        return compression.compressed(self, request, super().process_response(response))

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        g.incident = new_reference()
        logger.error("incident %s: %s %s", g.incident, known(request.method), route(), exc_info=exc_info)


Answering = Callable[[HTTPException], ResponseReturnValue]


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(SQLAlchemyError, _database_failed)


def _database_failed(error: SQLAlchemyError) -> ResponseReturnValue:
    if not db.is_away(error):
        raise error
    return unavailable(db.reason(error))


def unavailable(reason: str) -> ResponseReturnValue:
    """Answer 503: the database cannot be asked, for the `reason` that the log gets."""
    logger.error("the database does not answer: %s %s: %s", known(request.method), route(), reason)
    return current_app.handle_http_exception(ServiceUnavailable(retry_after=60))


def answer_below(app: App, prefix: str, answer: Answering) -> None:
    """Set the error handler for paths below `prefix`, such as one that answers JSON."""
    app.extensions.setdefault("error_answers", {})[prefix] = answer


def show(error: HTTPException) -> ResponseReturnValue:
    """Answer with the page of `error`, keeping its headers (Allow, Retry-After)."""
    answers: dict[str, Answering] = current_app.extensions.get("error_answers", {})
    for prefix, answer in answers.items():
        if request.path.startswith(prefix):
            return answer(error)
    return page(error)


def page(
    error: HTTPException, layout: str = "base.html", start: str = "wizard.start", **values: object
) -> ResponseReturnValue:
    """Return the page of `error` in the layout of a part, which takes `values`, with the way to its start."""
    status = error.code or 500
    if isinstance(error, SecurityError):  # a foreign Host header: url_for would fail
        return _bare(400, FOREIGN_HOST)
    told = EXPIRED_FORM if isinstance(error, CSRFError) else page_of(status)
    try:
        text = render_template(
            "errors/error.html",
            page=told,
            incident=g.get("incident"),
            start=url_for(start),
            layout=layout,
            reopened=_reopened(error),
            **values,
        )
    except Exception:
        logger.exception("error page %d failed, incident %s", status, g.get("incident"))
        return _bare(status, PAGES[500])
    response = Response(text, status, mimetype="text/html")
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def page_of(status: int) -> ErrorPage:
    return PAGES.get(status) or PAGES[400 if status < 500 else 500]


def _reopened(error: HTTPException) -> str | None:
    """Return the URL of an expired form, or None."""
    adapter = current_app.create_url_adapter(request)
    if not isinstance(error, CSRFError) or adapter is None or not adapter.test(request.path, "GET"):
        return None
    return request.full_path.removesuffix("?")


def _bare(status: int, page: ErrorPage) -> Response:
    return Response(bare(page, g.get("incident", "")), status, mimetype="text/html")


def bare(page: ErrorPage, incident: str = "") -> Markup:
    """Return the page that needs nothing of the application, in every language."""
    number = Message(N_("If you ask for help, give this number: %(number)s"), {"number": incident})
    parts: list[Markup] = []
    for locale in locales():
        title, what, now, told = (
            message.translated(translations_for(locale)) for message in (page.title, page.what, page.now, number)
        )
        values = {"title": title, "what": what, "now": now, "incident": told if incident else ""}
        parts.append(BARE_PART.format(locale=locale, tag="h2" if parts else "h1", **values))
    title = page.title.translated(translations_for(DEFAULT_LOCALE))
    return BARE_PAGE.format(locale=DEFAULT_LOCALE, title=title, parts=Markup("").join(parts))
