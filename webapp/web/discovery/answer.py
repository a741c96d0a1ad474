"""A prepared response: status, headers, bytes."""

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response for WSGI. The sender omits `body` for HEAD."""

    status: str
    headers: Headers
    body: bytes = b""


def made(status: str, body: bytes, content_type: str, *headers: tuple[str, str], cache: str = "no-store") -> Answer:
    """Return a response; the sender adds the site's security headers."""
    all_headers = (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", cache),
        *headers,
    )
    return Answer(status, all_headers, body)


def refusal(status: str, text: str, *headers: tuple[str, str]) -> Answer:
    """Return an error response with one English line for logs, without any input in it."""
    return made(status, f"{text}\n".encode(), "text/plain; charset=utf-8", *headers)


NOT_ALLOWED_GET = refusal("405 Method Not Allowed", "Ask with GET.", ("Allow", "GET, HEAD"))
NOT_ALLOWED_POST = refusal("405 Method Not Allowed", "Ask with POST.", ("Allow", "POST"))
NO_ADDRESS = refusal("400 Bad Request", "Say for which address: ?emailaddress=name@domain")
BAD_ADDRESS = refusal("400 Bad Request", "That is no mail address.")
UNKNOWN_DOMAIN = refusal("404 Not Found", "No settings are known for this domain.")
