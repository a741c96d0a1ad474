"""Whole URLs that leave the browser: on the host of the people, or on that of the agents."""

from typing import Any

from flask import request, url_for

from webapp.infrastructure.config import current_config
from webapp.infrastructure.security import public_url


def invitation_url(token: str) -> str:
    """Return the link that an agent sends to a person."""
    return public_url("helpdesk.invitation", token=token)


def join_address() -> str:
    """Return what a person types to enter a code: without the scheme."""
    return public_url("helpdesk.join").partition("://")[2]


def desk_url(endpoint: str, **values: Any) -> str:
    """Return the whole URL of an agents' page."""
    config = current_config()
    if config.helpdesk_host:
        return f"{'https' if config.https else 'http'}://{request.host}{url_for(endpoint, **values)}"
    return public_url(endpoint, **values)
