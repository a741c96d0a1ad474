"""The log of a case: words for agent and person alike, and no id of ours."""

from __future__ import annotations

import re

from flask import Flask

from tests.helpdesk.conftest import case_row, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.helpdesk import cases
from webapp.helpdesk.vocabulary import Kind
from webapp.infrastructure.config import Config

LAST = r"Thunderbird: Schritt (\d+) von \1: "


def test_a_step_of_the_guide_reads_as_it_stands_there_and_nobody_is_spoken_of(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    row = case_row(config, reference)
    assert row is not None
    with helpdesk.app_context():
        cases.record(row.id, Kind.GUIDE, {"client": "thunderbird", "way": "file", "step": "try"})
        cases.record(row.id, Kind.FILE, {"client": "outlook", "format": "prf"})
    page = person.get("/join/stored?lang=de").text
    assert re.search(LAST, page)
    assert "Datei für Outlook für Windows (klassisch) heruntergeladen" in page
    assert "Die Person" not in page
    assert "Verbunden" in page
    assert re.search(LAST, agent.get(f"/helpdesk/cases/{reference}").text)
    post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "not-solved"}, page="/helpdesk")
    report = agent.get(f"/helpdesk/cases/{reference}/report").text
    assert re.search(r"Letzter Schritt der Anleitung: Schritt (\d+) von \1: ", report)
