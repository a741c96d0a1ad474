"""Fetching from the web with a limit of redirects, each of them told."""

import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from webapp.core.text import N_, Message
from webapp.infrastructure import http_client

REDIRECTS_MAX = 5
WHOLE_SECONDS = 20.0

_LIMIT = {"limit": http_client.OCTETS_MAX // 1024}
_PROBLEMS = {
    http_client.Problem.LATE: Message(N_("No answer in time.")),
    http_client.Problem.TLS: Message(N_("The certificate is not trusted, or encryption failed.")),
    http_client.Problem.CONNECTION: Message(N_("The connection failed.")),
    http_client.Problem.TOO_LARGE: Message(N_("The answer is larger than %(limit)s KB."), _LIMIT),
}


class FetchError(Exception):
    """Nothing of use came; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came in the end. urls: every address on the way, the first the one that was asked."""

    urls: tuple[str, ...]
    status: int
    content: bytes
    permanent: bool  # whether the first redirect said for good (301, 308)

    @property
    def url(self) -> str:
        return self.urls[-1]

    @property
    def changes_host(self) -> bool:
        return urlsplit(self.urls[0]).hostname != urlsplit(self.url).hostname


class Fetcher:
    """Asks servers of the web, redirects and all in `seconds`; trusts `ca_file` too. For several threads at once."""

    def __init__(self, ca_file: Path | None = None, seconds: float = WHOLE_SECONDS) -> None:
        self.ca_file = ca_file
        self._seconds = seconds

    def get(self, url: str, *, content: bool = True) -> Fetched:
        """Return what is at `url`, whatever the status, with its content if that is wanted; raises FetchError."""
        end = time.monotonic() + self._seconds
        urls, permanent = [url], False
        while True:
            left = max(0.1, end - time.monotonic())
            try:
                answer = http_client.request("GET", urls[-1], self.ca_file, seconds=left, content=content)
            except http_client.RequestError as error:
                raise FetchError(_PROBLEMS[error.problem]) from None
            target = answer.headers.get("Location")
            if not target or answer.status not in (301, 302, 303, 307, 308):
                return Fetched(tuple(urls), answer.status, answer.content, permanent)
            permanent = permanent or (len(urls) == 1 and answer.status in (301, 308))
            urls.append(_next(urls, target))


def _next(urls: list[str], target: str) -> str:
    try:
        url = urljoin(urls[-1], target)
        scheme = urlsplit(url).scheme
    except ValueError:
        raise FetchError(_PROBLEMS[http_client.Problem.CONNECTION]) from None
    if len(urls) > REDIRECTS_MAX or url in urls:
        raise FetchError(Message(N_("It redirects in a circle, or too often.")))
    if scheme != "https" and urlsplit(urls[-1]).scheme == "https":
        raise FetchError(Message(N_("It redirects to a page without encryption.")))
    return url
