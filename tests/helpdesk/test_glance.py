"""Thirty open cases, twelve of them connected: the right one is found in one look."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.helpdesk.conftest import case_row, fragment, open_case, post
from tests.support.client import PageLintingClient, parse, text_of
from tests.support.thirty import LIVE, OTHERS, fill_desk
from webapp.helpdesk import glance
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Case


@pytest.fixture
def full(helpdesk: Flask, config: Config, agent: PageLintingClient) -> PageLintingClient:
    """The agent's browser, at a desk with thirty cases."""
    fill_desk(config, "vera@example.org")
    return agent


def read(client: PageLintingClient, tag: str, inside: str) -> list[str]:
    """Return how each `tag` reads within what has the class `inside`."""
    found = [part for part in parse(client.get("/helpdesk").text).iter() if inside in part.get("class", "").split()]
    return [" ".join(text_of(one).split()) for part in found for one in part.iter(tag)]


def rows(client: PageLintingClient) -> list[str]:
    """Return how each open case reads, from the first to the last."""
    return read(client, "li", "case-rows")


def test_every_open_case_stands_there_once_the_connected_ones_together(full: PageLintingClient) -> None:
    assert len(rows(full)) == len(LIVE) + len(OTHERS) == 30
    assert read(full, "h3", "open-cases") == [
        "verbindet sich 3", "verbunden 12", "eingeladen 9", "von der Person beendet 6",
    ]  # fmt: skip


def test_labels_are_in_the_order_of_the_seats(full: PageLintingClient) -> None:
    live = [row for row in rows(full) if row.startswith("Platz 1")]
    assert [re.match(r"Platz \d+", row)[0] for row in live] == ["Platz 1", "Platz 10", "Platz 11", "Platz 12"]  # type: ignore[index]
    seats = [int(found[1]) for row in rows(full)[3:15] if (found := re.match(r"Platz (\d+)", row))]
    assert seats == [1, 2, 3, 4, 5, 6, 7, 10, 11, 12]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Platz 7", "GMX hat die Anmeldung abgelehnt"),
        ("Platz 10", "Ihr Postfach ist vielleicht voll"),
        ("Platz 4", "Schritt"),
        ("Platz 11", "„Es funktioniert“"),
        ("Platz 6", "heruntergeladen"),
    ],
)
def test_a_row_says_where_the_person_is_and_what_stops_them(full: PageLintingClient, label: str, words: str) -> None:
    (row,) = [row for row in rows(full) if row.startswith(f"{label} ")]
    assert words in row
    assert re.search(r"seit \d+ Minute|gerade eben", row)
    assert "a…l@gmx.de" in row


def test_only_who_is_stuck_is_marked(full: PageLintingClient) -> None:
    *labelled, unlabelled = read(full, "a", "stuck")
    assert labelled == ["Platz 7", "Platz 10"]
    assert any(row.startswith(unlabelled) and "„Es funktioniert nicht“" in row for row in rows(full))


def test_who_is_about_to_connect_is_told_nothing_of(full: PageLintingClient) -> None:
    """A case that changes hands waits for the person's consent: nothing of it shows before."""
    words = ("a…l", "Thunderbird", "Anmeldung abgelehnt")
    assert all(any(word in row for row in rows(full)[3:15]) for word in words)
    assert not [word for word in words if any(word in row for row in rows(full)[:3])]


def test_a_poll_without_news_makes_no_page(full: PageLintingClient) -> None:
    first = fragment(full, "/helpdesk/queue")
    again = fragment(full, "/helpdesk/queue", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_label_leads_to_the_case(agent: PageLintingClient, config: Config) -> None:
    reference, _, _ = open_case(agent)
    post(agent, f"/helpdesk/cases/{reference}/details", {"label": "Raum 3", "ticket": ""}, page="/helpdesk")
    row = case_row(config, reference)
    assert row is not None
    assert f'href="/helpdesk/cases/{reference}"' in agent.get("/helpdesk").text
    assert rows(agent)[0].startswith(row.label or reference)


def told(app: Flask, config: Config) -> dict[int, glance.Glance]:
    with app.test_request_context("/?lang=de"), db.read(config) as reading:
        return glance.glances(reading, reading.query(Case).where(Case.agent_id.is_not(None)).all())


def test_another_desk_that_is_looked_at_meanwhile_takes_nothing_away(
    full: PageLintingClient, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, reads = full.application, glance._glance
    first = told(app, config)
    with db.begin(config) as session:
        session.query(Case).where(Case.label == "Platz 7").update({"sequence": Case.sequence + 1})

    def meanwhile(events: Any) -> glance.Glance:
        for kept in (app.extensions[glance._KEPT], *app.extensions[glance._KEPT].values()):
            if isinstance(kept, dict):
                kept.clear()
        return reads(events)

    monkeypatch.setattr(glance, "_glance", meanwhile)
    assert told(app, config) == first


def test_nothing_is_kept_of_a_case_that_is_gone(full: PageLintingClient, config: Config) -> None:
    app = full.application
    told(app, config)
    with db.begin(config) as session:
        session.query(Case).where(Case.label == "Platz 7").delete()
    there = told(app, config)
    ((kept),) = app.extensions[glance._KEPT].values()
    assert set(kept.glances) == set(there)
    with db.begin(config) as session:
        session.query(Case).delete()
    with db.read(config) as reading, app.test_request_context("/"):
        desks = app.extensions[glance._KEPT]
        for desk, held in desks.items():
            desks[desk] = replace(held, at=held.at - glance.KEPT_SECONDS)
        glance.glances(reading, [])
    assert app.extensions[glance._KEPT] == {}
