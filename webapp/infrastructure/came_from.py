"""Where a person came from: a page of ours that led to this one. Never an address of somebody else."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException


class Page(NamedTuple):
    """A page of ours: what makes it, and its path and query."""

    endpoint: str
    path: str
    query: str

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


_WAY: Final = (
    "wizard.start", "wizard.step", "wizard.adjust", "wizard.adjustment", "wizard.done", "wizard.finish", "guides.step",
)  # fmt: skip
_HELP: Final = ("help.index", "help.show", "help.thanks", "help.not_working")
_TESTS: Final = ("connection_tests.index", "connection_tests.show")
# The pages that lie before one, by what that is. So no two name each other: “back” would go round.
BEFORE: Final = {
    "about": _WAY + _HELP + _TESTS,
    "advice": _WAY + _HELP,
    "check-file": _HELP,
    "finish": ("wizard.adjust", *_TESTS),
    "help": (*_WAY, "help.not_working"),
    "test": _HELP,
    "cause": ("help.index",),
    "step": ("help.not_working", "help.index", "help.show", "connection_tests.index"),  # once more
}


def init_app(app: Flask) -> None:
    app.jinja_env.globals["came_from"] = came_from


def page_of_ours(link: str) -> Page | None:
    """Return our page that `link`, a whole address or what follows the host, leads to; None for anything else."""
    try:
        there = urlsplit(link)
    except ValueError:  # no address at all
        return None
    if there.netloc not in ("", request.host) or not there.path.startswith("/") or there.path.startswith("//"):
        return None
    try:
        endpoint, _ = current_app.url_map.bind("").match(there.path.removeprefix(request.script_root), method="GET")
    except HTTPException:
        return None
    return Page(str(endpoint), there.path, there.query)


def came_from(what: str) -> str | None:
    """Return the path and query of the page with the link to this one, where it lies before `what`; else None.

    The browser says it (Referer, which our own Referrer-Policy lets it send to us).
    """
    page = page_of_ours(request.referrer or "")
    return page.url if page and page.endpoint in BEFORE[what] else None
