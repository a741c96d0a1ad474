"""The log of the helpdesk: whole, whoever fills it."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask

from tests.support.client import PageLintingClient
from webapp.helpdesk import audit
from webapp.helpdesk.audit import PAGE, Action
from webapp.infrastructure import db


def test_what_strangers_write_hides_nothing(helpdesk: Flask, admin: PageLintingClient) -> None:
    with helpdesk.app_context(), db.begin() as session:
        audit.note(session, "olga@example.org", Action.AGENT_ADDED, "mallory@example.org")
        for _ in range(PAGE + 10):
            audit.note(session, "", Action.SIGN_IN_REFUSED)
    first = admin.get("/helpdesk/log").text
    assert "mallory@example.org" not in first
    for words in ("Ältere Einträge", "Ohne abgelehnte Anmeldungen"):
        link = re.search(rf'<a href="([^"]+)">{words}<', first)
        assert link
        page = admin.get(unescape(link[1])).text
        assert "mallory@example.org" in page
    assert "Mit abgelehnten Anmeldungen" in page
    assert "Ältere Einträge" not in page


def test_the_log_from_an_entry_that_no_database_can_name_is_a_page(admin: PageLintingClient) -> None:
    assert "hat sich angemeldet" in admin.get(f"/helpdesk/log?lang=de&before={'9' * 50}").text
    assert admin.get(f"/helpdesk/log?before=-{'9' * 50}").status_code == 200
