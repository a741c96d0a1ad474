"""A day at the desk: a course of twelve, the queue, a takeover, a hand-over, a call at a time, an agent disabled at noon.

Every report arrives at a webhook here, nobody stays with nobody, and in the evening nothing is left in any file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.helpdesk.conftest import Browser, agree, answer, fragment, join, open_case, post, sign_in
from tests.helpdesk.test_calls import choose, closed_now
from tests.helpdesk.test_courses import links, make
from tests.support.client import PageLintingClient
from tests.support.receiver import Receiver, receiver
from tests.support.waiting import wait_until
from webapp.helpdesk import agents, purging, recipients
from webapp.helpdesk.cases import OPEN
from webapp.infrastructure import db, outbox
from webapp.infrastructure.backup import backup
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import (
    Case,
    CaseEvent,
    CaseNote,
    CaseRun,
    CaseWatcher,
    Count,
    Course,
    CoursePlace,
    Delivery,
)

NOTE = "Notiz vom Dienstag"
COURSE = "VHS Dienstag"
COURSE_OF = 12


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def config(config: Config, hook: Receiver) -> Config:
    return replace(
        config, helpdesk_second_factor="nobody", webhook_url=f"{hook.url}/hook", webhook_secret="only for tests " * 3
    )


@dataclass
class Day:
    """Who works at the desk, and what came in. expected: the tickets' references of cases that were closed."""

    app: Flask
    config: Config
    new_browser: Browser
    hook: Receiver
    expected: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def desk(self, login: str) -> PageLintingClient:
        made = self.new_browser()
        assert sign_in(made, f"{login}@example.org").status_code == 303
        return made

    def somebody(self) -> PageLintingClient:
        return self.new_browser()

    def tell(self, person: PageLintingClient) -> None:
        """The person gives an address of their own, and shows it whole."""
        self.addresses.append(f"mensch.{len(self.addresses):02}@gmx.de")
        answer(person, "address", email_address=self.addresses[-1])
        post(person, "/join/address", {"whole": "yes"}, page="/join/stored")

    def close(self, agent: PageLintingClient, reference: str, outcome: str = "solved") -> None:
        where = f"/helpdesk/cases/{reference}"
        assert post(agent, f"{where}/note", {"text": NOTE}, page="/helpdesk").status_code == 303
        assert post(agent, f"{where}/close", {"outcome": outcome}, page="/helpdesk").status_code == 303
        self.expected.append(reference)

    def queue(self, agent: PageLintingClient) -> str:
        return str(fragment(agent, "/helpdesk/queue").text)

    def reference_of(self, label: str) -> str:
        with db.read(self.config) as session:
            return str(session.query(Case).filter_by(label=label).one().reference)

    def nobody_is_lost(self, agent: PageLintingClient) -> None:
        """Every open case stands on the page of this agent or of another one who is there."""
        page = self.queue(agent)
        with db.read(self.config) as session:
            for case in session.query(Case).filter(Case.state.in_(OPEN)):
                helps = session.get(agents.Agent, case.agent_id) if case.agent_id else None
                assert case.reference in page or (helps is not None and helps.disabled_at is None), case.reference


@pytest.fixture
def day(helpdesk: Flask, config: Config, new_browser: Browser, hook: Receiver) -> Day:
    return Day(helpdesk, config, new_browser, hook)


def take_from_queue(agent: PageLintingClient, reference: str) -> None:
    assert post(agent, f"/helpdesk/queue/{reference}", page="/helpdesk").location == f"/helpdesk/cases/{reference}"


def waiting(day: Day, person: PageLintingClient) -> str:
    """The person presses “Hilfe holen”; return the reference of their case."""
    assert post(person, "/join/help", page="/").location == "/join/wait"
    with db.read(day.config) as session:
        return str(session.query(Case).filter_by(state="waiting").order_by(Case.id.desc()).first().reference)  # type: ignore[union-attr]


def the_course(day: Day, vera: PageLintingClient, viktor: PageLintingClient) -> None:
    """Twelve scan the sheet and agree; Vera is disabled when half are done, and Viktor goes on with the others."""
    course = make(vera, day.config, places=COURSE_OF)
    post(vera, f"{course}/open", page=course)
    people = []
    for link in links(vera, day.config):
        person = day.somebody()
        assert post(person, link).location == "/join/confirm"
        assert agree(person).status_code == 303
        day.tell(person)
        people.append(person)
    places = [day.reference_of(f"{COURSE}, {number + 1}") for number in range(COURSE_OF)]
    for reference in places[:6]:
        day.close(vera, reference)
    agents.disable(day.config, "vera@example.org")
    day.nobody_is_lost(viktor)
    for person, reference in zip(people[6:], places[6:], strict=True):
        assert "Vera" not in person.get("/").text
        take_from_queue(viktor, reference)
        assert "gmx.de" not in viktor.get(f"/helpdesk/cases/{reference}").text, "not before the person agreed"
        assert "Viktor" in person.get("/join/confirm").text
        assert agree(person).status_code == 303
        day.close(viktor, reference)
    assert "Was getan wurde" in people[0].get("/join/summary").text


