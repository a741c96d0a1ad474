"""The table of programs that speak POP."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.client import PageLintingClient, parse, text_of
from webapp.core.clients import CLIENTS
from webapp.web.advice.programs import FILE, HAND, rows


def answers(page: str) -> dict[str, str]:
    """Return the answer of each program by its name."""
    found = {}
    for row in parse(page).iter("tr"):
        cells = [text_of(cell) for cell in row]
        found[cells[0]] = cells[1]
    return found


def test_names_every_program_that_the_wizard_offers() -> None:
    assert {row.client.id for row in rows()} == set(CLIENTS)


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("Thunderbird", "Ja, und es nimmt unsere Datei"),
        ("Betterbird", "Ja, und es nimmt unsere Datei"),
        ("FairEmail", "Ja, und es nimmt unsere Datei"),
        ("Claws Mail", "Ja, von Hand"),
        ("The Bat!", "Ja, von Hand"),
        ("Gmail-App", "Nein, nur IMAP"),
        ("Wino Mail", "Nein, nur IMAP"),
        ("Drucker, Scanner, NAS oder Webdienst", "Sendet nur"),
    ],
)
def test_answers_for_each_program(client: PageLintingClient, program: str, answer: str) -> None:
    assert answers(client.get("/advice/programs").text)[program] == answer


def test_those_that_speak_pop_come_first() -> None:
    kinds = [row.kind for row in rows()]
    assert kinds == sorted(kinds)
    assert [row.kind for row in rows() if row.client.speaks_pop and row.client.receives] == [
        kind for kind in kinds if kind in (FILE, HAND)
    ]


def test_each_row_leads_to_steps_that_there_are(client: PageLintingClient) -> None:
    for client_id in {row.client.id for row in rows()}:
        assert client.get(f"/guide/all?client={client_id}").status_code == 200


def test_the_page_is_for_search_engines_and_linked_from_the_programs(client: PageLintingClient, app: Flask) -> None:
    page = client.get("/advice/programs")
    assert "X-Robots-Tag" not in page.headers
    assert 'rel="canonical"' in page.text
    assert client.get("/advice/programs?client=outlook").headers["X-Robots-Tag"] == "noindex"
