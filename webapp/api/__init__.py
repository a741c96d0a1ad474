"""/api/v1: the settings for programs. Its calls are declared in `facts`, `guides`, `exports` and `testing`."""

import json
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp.api import document, exports, facts, guides, operations, problems, testing
from webapp.infrastructure import errors, security

__all__ = ["blueprint", "exports", "facts", "guides", "testing"]

blueprint = Blueprint("api", __name__, url_prefix=document.BASE)
operations.route(blueprint)
security.csrf.exempt(blueprint)  # no cookie is read here: see webapp.api.operations
blueprint.record_once(lambda state: errors.answer_below(cast(Flask, state.app), f"{document.BASE}/", http_error))


@blueprint.errorhandler(problems.ProblemError)
def problem(error: problems.ProblemError) -> ResponseReturnValue:
    return problems.answer(error, operations.asked_locale())


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer what somebody else refused: an unknown path, a wrong method, a body that is too large, a foreign page."""
    return problems.answer(problems.of_http_error(error), operations.asked_locale())


@blueprint.get("/openapi.json", provide_automatic_options=False)
def openapi() -> Response:
    return Response(json.dumps(document.document(), ensure_ascii=False, indent=1) + "\n", mimetype="application/json")


@blueprint.get("/", provide_automatic_options=False)
def documentation() -> str:
    return render_template(
        "api/index.html", document=document.document(), kinds=problems.Kind, base=document.BASE,
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