def the_walk_ins(day: Day, viktor: PageLintingClient, olga: PageLintingClient) -> None:
    """Two come by the queue: one is handed over, the other taken over, and both are asked by the new name."""
    first, second = day.somebody(), day.somebody()
    handed, taken = waiting(day, first), waiting(day, second)
    for person, reference in ((first, handed), (second, taken)):
        take_from_queue(viktor, reference)
        agree(person)
        day.tell(person)
    with db.read(day.config) as session:
        olgas_id = str(session.query(agents.Agent).filter_by(login="olga@example.org").one().id)
    where = f"/helpdesk/cases/{handed}"
    assert post(viktor, f"{where}/hand-over", {"agent": olgas_id}, page=where).status_code == 303
    assert post(olga, f"/helpdesk/cases/{taken}/take", page="/helpdesk").status_code == 303
    for person, reference in ((first, handed), (second, taken)):
        assert "Olga" in person.get("/join/confirm").text
        assert day.addresses[-1] not in olga.get(f"/helpdesk/cases/{reference}").text
        assert agree(person).status_code == 303
        day.close(olga, reference, "not-solved")


def the_call(day: Day, olga: PageLintingClient) -> None:
    """In the evening nobody is there: the person chooses an hour, calls then, and reads out the code."""
    day.app.extensions["config"] = closed_now(day.config)
    person = day.somebody()
    assert post(person, "/join/help", page="/").location == "/join/call"
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', choose(person).text)
    assert code
    with db.begin(day.config) as session:
        session.query(Case).filter_by(state="booked").update({"call_from": datetime.now(UTC) - timedelta(minutes=1)})
    day.app.extensions["config"] = day.config
    taken = post(olga, "/helpdesk/code", {"code": code[1]}, page="/helpdesk").location
    assert agree(person).status_code == 303
    day.tell(person)
    day.close(olga, taken.rpartition("/")[2])


@pytest.mark.proof
def test_a_day_at_the_desk(day: Day) -> None:
    vera, viktor, olga = day.desk("vera"), day.desk("viktor"), day.desk("olga")
    by_code = day.somebody()
    reference, code, _ = open_case(vera, "#4711")
    join(by_code, code)
    day.tell(by_code)
    day.close(vera, reference)
    the_course(day, vera, viktor)
    the_walk_ins(day, viktor, olga)
    the_call(day, olga)

    assert len(day.expected) == COURSE_OF + 4
    with db.read(day.config) as session:
        assert session.query(Case).filter(Case.state.in_((*OPEN, "booked"))).count() == 0, "nobody is left"
    with day.app.app_context():
        outbox.deliver("webhook", recipients._send_to_webhook)
        wait_until(lambda: len(day.hook.requests) >= len(day.expected), 60)
    received = [got.json["case"]["reference"] for got in day.hook.requests]
    assert Counter(received) == Counter(day.expected), "each once"
    assert {got.json["case"]["ticket"] for got in day.hook.requests} == {"#4711", ""}
    for got in day.hook.requests:
        assert not [address for address in day.addresses if address.encode() in got.body]
    nothing_is_left(day)


def nothing_is_left(day: Day) -> None:
    """After the day, no row and no byte: database, write-ahead log, backup."""
    with db.begin(day.config) as session:
        session.query(Course).update({"day": datetime.now(UTC).date() - timedelta(days=2)})
    with day.app.app_context():
        purging.purge(day.config, datetime.now(UTC) + timedelta(hours=25))
    with db.read(day.config) as session:
        for table in (Case, CaseEvent, CaseNote, CaseRun, CaseWatcher, Course, CoursePlace):
            assert session.query(table).count() == 0, table
        assert session.query(Delivery).filter(Delivery.state != "delivered").count() == 0
        counted = session.query(Count).filter_by(measure="outcome").all()
        assert sum(row.number for row in counted) == len(day.expected)
    copy = day.config.data_dir / "copy"
    backup(day.config, copy)
    kept = b"".join(path.read_bytes() for path in day.config.data_dir.iterdir() if path.is_file())
    for word in (NOTE, COURSE, *day.addresses):
        assert word.encode() not in kept, word
