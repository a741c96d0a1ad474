"""An answer to a mail program: status, headers, bytes, made once and sent many times."""

from __future__ import annotations

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What WSGI sends. `body` is left out for HEAD by whoever sends it."""

    status: str
    headers: Headers
    body: bytes = b""


def made(status: str, body: bytes, content_type: str, *headers: tuple[str, str], cache: str = "no-store") -> Answer:
    """Return an answer; whoever sends it adds the headers that protect every answer of the site."""
    all_headers = (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", cache),
        *headers,
    )
    return Answer(status, all_headers, body)


def refusal(status: str, text: str, *headers: tuple[str, str]) -> Answer:
    """Return a refusal in one line of English for whoever reads a program's log; it never repeats what was asked."""
    return made(status, f"{text}\n".encode(), "text/plain; charset=utf-8", *headers)


NOT_ALLOWED_GET = refusal("405 Method Not Allowed", "Ask with GET.", ("Allow", "GET, HEAD"))
NOT_ALLOWED_POST = refusal("405 Method Not Allowed", "Ask with POST.", ("Allow", "POST"))
NO_ADDRESS = refusal("400 Bad Request", "Say for which address: ?emailaddress=name@domain")
BAD_ADDRESS = refusal("400 Bad Request", "That is no mail address.")
UNKNOWN_DOMAIN = refusal("404 Not Found", "No settings are known for this domain.")
