"""Random walks on the site with a browser's history, forms and links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from werkzeug.test import TestResponse

from tests.support.client import PageLintingClient, parse, pressed, standing_fields, text_of


class Wandering:
    """A browser. pages: its history, newest last. No ABC: Hypothesis' state machines do not allow it."""

    pages: list[TestResponse]

    def _browser(self) -> PageLintingClient:
        raise NotImplementedError

    def _look(self, response: TestResponse) -> None:
        """Check a response, redirects included."""
        raise NotImplementedError

    def _post(self, path: str, fields: Mapping[str, str]) -> None:
        self._arrive(self._browser().post(path, data=fields))

    def _open(self, path: str) -> None:
        self._arrive(self._browser().get(path))

    def _arrive(self, response: TestResponse) -> None:
        """Follow redirects; a download leaves the current page unchanged."""
        for _ in range(10):
            self._look(response)
            if not 300 <= response.status_code < 400:
                break
            response = self._browser().get(urljoin(response.request.path, response.headers["Location"]))
        else:
            raise AssertionError(f"round and round: {response.request.path}")
        if response.mimetype == "text/html":
            self.pages.append(response)

    def _forms(self) -> list[Element]:
        return list(root_of(self.pages[-1].text).iter("form"))

    def _send(self, form: Element, button: Element, data: Mapping[str, str] | None = None) -> None:
        fields = {**dict(standing_fields(form)), **pressed(form, text_of(button)), **(data or {})}
        path = urljoin(self.pages[-1].request.path, form.get("action", ""))
        if form.get("method", "get").lower() == "get":
            self._arrive(self._browser().get(path, query_string=fields))
            return
        self._post(path, fields)

    def _press_where(self, is_the_one: Callable[[Element], bool], data: Mapping[str, str] | None = None) -> None:
        """Submit the first form for which `is_the_one` is true, if any."""
        for form in self._forms():
            if is_the_one(form):
                self._send(form, next(form.iter("button")), data)
                return

    def _press_with(self, name: str, data: Mapping[str, str]) -> None:
        """Submit the first form with a field `name`."""
        self._press_where(lambda form: any(field.get("name") == name for field in form.iter("input")), data)


@lru_cache(64)
def root_of(text: str) -> Element:
    return parse(text)


def sends(button: Element) -> bool:
    return button.get("type", "submit") == "submit"


def links_of(root: Element, *, files: bool = False) -> Iterator[str]:
    """Yield the internal links of the page: to pages, or with `files` to downloads."""
    for link in root.iter("a"):
        url = urlsplit(link.get("href", ""))
        if url.path.startswith("/") and not url.netloc and ("download" in link.attrib) == files:
            yield link.attrib["href"]


def filled(form: Element, number: int, text: str, texts: Mapping[str, str], passwords: Sequence[str]) -> dict[str, str]:
    """Fill in `form`: options by `number`, `text` into fields, overridden by `texts`."""
    found = {}
    options: dict[str, list[str]] = {}
    for field in form.iter():
        name, kind = field.get("name", ""), field.get("type", "text")
        if field.tag == "input" and kind == "radio":
            options.setdefault(name, []).append(field.get("value", "on"))
        elif field.tag == "select":
            options[name] = [option.get("value", text_of(option)) for option in field.iter("option")]
        elif field.tag == "textarea" or (field.tag == "input" and kind in ("text", "email", "number")):
            found[name] = texts.get(name, text)
        elif kind == "password":
            found[name] = passwords[number % len(passwords)]
    return found | {name: values[number % len(values)] for name, values in options.items()}
