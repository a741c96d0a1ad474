"""Fetching from the web with limits: so many octets, so many seconds, so many redirects, each of them told."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from webapp.text import N_, Message

OCTETS_MAX = 256 * 1024
REDIRECTS_MAX = 5
CONNECT_SECONDS = 6.0
READ_SECONDS = 10.0  # between two pieces
WHOLE_SECONDS = 20.0
CHUNK = 16 * 1024
USER_AGENT = f"gmx-pop-wizard/{version('gmx-pop-wizard')} (provider check)"


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
    media_type: str
    content: bytes
    permanent: bool  # whether the first redirect said for good (301, 308)

    @property
    def url(self) -> str:
        return self.urls[-1]

    @property
    def changes_host(self) -> bool:
        return urlsplit(self.urls[0]).hostname != urlsplit(self.url).hostname


class Fetcher:
    """Asks servers of the web; `tls` decides whom to trust. For several threads at once."""

    def __init__(
        self, tls: ssl.SSLContext, whole_seconds: float = WHOLE_SECONDS, read_seconds: float = READ_SECONDS
    ) -> None:
        self.tls = tls
        self._whole_seconds = whole_seconds
        self._read_seconds = read_seconds

    def adapter(self) -> HTTPAdapter:
        """Return what makes a session of `requests` trust as this fetcher does."""
        return _Adapter(self.tls)

    def get(self, url: str) -> Fetched:
        """Return what GET brings, whatever the status; raises FetchError."""
        return self._asked("GET", url)

    def look(self, url: str) -> Fetched:
        """Return how a page answers, without its content; raises FetchError. GET where a server does not know HEAD."""
        found = self._asked("HEAD", url)
        return found if found.status < 400 else self._asked("GET", url, content=False)

    def _asked(self, method: str, url: str, *, content: bool = True) -> Fetched:
        try:
            with requests.Session() as session:
                session.mount("https://", self.adapter())
                session.headers["User-Agent"] = USER_AGENT
                session.headers["Accept-Encoding"] = "identity"  # nothing that unpacks to more than it is
                return self._followed(session, method, url, content)
        except requests.Timeout:
            raise FetchError(Message(N_("No answer in time."))) from None
        except requests.exceptions.SSLError:
            raise FetchError(Message(N_("The certificate is not trusted, or encryption failed."))) from None
        except (requests.RequestException, OSError, ValueError):  # ValueError: a redirect to no address
            raise FetchError(Message(N_("The connection failed."))) from None

    def _followed(self, session: requests.Session, method: str, url: str, content: bool) -> Fetched:
        deadline = time.monotonic() + self._whole_seconds
        urls, permanent = [url], False
        while True:
            with session.request(
                method, urls[-1], stream=True, allow_redirects=False, timeout=(CONNECT_SECONDS, self._read_seconds)
            ) as response:
                target = response.headers.get("Location")
                if response.is_redirect and target:
                    permanent = permanent or (len(urls) == 1 and response.status_code in (301, 308))
                    urls.append(_next(urls, target))
                    continue
                body = self._body(response, deadline) if method == "GET" and content else b""
                media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Fetched(tuple(urls), response.status_code, media_type, body, permanent)

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        body = b""
        while piece := response.raw.read1(CHUNK):  # one piece of the network at a time: a slow server cannot hold us
            body += piece
            if len(body) > OCTETS_MAX:
                raise FetchError(Message(N_("The answer is larger than %(limit)s KB."), {"limit": OCTETS_MAX // 1024}))
            if time.monotonic() > deadline:
                raise FetchError(Message(N_("No answer in time.")))
        return body


def _next(urls: list[str], target: str) -> str:
    url = urljoin(urls[-1], target)
    if len(urls) > REDIRECTS_MAX or url in urls:
        raise FetchError(Message(N_("It redirects in a circle, or too often.")))
    if urlsplit(url).scheme != "https" and urlsplit(urls[-1]).scheme == "https":
        raise FetchError(Message(N_("It redirects to a page without encryption.")))
    return url


class _Adapter(HTTPAdapter):
    """HTTPS with the trust of our own context."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._tls)
