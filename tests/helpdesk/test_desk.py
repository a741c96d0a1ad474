"""Thirty cases on one desk: labels, who is there, handing over, what belongs to nobody, and no sudden end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.helpdesk.conftest import (
    PASSWORD,
    Browser,
    add_agent,
    agree,
    case_row,
    fragment,
    join,
    open_case,
    post,
    sign_in,
)
from tests.support.client import PageLintingClient
from webapp.core.text import Message
from webapp.helpdesk import agents, case_report, case_views, purging
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, AgentSession, Case


def queue(agent: PageLintingClient) -> str:
    return str(fragment(agent, "/helpdesk/queue").text)


def test_an_address_typed_with_a_slash_at_its_end_opens_the_desk(agent: PageLintingClient) -> None:
    assert agent.get("/helpdesk/").status_code == 200


def test_an_agent_names_a_case_and_gives_it_a_ticket_during_the_call(agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    where = f"/helpdesk/cases/{reference}"
    kept = post(agent, f"{where}/details", {"label": " Raum 2,  Platz 7 ", "ticket": "#4711"}, page=where)
    assert kept.status_code == 303
    for page in (queue(agent), agent.get(where).text):
        assert "Raum 2, Platz 7" in page
        assert "#4711" in page
    assert post(agent, f"{where}/details", {"label": "x" * 41}, page=where).status_code == 422
    assert post(agent, f"{where}/details", {"ticket": "<b>"}, page=where).status_code == 422


def test_who_is_gone_and_how_long_somebody_waits_is_seen(
    config: Config, agent: PageLintingClient, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_views.sequences, "seconds", 0)
    post(person, "/join/help")
    person.get("/join/wait")
    assert "wartet seit 0 Minuten" in queue(agent)
    assert "Seite zu oder verdeckt" not in queue(agent)
    earlier = datetime.now(UTC) - timedelta(minutes=3)
    with db.begin(config) as session:
        session.query(Case).update({"created_at": earlier, "seen_at": earlier})
        reference = session.query(Case).one().reference
    assert "wartet seit 3 Minuten" in queue(agent)
    assert "Seite zu oder verdeckt" in queue(agent)
    post(agent, f"/helpdesk/queue/{reference}", page="/helpdesk")
    agree(person)
    live = f"/helpdesk/cases/{reference}/progress"
    with db.begin(config) as session:
        session.query(Case).update({"seen_at": datetime.now(UTC)})
    here = fragment(agent, live)
    assert "zu oder verdeckt" not in here.text
    with db.begin(config) as session:
        session.query(Case).update({"seen_at": earlier})
    gone = fragment(agent, live, headers={"If-None-Match": here.headers["ETag"]})
    assert "Die Seite der Person ist zu oder verdeckt." in gone.text
    fragment(person, "/join/banner")
    assert "zu oder verdeckt" not in fragment(agent, live, headers={"If-None-Match": gone.headers["ETag"]}).text


def test_a_case_is_handed_over_and_the_person_is_asked_by_the_new_name(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(agent)
    join(person, code)
    where = f"/helpdesk/cases/{reference}"
    viktor = next(line for line in agent.get(where).text.split("<option") if ">Viktor" in line).split('"')[1]
    assert post(agent, f"{where}/hand-over", {"agent": "999"}, page=where).status_code == 400
    assert post(agent, f"{where}/hand-over", {"agent": viktor}, page=where).status_code == 303
    assert reference in queue(other_agent)
    assert "Viktor möchte Ihnen helfen." in person.get("/").text
    assert "Der Satz wurde nicht gezeigt" in post(other_agent, f"{where}/hint", {"hint": "wait"}, page=where).text
    assert "helper-hint" not in person.get("/").text  # not yet agreed
    post(person, "/join/end")
    row = case_row(config, reference)
    assert row is not None
    assert row.state == "ended"


def test_who_was_with_a_disabled_agent_waits_in_the_queue_and_is_asked_anew(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient, new_browser: Browser
) -> None:
    add_agent(config, "dora@example.org", "Dora")
    dora = new_browser()
    sign_in(dora, "dora@example.org")
    reference, code, _ = open_case(dora)
    join(person, code)
    post(person, "/setup/address", {"email_address": "zora.quast@gmx.de"}, page="/")
    assert reference not in queue(agent)
    agents.disable(config, "dora@example.org")
    waits = person.get("/").text
    assert "Dora" not in waits
    assert "Gerade sieht niemand Ihren Fortschritt." in waits
    assert "Sie warten auf jemand anderen" in person.get("/join/wait").text
    with db.begin(config) as session:  # hours later the person is still there
        session.query(Case).update({"touched_at": datetime.now(UTC) - timedelta(hours=3)})
    assert "Warten auf Hilfe" in queue(agent)
    assert post(agent, f"/helpdesk/queue/{reference}", page="/helpdesk").status_code == 303
    assert "z…t@gmx.de" not in agent.get(f"/helpdesk/cases/{reference}").text
    assert "Vera" in person.get("/join/confirm").text
    agree(person)
    assert "z…t@gmx.de" in agent.get(f"/helpdesk/cases/{reference}").text


def test_who_leaves_while_waiting_for_another_agent_leaves_a_case_to_nobody(
    helpdesk: Flask, config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(other_agent)
    join(person, code)
    agents.disable(config, "viktor@example.org")
    post(person, "/join/end")
    row = case_row(config, reference)
    assert row is not None
    assert (row.state, row.agent_id, row.address) == ("ended", None, "")
    assert reference not in queue(agent)
    assert post(agent, f"/helpdesk/cases/{reference}/take", page="/helpdesk").status_code == 404
    with helpdesk.app_context():
        assert purging.purge(config, datetime.now(UTC) + timedelta(days=40))["cases"] == 1


def test_who_was_invited_by_a_disabled_agent_comes_to_the_queue(
    helpdesk: Flask, config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(other_agent)
    agents.disable(config, "viktor@example.org")
    assert reference in queue(agent)
    assert post(person, "/join", {"code": code}).status_code == 303
    assert person.get("/join/confirm").location == "/join/wait"
    assert post(agent, f"/helpdesk/queue/{reference}", page="/helpdesk").status_code == 303
    assert "Vera" in person.get("/join/confirm").text


def test_a_deleted_agent_leaves_nobody_connected(
    helpdesk: Flask, config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    reference, code, _ = open_case(other_agent)
    join(person, code)
    with db.begin(config) as session:
        session.query(Agent).filter_by(login="viktor@example.org").delete()
    assert reference in queue(agent)
    purging.purge(config)
    assert "Gerade sieht niemand Ihren Fortschritt." in person.get("/").text
    assert "Warten auf Hilfe" in queue(agent)


def test_the_person_of_an_agent_who_is_gone_stands_on_everybodys_page(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient
) -> None:
    connected, code, _ = open_case(other_agent)
    join(person, code)
    invited, _, _ = open_case(other_agent)
    assert connected not in queue(agent)
    post(other_agent, "/helpdesk/sign-out", page="/helpdesk")
    assert connected in queue(agent)
    assert invited not in queue(agent), "nobody is in it"
    sign_in(other_agent, "viktor@example.org")
    assert connected not in queue(agent)


def test_who_was_signed_out_goes_on_with_the_case_and_was_warned(config: Config, agent: PageLintingClient) -> None:
    reference, _, _ = open_case(agent)
    where = f"/helpdesk/cases/{reference}"
    assert "In fünf Minuten werden Sie abgemeldet." in agent.get(where).text
    with db.begin(config) as session:
        session.query(AgentSession).update({"seen_at": datetime.now(UTC) - timedelta(minutes=31)})
    assert agent.get(where).location == "/helpdesk/sign-in"
    back = sign_in(agent, password=PASSWORD)
    assert back.location == where


def test_what_leaves_for_other_systems_has_the_plain_hyphen(app: Flask) -> None:
    with app.test_request_context("/"):
        assert case_report.translate(Message("E-mail address")) == "E-Mail-Adresse"


@pytest.mark.parametrize("path", ["/helpdesk/sign-in", "/helpdesk/agents", "/helpdesk/messages"])
def test_a_form_of_the_desk_that_ran_out_leads_to_its_page_again(admin: PageLintingClient, path: str) -> None:
    page = admin.post(f"{path}?lang=de")
    assert page.status_code == 400
    assert f'href="{path}?lang=de">Seite neu öffnen' in page.text
