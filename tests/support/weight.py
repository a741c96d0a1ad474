"""How many bytes a first visit takes: HTML, stylesheets and scripts with their heads, as they go over the wire."""

from __future__ import annotations

import gzip
import re

from flask import Flask
from flask.testing import FlaskClient

from webapp.core.diagnosis import CATALOGUE
from webapp.infrastructure.config import current_providers
from webapp.web.advice import TOPICS

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
FIRST_VISIT_BYTES_MAX = 25_000

# Pages that say the same to everybody who brings no cookie.
PUBLIC = {
    "/", "/accessibility", "/check", "/advice", "/advice/<topic>", "/help",
    "/help/<diagnosis_id>", "/imprint", "/privacy", "/reports", "/settings", "/settings/<provider>", "/status",
}  # fmt: skip


def first_visit(browser: FlaskClient, path: str) -> int:
    answer = browser.get(path, headers=GZIP)
    assert answer.status_code == 200, path
    page = gzip.decompress(answer.data).decode() if answer.content_encoding else answer.text
    total = len(answer.data) + len(str(answer.headers))
    for url in re.findall(r'(?:<link rel="stylesheet" href|<script[^>]* src)="([^"]+)"', page):
        part = browser.get(url, headers=GZIP)
        total += len(part.data) + len(str(part.headers))
    return total


def public_pages(app: Flask) -> list[str]:
    with app.app_context():
        values = {
            "topic": sorted(TOPICS), "diagnosis_id": sorted(CATALOGUE),
            "provider": sorted(current_providers()),
        }  # fmt: skip
    adapter = app.url_map.bind("localhost")
    return [
        adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, value))
        for rule in app.url_map.iter_rules()
        if rule.rule in PUBLIC
        for value in (values[next(iter(rule.arguments))] if rule.arguments else [None])
    ]
