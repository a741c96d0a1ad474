"""Is this installation alive, and ready for people? For load balancers and container engines."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp import db

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process answers at all."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 when the database answers and has the newest schema, 503 until then."""
    if db.is_current():
        return Response("ready\n", mimetype="text/plain")
    return Response("the database does not answer or needs an upgrade\n", 503, mimetype="text/plain")
