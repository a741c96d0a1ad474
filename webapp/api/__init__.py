"""/api/v1: the settings for programs. Its calls are declared in `facts`, `guides`, `exports` and `testing`."""

import json
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp.api import exports, facts, guides, operations, problems, testing
from webapp.api.document import BASE, document
from webapp.api.operations import OPERATIONS, asked_locale
from webapp.api.problems import Kind, ProblemError
from webapp.infrastructure import errors
from webapp.infrastructure.config import Scope
from webapp.infrastructure.security import csrf

__all__ = ["blueprint", "exports", "facts", "guides", "testing"]

blueprint = Blueprint("api", __name__, url_prefix=BASE)
operations.route(blueprint)
csrf.exempt(blueprint)  # no cookie is read here: see webapp.api.operations
blueprint.record_once(lambda state: errors.answer_below(cast(Flask, state.app), f"{BASE}/", http_error))


@blueprint.errorhandler(ProblemError)
def problem(error: ProblemError) -> ResponseReturnValue:
    return problems.answer(error, asked_locale())


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer what somebody else refused: an unknown path, a wrong method, a body that is too large, a foreign page."""
    return problems.answer(problems.of_http_error(error), asked_locale())


@blueprint.get("/openapi.json", provide_automatic_options=False)
def openapi() -> Response:
    """Answer with the OpenAPI document."""
    return Response(json.dumps(document(), ensure_ascii=False, indent=1) + "\n", mimetype="application/json")


@blueprint.get("/", provide_automatic_options=False)
def documentation() -> str:
    """Show the document to a person."""
    return render_template(
        "api/index.html", document=document(), operations=OPERATIONS, kinds=Kind, scopes=Scope, base=BASE,
        origin=request.host_url.rstrip("/"), value=_value,
    )  # fmt: skip


def _value(schema: Mapping[str, Any], required: bool) -> str:
    """Return what a field takes, for a person."""
    if "enum" in schema:
        text = " | ".join(map(str, schema["enum"]))
    else:
        text = str(schema["type"])
        if "maxLength" in schema:
            text = f"{text}, {schema.get('minLength', 0)}–{schema['maxLength']}"
    if required:
        return f"{text}, required"
    return f"{text}, default {schema['default']}" if schema.get("default") else text
