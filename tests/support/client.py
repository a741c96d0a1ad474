"""A test client that lints every page it fetches, and submits forms like a browser.

Checked on every page: valid HTML, one heading that the title begins with, the language, labels, unique ids, CSRF tokens
in forms, CSP nonces on scripts, no inline style, no foreign resources, no dead links, a stylesheet for each class, words
instead of ids.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain, pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE
from webapp.core.guides import SOURCES, step_ids
from webapp.core.probe.report import FailureKind
from webapp.core.text import DEFAULT_LOCALE, locales
from webapp.helpdesk.places import LABELS
from webapp.infrastructure import mistakes
from webapp.infrastructure.assets import folder

ERROR_PREFIXES = ("Fehler: ", "Error: ")
LOADING = {
    "img": "src",
    "script": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "audio": "src",
    "video": "src",
}
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-owns")
NEEDS_NO_LABEL = {"hidden", "submit", "button", "image", "reset"}


class PageLintingClient(FlaskClient):
    """Fails the test for every fault of a page it fetches."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # closes served files
        response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            complaints = list(Page(self.application, self, response).complaints())
            assert not complaints, f"{response.request.path}:\n" + "\n".join(complaints)
            # Pages write "E-Mail" with a non-breaking hyphen (webapp.infrastructure.i18n); tests read a plain one.
            response.text = response.text.replace("\N{NON-BREAKING HYPHEN}", "-")
        return response

    def told(self, answer: TestResponse) -> TestResponse:
        """Return the page that tells a mistake or asks about a blank, where `answer` leads to one; else the answer."""
        with self.session_transaction() as session:
            leads_back = answer.status_code == 303 and (mistakes.KEY in session or "/blanks?" in answer.location)
        return self.get(answer.headers["Location"]) if leads_back else answer

    def submit(
        self, page: TestResponse, data: Mapping[str, Any] | None = None, *, form: int | str = 0, **kwargs: Any
    ) -> TestResponse:
        """Submit a form of `page` with its current values, updated with `data`; None leaves a field out.

        form: its index on the page, or the text of its submit button.
        """
        root = parse(page.text)
        forms = list(root.iter("form"))
        found = forms[form] if isinstance(form, int) else next(f for f in forms if form in button_texts(f))
        fields, action = dict(standing_fields(found)), found.get("action", "")
        if isinstance(form, str):
            fields.update(pressed(found, form))
            action = next(b for b in found.iter("button") if text_of(b) == form).get("formaction", action)
        fields.update(data or {})
        kwargs.setdefault("content_type", found.get("enctype"))
        return self.open(
            urljoin(page.request.path, action),
            method=found.get("method", "get").upper(),
            data={name: value for name, value in fields.items() if value is not None},
            **kwargs,
        )


def parse(text: str) -> Element:
    """Parse HTML; elements without a namespace."""
    root: Element = html5lib.parse(text, namespaceHTMLElements=False)
    return root


def text_of(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def button_texts(form: Element) -> list[str]:
    return [text_of(button) for button in form.iter("button")]


def pressed(form: Element, text: str) -> dict[str, str]:
    button = next(button for button in form.iter("button") if text_of(button) == text)
    return {button.attrib["name"]: button.get("value", "")} if "name" in button.attrib else {}


def standing_fields(form: Element) -> Iterator[tuple[str, str]]:
    """Yield the names and values that a browser would submit."""
    for field in form.iter():
        name = field.get("name")
        if not name or field.tag not in ("input", "textarea", "select"):
            continue
        if field.tag == "textarea":
            yield name, "".join(field.itertext())
        elif field.tag == "select":
            options = list(field.iter("option"))
            chosen = next((option for option in options if "selected" in option.attrib), options[0])
            yield name, chosen.get("value", text_of(chosen))
        elif field.get("type") in ("radio", "checkbox"):
            if "checked" in field.attrib:
                yield name, field.get("value", "on")
        elif field.get("type") not in ("submit", "button", "image", "reset"):
            yield name, field.get("value", "")


@cache
def styled() -> dict[str, set[str]]:
    """Return every class that a selector begins with → the names of the stylesheets where one does."""
    found: dict[str, set[str]] = {}
    for path in (folder("static") / "css").glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
        for name in re.findall(r"(?:^|[,{}])\s*[a-z]*\.([a-z][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", text)):
            found.setdefault(name, set()).add(path.name)
    return found


