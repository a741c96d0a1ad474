"""The comparison that runs by itself and tells the operator what is new, by a signed message to their own address."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from flask import Blueprint

from webapp import drift, periodic, probe
from webapp.config import Config, current_config, current_providers
from webapp.drift.fetching import USER_AGENT, Fetcher
from webapp.drift.findings import Finding, Severity
from webapp.logs import logger
from webapp.probe.report import Vantage
from webapp.text import DEFAULT_LOCALE, translations_for
from webapp.webhooks import signed_headers

if TYPE_CHECKING:
    from flask import Flask

TIMEOUT = (6.0, 10.0)  # seconds: to connect, between two pieces
TRIES_AFTER = (0.0, 5.0, 60.0)  # seconds before each try

blueprint = Blueprint("drift", __name__)


def run(app: Flask) -> threading.Thread:
    """Compare in a thread of its own: links may take minutes, and other duties shall not wait for them."""
    thread = threading.Thread(target=_run, args=(app,), name="drift", daemon=True)
    thread.start()
    return thread


periodic.every(blueprint, "drift", lambda config: config.drift_interval, run)


def _run(app: Flask) -> None:
    try:
        with app.app_context():
            watch(app)
    except Exception:
        logger.exception("the comparison of the provider files failed")


def watch(app: Flask, check: drift.Check | None = None) -> list[Finding]:
    """Compare every provider, tell the operator what was not told before, and return what was found.

    Needs an application context. What could not be told is told the next time.
    """
    config = current_config()
    fetcher = Fetcher(probe.tls_context(config.tls_ca_file))
    check = check or drift.Check(vantage=Vantage.SERVER)
    found = [
        finding
        for provider in current_providers().values()
        for finding in drift.compare(provider, check, fetcher)
        if finding.severity is not Severity.NOTE
    ]
    told: frozenset[Finding] = app.extensions.get("drift-told", frozenset())
    if set(found) - told:
        if tell(config, "provider-drift", _shapes(found), fetcher):
            app.extensions["drift-told"] = frozenset(found)
    else:
        app.extensions["drift-told"] = frozenset(found)  # what has gone is news when it comes back
    return found


def _shapes(found: Sequence[Finding]) -> list[dict[str, Any]]:
    translations = translations_for(DEFAULT_LOCALE)
    return [finding.to_json(translations) for finding in found]


def tell(config: Config, event: str, findings: Sequence[dict[str, Any]], fetcher: Fetcher) -> bool:
    """Send a message to the operator's address; return whether it was taken (any status of 2xx)."""
    shape = {
        "event": event,
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "site": config.public_url or None,
        "findings": list(findings),
    }
    body = json.dumps(shape, ensure_ascii=False).encode()
    name = f"msg_{secrets.token_urlsafe(18)}"  # the same on every try: a receiver can tell a repeated message
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        **signed_headers(config.operator_webhook_secret, name, body),
    }
    for wait in TRIES_AFTER:
        time.sleep(wait)
        try:
            with requests.Session() as session:
                session.mount("https://", fetcher.adapter())
                response = session.post(
                    config.operator_webhook, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False,
                    stream=True,
                )  # fmt: skip
                response.close()
        except requests.RequestException as error:
            logger.warning("the operator's address does not answer: %s", type(error).__name__)
            continue
        if response.ok and not response.is_redirect:
            return True
        logger.warning("the operator's address answered %d", response.status_code)
    return False
