"""The OpenAPI 3.1 document, made from the operations as they are declared. Their checks are made from the same."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from webapp.api import keys, shapes
from webapp.api.inputs import Field
from webapp.api.operations import OPERATIONS, Operation
from webapp.api.problems import MEDIA_TYPE, Kind
from webapp.core.account import EXAMPLES
from webapp.infrastructure.config import Scope, site_provider

BASE = "/api/v1"
ORDER = (
    "find",
    "providers",
    "clients",
    "guides",
    "exports",
    "connection-tests",
    "reports",
    "diagnoses",
    "messages",
)  # as people read

# What every call may answer, and what every call with a body may.
ALWAYS = (Kind.MALFORMED, Kind.KEY_UNKNOWN, Kind.NOT_ALLOWED, Kind.INVALID_INPUT, Kind.TOO_MANY_REQUESTS)
WITH_QUERY = (Kind.QUERY_TOO_LONG,)  # the server itself says so, before we are asked: in HTML
WITH_BODY = (Kind.TOO_LARGE, Kind.WRONG_TYPE)


def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(OPERATIONS, key=lambda operation: ORDER.index(operation.rule.split("/")[1])):
        paths.setdefault(BASE + operation.rule, {})[operation.method.lower()] = _operation(operation)
    provider = site_provider()
    own = {EXAMPLES["example_address"]: provider.example_address, EXAMPLES["example_domain"]: provider.id}
    made: dict[str, Any] = _with_examples(_document(provider.name, paths), own)
    return made


def _with_examples(part: Any, own: Mapping[str, str]) -> Any:
    """Return a part of the document with examples of the provider that the site is about."""
    if isinstance(part, Mapping):
        return {
            key: [own.get(example, example) for example in value] if key == "examples" else _with_examples(value, own)
            for key, value in part.items()
        }
    return [_with_examples(entry, own) for entry in part] if isinstance(part, list) else part


def _document(provider: str, paths: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{provider} POP setup wizard",
            "version": version("gmx-pop-wizard"),
            "summary": f"POP3 settings for {provider}, as files for mail programs and as data.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(shapes.COMPONENTS),
            "responses": {_response_name(status): _problem(status) for status in sorted({k.status for k in Kind})},
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": f"{keys.PREFIX}…",
                    "description": f"An API key of the operator. Scopes: {', '.join(Scope)}.",
                }
            },
        },
        "security": [{}, {"key": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": " ".join(operation.text.split()),
        "parameters": [
            *(_parameter(field, "path") for field in operation.path),
            *(_parameter(field, "query") for field in operation.query),
        ],
        "responses": {
            **{str(status): _answer(schema) for status, schema in operation.answers.items()},
            **_problems(operation),
        },
    }
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body_schema(operation.body)}},
        }
    elif operation.text_body is not None:
        media_type, schema = operation.text_body
        described["requestBody"] = {"required": True, "content": {media_type: {"schema": dict(schema)}}}
    if operation.scope is not None:
        described["security"] = [{"key": []}]
        described["description"] += f" Needs a key with the scope {operation.scope}."
    return described


def _parameter(field: Field, place: str) -> dict[str, Any]:
    return {
        "name": field.name,
        "in": place,
        "description": field.text,
        "required": field.required,
        "schema": dict(field.schema),
    }


def body_schema(fields: Sequence[Field]) -> dict[str, Any]:
    """Return the schema of a body that holds `fields` and nothing else."""
    return {
        "type": "object",
        "properties": {field.name: {**field.schema, "description": field.text} for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _answer(schema: Mapping[str, Any] | Callable[[], tuple[str, ...]]) -> dict[str, Any]:
    if callable(schema):
        return {
            "description": "The file.",
            "headers": {
                "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
                "Export-Notes": {
                    "description": "What the format cannot say: a list of Display Strings (RFC 9651).",
                    "schema": {"type": "string"},
                },
            },
            "content": {media_type: {} for media_type in schema()},
        }
    return {"description": "Done.", "content": {"application/json": {"schema": dict(schema)}}}


def _problems(operation: Operation) -> dict[str, Any]:
    kinds = [*ALWAYS, *operation.problems, *(WITH_BODY if operation.body or operation.text_body else ()), *WITH_QUERY]
    statuses = sorted({kind.status for kind in kinds})
    return {str(status): {"$ref": f"#/components/responses/{_response_name(status)}"} for status in statuses}


def _response_name(status: int) -> str:
    return f"Problem{status}"


def _problem(status: int) -> dict[str, Any]:
    titles = [kind.title for kind in Kind if kind.status == status]
    html: dict[str, Any] = {"text/html": {}} if status in {kind.status for kind in WITH_QUERY} else {}
    return {
        "description": ". ".join(titles) + ".",
        "content": {MEDIA_TYPE: {"schema": shapes.component("Problem")}, **html},
    }