@cache
def ids() -> re.Pattern[str]:
    """Return what finds an id of ours that stands in a text like a word: of failures, causes, steps, places, programs."""
    known = {*FailureKind, *CATALOGUE, *LABELS, *CLIENTS, *chain.from_iterable(map(step_ids, SOURCES))}
    # Of the others each is a word as well; these few are so too.
    names = {name for name in known if re.search("[-_]", name)} - {"app-password", "two-factor", "log-in"}
    return re.compile(rf"(?<![\w/.-])(?:unresolved|{'|'.join(sorted(map(re.escape, names)))})(?![\w/.-]*\w)")


def prose(element: Element) -> Iterator[str]:
    """Yield the texts that are written for people, not for machines."""
    if element.tag in ("pre", "code", "script", "style", "textarea") or element.get("translate") == "no":
        return
    yield element.text or ""
    for child in element:
        yield from prose(child)
        yield child.tail or ""


class Page:
    """A fetched page and its faults."""

    def __init__(self, app: Flask, client: FlaskClient, response: TestResponse) -> None:
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        self.root: Element = parser.parse(response.text)
        self._errors = parser.errors
        self._app = app
        self._client = client
        self._response = response

    def complaints(self) -> Iterator[str]:
        for position, code, details in self._errors:
            yield f"not valid HTML at {position}: {code} {details}"
        yield from self._heading()
        yield from self._language()
        yield from self._ids()
        yield from self._labels()
        yield from self._forms()
        yield from self._policy()
        yield from self._links()
        yield from self._styles()
        yield from (f"{found!r} is an id, no word" for text in prose(self.root) for found in ids().findall(text))
        for element in self.root.iter():
            if element.tag not in ("script", "style") and re.search(r"%\(\w+\)|\{\{|\}\}", element.text or ""):
                yield f"a placeholder was not filled: {element.text!r}"

    def _heading(self) -> Iterator[str]:
        headings = [text_of(h1) for h1 in self.root.iter("h1")]
        title = text_of(self.root.find("head/title"))
        if len(headings) != 1 or not headings[0]:
            yield f"not exactly one h1: {headings}"
        elif not title.startswith((headings[0], *ERROR_PREFIXES)):
            yield f"the title {title!r} does not begin with the heading {headings[0]!r}"
        levels = [int(e.tag[1]) for e in self.root.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
        for above, below in pairwise(levels):
            if below > above + 1:
                yield f"h{below} follows h{above}"

    def _language(self) -> Iterator[str]:
        if self.root.get("lang") not in self._expected_languages():
            yield f"lang is {self.root.get('lang')!r}, not one of {self._expected_languages()!r}"

    def _expected_languages(self) -> tuple[str, ...]:
        request = self._response.request
        interface: Any = self._app.session_interface
        cookie = self._client.get_cookie(interface.get_cookie_name(self._app))
        session = (interface.unseal(cookie.value) if cookie else None) or {}
        for choice in (request.args.get("lang"), session.get("locale")):
            if choice in locales():
                return (str(choice),)
        return locales() if request.accept_languages else (DEFAULT_LOCALE,)

    def _ids(self) -> Iterator[str]:
        ids = Counter(element.attrib["id"] for element in self.root.iter() if "id" in element.attrib)
        yield from (f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1)
        for element in self.root.iter():
            for attribute in REFERENCES:
                for name in element.get(attribute, "").split():
                    if name not in ids:
                        yield f'{element.tag} {attribute}="{name}" leads nowhere'
            if element.get("href", "").startswith("#") and element.attrib["href"][1:] not in ids:
                yield f"link {element.attrib['href']} leads nowhere"

    def _labels(self) -> Iterator[str]:
        labels = {label.get("for"): text_of(label) for label in self.root.iter("label")}
        wrapped = {field for label in self.root.iter("label") if text_of(label) for field in label.iter()}
        for field in self.root.iter():
            if field.tag in ("select", "textarea") or (
                field.tag == "input" and field.get("type", "text") not in NEEDS_NO_LABEL
            ):
                named = labels.get(field.get("id")) or field in wrapped or self._aria_name(field)
                if not named:
                    yield f"{field.tag} {field.get('name')!r} has no label"
            if field.tag in ("button", "a") and not (text_of(field) or self._aria_name(field)):
                yield f"{field.tag} without a text: {field.attrib}"
            if field.tag == "img" and "alt" not in field.attrib:
                yield f"img {field.get('src')!r} has no alt"

    def _aria_name(self, element: Element) -> bool:
        return bool(element.get("aria-label") or element.get("aria-labelledby"))

    def _forms(self) -> Iterator[str]:
        for form in self.root.iter("form"):
            method, action = form.get("method", "get").lower(), form.get("action", "")
            if not action:
                yield "a form without action"
            elif complaint := self._unreachable(action, method.upper()):
                yield f"form: {complaint}"
            tokens = [field for field in form.iter("input") if field.get("name") == "csrf_token" and field.get("value")]
            needed = method == "post" and action != "/help"  # whose page is for everybody, without a cookie
            if needed != (len(tokens) == 1):
                yield f"form {method} {action} has {len(tokens)} tokens"

    def _policy(self) -> Iterator[str]:
        nonce = re.search(r"'nonce-([^']+)'", self._response.headers.get("Content-Security-Policy", ""))
        for element in self.root.iter():
            if element.tag == "script" and (nonce is None or element.get("nonce") != nonce[1]):
                yield "a script without the nonce of the policy"
            if element.tag == "style" or "style" in element.attrib:
                yield f"{element.tag} with inline style"
            yield from (f"{element.tag} with {name}" for name in element.attrib if name.startswith("on"))

    def _links(self) -> Iterator[str]:
        for element in self.root.iter():
            loaded = LOADING.get(str(element.tag))
            link = element.get(loaded or "href")
            if link is None or link.startswith("#") or (loaded and element.get("rel") in ("alternate", "canonical")):
                continue
            if urlsplit(link).scheme or link.startswith("//"):
                if loaded or urlsplit(link).scheme not in ("https", "mailto", "tel"):
                    yield f"{element.tag} from elsewhere: {link}"
            elif complaint := self._unreachable(link, "GET"):
                yield f"{element.tag}: {complaint}"

    def _styles(self) -> Iterator[str]:
        links = {link.get("href", "").rpartition("/")[2] for link in self.root.iter("link")}
        named = {name for element in self.root.iter() for name in element.get("class", "").split()}
        if any(link.endswith(".css") for link in links):
            for name in sorted(named & styled().keys()):
                # All pages of the helpdesk load its own; elsewhere the name of a class may be the same.
                if not styled()[name] & links and styled()[name] != {"helpdesk.css"}:
                    yield f"class {name} without a stylesheet of {sorted(styled()[name])}"

    def _unreachable(self, link: str, method: str) -> str | None:
        path = urlsplit(urljoin(self._response.request.path, link)).path
        adapter = self._app.url_map.bind("localhost")
        try:
            endpoint, values = adapter.match(path, method=method)
        except RequestRedirect:
            return f"{method} {path} is only a redirect"
        except (NotFound, MethodNotAllowed) as error:
            return f"{method} {path}: {error.name}"
        if endpoint == "assets.show":
            try:
                with self._app.test_request_context(path):
                    self._app.ensure_sync(self._app.view_functions[endpoint])(**values).close()
            except HTTPException as error:
                return f"{path}: {error.name}"
        return None
