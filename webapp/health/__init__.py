"""Is this installation alive, and ready for people? For load balancers and container engines."""

from __future__ import annotations

from flask import Blueprint, Response

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process answers at all."""
    return Response("ok\n", mimetype="text/plain")
