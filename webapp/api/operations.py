"""A call of the API: declared once with its fields and answers, from which checks, routes and document follow.

    @operation("GET", "/providers/{provider}", "One provider", path=(PROVIDER,), answers={200: shapes.PROVIDER})
    def provider(call: Call) -> Answer: ...

Whoever calls is known by the key in the request and by nothing else: no cookie is read and none is set (the session is
switched off for this room, `webapp.infrastructure.session`). A browser adds no key by itself, so a foreign page can do
nothing here in a person's name, and the room needs no token against it (it is exempt from `CSRFProtect`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, request

from webapp.api import keys
from webapp.api.inputs import Field, Schema, checked, from_query, members
from webapp.api.problems import Kind, ProblemError
from webapp.core.text import N_, Message, locales
from webapp.infrastructure.config import BODY_BYTES_MAX, Scope, current_config
from webapp.infrastructure.i18n import accepted_locale
from webapp.infrastructure.limits import rates
from webapp.infrastructure.models import ApiKey

LOCALE = Field("locale", "Language of texts and files. Without it Accept-Language decides.", {"enum": list(locales())})


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be answered: its checked values, its language, and the key it came with."""

    values: Mapping[str, Any]
    locale: str
    key: ApiKey | None
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes a JSON response."""

    shape: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


View = Callable[[Call], "Answer | Response"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    path, query, body: its fields by where they stand. text_body: media type and schema of a body that the view reads
    by itself. octets: how long a body may be. scope: what a key must allow. answers: status → schema of the JSON, or
    what returns the media types of a file. problems: what it may refuse besides what every call may.
    """

    method: str
    rule: str
    name: str
    summary: str
    view: View
    path: Sequence[Field] = ()
    query: Sequence[Field] = ()
    body: Sequence[Field] = ()
    text_body: tuple[str, Schema] | None = None
    octets: int = BODY_BYTES_MAX
    scope: Scope | None = None
    answers: Mapping[int, Schema | Callable[[], tuple[str, ...]]] = field(default_factory=dict)
    problems: Sequence[Kind] = ()
    text: str = ""

    def answered(self, **path: str) -> Response:
        """Check the current request and answer it; raises ProblemError."""
        key = authenticated()
        if self.scope is not None:
            needs(key, self.scope)
        values = checked(path, self.path, [], Kind.NOT_FOUND)
        values |= from_query(request.environ.get("QUERY_STRING", ""), self.query)
        request.max_content_length = self.octets
        body = b""
        if self.body:
            found = members(_body("application/json"))
            g.body_locale = found.get("locale")  # in which a refusal is said, too
            values |= checked(found, self.body, [])
        elif self.text_body is not None:
            body = _body(self.text_body[0])
        locale = values.get("locale") or asked_locale()
        made = self.view(Call(values, locale, key, body))
        if isinstance(made, Response):
            return made
        response = Response(json.dumps(made.shape, ensure_ascii=False) + "\n", made.status, mimetype="application/json")
        response.headers["Content-Language"] = locale
        response.headers.update(made.headers)
        return response


OPERATIONS: list[Operation] = []


def operation(method: str, rule: str, summary: str, **described: Any) -> Callable[[View], View]:
    """Declare the decorated function as the view of a call; its docstring is the text in the document."""

    def declare(view: View) -> View:
        name = described.pop("name", view.__name__)
        text = described.pop("text", view.__doc__ or "")
        OPERATIONS.append(Operation(method, rule, name, summary, view, text=text, **described))
        return view

    return declare


def route(blueprint: Blueprint) -> None:
    for declared in OPERATIONS:
        rule = declared.rule.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(
            rule, declared.name, _view(declared), methods=[declared.method], provide_automatic_options=False
        )


def _view(declared: Operation) -> Callable[..., Response]:
    @wraps(declared.view)
    def view(**path: str) -> Response:
        return declared.answered(**path)

    return view


def authenticated() -> ApiKey | None:
    """Return the key of the current request, None where it has none; raises ProblemError where it may not go on.

    Every request counts: one with a key for the key, one without for its network address.
    """
    given = request.headers.get("Authorization")
    key = None
    if given is not None:
        scheme, _, token = given.partition(" ")
        key = keys.find(token.strip()) if scheme.lower() == "bearer" else None
    if key is not None:
        wait = rates.current().take([(f"key {key.id}", key.per_minute)])
    else:
        of_network = rates.of_network(request.remote_addr or "", current_config().api_requests_per_minute)
        wait = rates.current().take(of_network)
    if wait is not None:
        raise too_many(wait)
    if given is not None and key is None:
        raise ProblemError(Kind.KEY_UNKNOWN, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return key


def too_many(seconds: int) -> ProblemError:
    detail = Message(
        N_("Ask again in %(number)s second."), {"number": seconds}, plural=N_("Ask again in %(number)s seconds.")
    )
    return ProblemError(Kind.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})


def needs(key: ApiKey | None, scope: Scope) -> None:
    """Raise ProblemError where there is no key, or where it has not the scope."""
    if key is None:
        raise ProblemError(Kind.KEY_NEEDED, headers={"WWW-Authenticate": f'Bearer scope="{scope}"'})
    if scope not in keys.scopes_of(key):
        raise ProblemError(Kind.NOT_ALLOWED, Message(N_("The key lacks the scope “%(scope)s”."), {"scope": str(scope)}))


def asked_locale() -> str:
    """Return the language of the current request: what it says itself, then Accept-Language, then German."""
    for asked in (request.args.get("locale"), g.get("body_locale")):
        if isinstance(asked, str) and asked in locales():
            return asked
    return accepted_locale(request.accept_languages)


def _body(media_type: str) -> bytes:
    """Return the body; raises ProblemError where it does not say that it is of `media_type`.

    A form of a foreign page can say neither JSON nor CSV without asking first (CORS), and nobody here would answer.
    """
    if request.mimetype != media_type:
        detail = Message(N_("Send the header Content-Type: %(type)s."), {"type": media_type})
        raise ProblemError(Kind.WRONG_TYPE, detail, headers={"Accept-Post": media_type})
    return request.get_data(cache=False)
