"""What the API answers where it cannot do what was asked: problem details, RFC 9457, in the caller's language."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flask import Response, g
from werkzeug.exceptions import HTTPException

from webapp.core.text import N_, Message, translations_for

MEDIA_TYPE = "application/problem+json"
DOCUMENTATION = "/api/v1/"


class Kind(Enum):
    """Every problem there is: its status and its title. The name is its type, a place in the documentation."""

    MALFORMED = (400, N_("The request cannot be read"))
    KEY_NEEDED = (401, N_("An API key is needed"))
    KEY_UNKNOWN = (401, N_("The API key is not valid"))
    NOT_ALLOWED = (403, N_("That is not allowed"))
    NOT_FOUND = (404, N_("That does not exist"))
    UNKNOWN_ADDRESS = (404, N_("No settings are known for this address"))
    WRONG_METHOD = (405, N_("This method is not allowed here"))
    TOO_LARGE = (413, N_("The request is too large"))
    QUERY_TOO_LONG = (414, N_("The address of the request is too long"))
    WRONG_TYPE = (415, N_("The body is of the wrong type"))
    INVALID_INPUT = (422, N_("Something in the request is not right"))
    TOO_MANY_REQUESTS = (429, N_("Too many requests"))
    INTERNAL = (500, N_("Something went wrong on our side"))
    UNAVAILABLE = (503, N_("Not available at the moment"))

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field or parameter."""

    name: str
    message: Message


class ProblemError(Exception):
    """Ends a call with a problem document."""

    def __init__(
        self,
        kind: Kind,
        detail: Message | None = None,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})


def answer(problem: ProblemError, locale: str) -> Response:
    translations = translations_for(locale)
    shape: dict[str, Any] = {
        "type": f"{DOCUMENTATION}#{problem.kind.slug}",
        "title": translations.gettext(problem.kind.title),
        "status": problem.kind.status,
    }
    if problem.detail is not None:
        shape["detail"] = problem.detail.translated(translations)
    if problem.faults:
        shape["errors"] = [
            {"name": fault.name, "detail": fault.message.translated(translations)} for fault in problem.faults
        ]
    if incident := g.get("incident"):
        shape["incident"] = incident
    response = Response(json.dumps(shape, ensure_ascii=False) + "\n", problem.kind.status)
    response.headers["Content-Type"] = MEDIA_TYPE
    response.headers["Content-Language"] = locale
    response.headers.update(problem.headers)
    return response


_OF_STATUS = {
    400: Kind.MALFORMED, 401: Kind.KEY_NEEDED, 403: Kind.NOT_ALLOWED, 404: Kind.NOT_FOUND, 405: Kind.WRONG_METHOD,
    413: Kind.TOO_LARGE, 414: Kind.QUERY_TOO_LONG, 415: Kind.WRONG_TYPE, 422: Kind.INVALID_INPUT,
    429: Kind.TOO_MANY_REQUESTS, 503: Kind.UNAVAILABLE,
}  # fmt: skip


def of_http_error(error: HTTPException) -> ProblemError:
    """Return what werkzeug or another layer refused; headers such as Allow and Retry-After are kept."""
    status = error.code or 500
    kind = _OF_STATUS.get(status, Kind.MALFORMED if status < 500 else Kind.INTERNAL)
    kept = {
        name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    }
    return ProblemError(kind, headers=kept)
