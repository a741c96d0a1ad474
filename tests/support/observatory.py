"""The rules of MDN's HTTP Observatory, and the grade that they give.

Written after its `src/analyzer` and `src/grader/charts.js` (mdn/mdn-http-observatory 1.4.8). What a site of ours does not
do (meta tags instead of headers, several policies, lists of preloaded names) is not told apart here: it counts as a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
UNSAFE = BROAD | {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
SIX_MONTHS = 15_552_000
EXTRA_CREDIT_FROM = 90  # points; below, what is more than asked for counts nothing
OF_TLS = {"redirection", "strict-transport-security"}  # rules that a site without a proxy cannot keep
GRADES = ((100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"), (45, "C-"))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: headers in lower case, each as often as it was sent."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    text: str = ""

    @classmethod
    def of(cls, response: requests.Response) -> Answer:
        sent = tuple((name.lower(), value) for name, value in response.raw.headers.items())
        return cls(response.url, response.status_code, sent, response.text)

    @classmethod
    def of_curl(cls, url: str, text: str) -> Answer:
        """Read what `curl --include` wrote."""
        head, _, body = text.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.splitlines()
        pairs = (line.partition(":") for line in lines)
        return cls(url, int(first.split()[1]), tuple((name.lower(), value.strip()) for name, _, value in pairs), body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def only(self, name: str) -> str | None:
        """Return the value of a header; None where it is missing or comes twice."""
        found = self.all(name)
        return found[0] if len(found) == 1 else None


def judged(page: Answer, plain: Answer | None, preflight: Answer) -> dict[str, int]:
    """Return the points of every rule for `page`; plain: what port 80 answers; preflight: an OPTIONS of a foreign page."""
    return {
        "content-security-policy": _policy(page),
        "cookies": _cookies(page),
        "cross-origin-resource-sharing": -50 if preflight.all("access-control-allow-credentials") else 0,
        "redirection": _redirection(page, plain),
        "referrer-policy": 5 if (page.only("referrer-policy") or "").lower() in PRIVATE else -5,
        "strict-transport-security": _transport(page),
        "subresource-integrity": _scripts(page),
        "x-content-type-options": 0 if page.only("x-content-type-options") == "nosniff" else -5,
        "x-frame-options": 5 if "frame-ancestors" in directives(page) else -20,
        "cross-origin-resource-policy": _resource_policy(page.only("cross-origin-resource-policy")),
    }


def grade(points: dict[str, int]) -> tuple[str, int]:
    """Return the grade and the score."""
    score = 100 + sum(value for value in points.values() if value < 0)
    if score >= EXTRA_CREDIT_FROM:
        score += sum(value for value in points.values() if value > 0)
    return next((name for least, name in GRADES if score >= least), "below C-"), score


def directives(page: Answer) -> dict[str, set[str]]:
    """Return the policy of `page`; empty where there is none, or one that contradicts itself."""
    words = [part.lower().split() for part in (page.only("content-security-policy") or "").split(";") if part.strip()]
    names = [first for first, *_ in words]
    return {first: set(rest) for first, *rest in words} if len({*names}) == len(names) else {}


def _policy(page: Answer) -> int:
    found = directives(page)
    if not found:
        return -25
    default = found.get("default-src", {"*"})
    script, style, plugin = (found.get(f"{kind}-src", default) for kind in ("script", "style", "object"))
    if script & UNSAFE or plugin & BROAD:
        return -20
    if page.url.startswith("https:") and any(
        source.startswith(("http:", "ftp:")) for kind in found.values() for source in kind
    ):
        return -20
    if "'unsafe-eval'" in script | style:
        return -10
    if style & UNSAFE:
        return 0
    return 10 if default == {"'none'"} and not found.get("form-action", {"*"}) & BROAD else 5


def _cookies(page: Answer) -> int:
    points = [_cookie(cookie, page) for cookie in page.all("set-cookie")]
    return min(points, default=0)


def _cookie(cookie: str, page: Answer) -> int:
    first, *rest = (part.strip() for part in cookie.split(";"))
    flags = dict((*part.lower().split("=", 1), "")[:2] for part in rest)
    if flags.get("samesite") not in ("lax", "strict"):
        return -20
    if "httponly" not in flags and re.search("sess|login|sid|csrf", first.partition("=")[0], re.IGNORECASE):
        return -30
    return 5 if "secure" in flags or not page.url.startswith("https:") else -40


def _redirection(page: Answer, plain: Answer | None) -> int:
    if plain is None:
        return 0
    target = urlsplit(plain.only("location") or "") if 300 <= plain.status < 400 else None
    if target is None or target.scheme != "https":
        return -20
    return 0 if target.hostname == urlsplit(page.url).hostname else -5


def _transport(page: Answer) -> int:
    header = page.only("strict-transport-security") if page.url.startswith("https:") else None
    if header is None or not (age := re.search(r"max-age=(\d+)", header)):
        return -20
    return 0 if int(age[1]) >= SIX_MONTHS else -10


def _resource_policy(value: str | None) -> int:
    return 0 if value in (None, "cross-origin") else 10 if value in ("same-origin", "same-site") else -5


class _Scripts(HTMLParser):
    def __init__(self, page: Answer) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and dict(attrs).get("src"):
            self.found.append(dict(attrs))


def _scripts(page: Answer) -> int:
    scripts = _Scripts(page).found
    points = []
    for script in scripts:
        address, own = urlsplit(urljoin(page.url, script["src"] or "")), urlsplit(page.url)
        foreign, clear = address.hostname != own.hostname, address.scheme != own.scheme
        if script.get("integrity"):
            points.append(-20 if clear else 5)
        else:
            points.append(-50 if clear else -5 if foreign else 0)
    return min(points, default=0)
