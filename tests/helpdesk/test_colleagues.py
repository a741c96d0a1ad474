"""A second pair of eyes: the person agrees by name, the colleague sees and changes nothing, and it ends."""

from __future__ import annotations

import re

import pytest

from tests.helpdesk.conftest import agree, answer, case_row, fragment, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.helpdesk import agents, case_views
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, CaseWatcher

ADDRESS = "zora.quast@gmx.de"


def id_of(config: Config, login: str) -> str:
    with db.read(config) as session:
        return str(session.query(Agent).filter_by(login=login).one().id)


@pytest.fixture
def where(config: Config, agent: PageLintingClient, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case of Vera's with the person in it, who is asked about Viktor; its path."""
    monkeypatch.setattr(case_views.sequences, "seconds", 0)
    reference, code, _ = open_case(agent)
    join(person, code)
    answer(person, "address", email_address=ADDRESS)
    where = f"/helpdesk/cases/{reference}"
    asked = post(agent, f"{where}/watcher", {"agent": id_of(config, "viktor@example.org")}, page=where)
    assert asked.status_code == 303
    return where


def test_a_colleague_sees_the_case_once_the_person_agreed_to_the_name(
    agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient, where: str
) -> None:
    assert "Die Person wird nach Viktor gefragt." in agent.get(where).text
    assert "z…t@gmx.de" not in other_agent.get(where).text
    assert fragment(other_agent, f"{where}/progress").status_code == 403
    assert "Vera möchte, dass Viktor zusieht." in person.get("/").text
    asked = person.get("/join/colleague").text
    assert "helper-colleague" not in asked  # no link to the page itself
    assert "Darf Viktor auch zusehen?" in asked
    assert "Viktor sähe, was Vera sieht, Ihre Adresse immer gekürzt." in asked
    assert person.submit(person.get("/join/colleague"), form="Ja, Viktor darf zusehen").status_code == 303
    assert "Vera und Viktor sehen Ihren Fortschritt." in person.get("/").text
    seen = other_agent.get(where).text
    assert "z…t@gmx.de" in seen
    assert "Sie sehen zu." in seen
    assert 'name="hint"' not in seen
    assert fragment(other_agent, f"{where}/progress").status_code == 200
    assert where in fragment(other_agent, "/helpdesk/queue").text
    for action in ("hint", "note", "close", "details", "prefill", "invitation", "watcher", "hand-over"):
        assert post(other_agent, f"{where}/{action}", page="/helpdesk").status_code == 403, action
    post(person, "/join/colleague", {"answer": "no"}, page="/join/stored")
    assert "z…t@gmx.de" not in other_agent.get(where).text
    assert fragment(other_agent, f"{where}/progress").status_code == 403


def test_who_agrees_to_one_colleague_agrees_to_no_other(
    config: Config, agent: PageLintingClient, admin: PageLintingClient, person: PageLintingClient, where: str
) -> None:
    page = person.get("/join/colleague")
    post(agent, f"{where}/watcher", {"agent": id_of(config, "olga@example.org")}, page=where)
    person.submit(page, form="Ja, Viktor darf zusehen")
    assert "z…t@gmx.de" not in admin.get(where).text
    assert post(agent, f"{where}/watcher", {"agent": "999"}, page=where).status_code == 400


@pytest.mark.parametrize("how", ["taken over", "ended", "closed", "watcher disabled", "agent disabled"])
def test_nobody_looks_on_after_the_connection(
    config: Config, agent: PageLintingClient, other_agent: PageLintingClient, admin: PageLintingClient,
    person: PageLintingClient, where: str, how: str,
) -> None:  # fmt: skip
    person.submit(person.get("/join/colleague"), form="Ja, Viktor darf zusehen")
    match how:
        case "taken over":
            post(admin, f"{where}/take", page="/helpdesk")
            agree(person)
        case "ended":
            post(person, "/join/end")
        case "closed":
            post(agent, f"{where}/close", {"outcome": "solved"}, page="/helpdesk")
        case "watcher disabled":
            agents.disable(config, "viktor@example.org")
            assert "Vera sieht Ihren Fortschritt." in person.get("/").text
            agents.disable(config, "viktor@example.org", enable=True)
        case "agent disabled":
            agents.disable(config, "vera@example.org")
    assert "z…t@gmx.de" not in other_agent.get(where).text
    row = case_row(config, re.split("/", where)[-1])
    assert row is not None
    with db.read(config) as session:
        assert session.query(CaseWatcher).count() == 0
