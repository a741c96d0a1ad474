"""The blueprint of the helpdesk, and the host name under which its agents work."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.infrastructure.config import current_config

Answer = ResponseReturnValue  # what a view returns

blueprint = Blueprint("helpdesk", __name__)

_ON_EVERY_HOST = frozenset({"assets.show", "health.healthz", "health.readyz"})


@blueprint.before_app_request
def keep_hosts_apart() -> Answer | None:
    """With WEBAPP_HELPDESK_HOST agents' pages answer there alone, and nothing else does (ASVS 3.5.4)."""
    name = current_config().helpdesk_host
    if not name or request.endpoint in _ON_EVERY_HOST or request.url_rule is None:
        return None
    for_agents = request.url_rule.rule.startswith("/helpdesk")
    at_the_desk = urlsplit(f"//{request.host}").hostname == name
    if at_the_desk and request.path == "/":
        return redirect(url_for("helpdesk.overview"), 303)
    if for_agents != at_the_desk:
        abort(404)
    return None
