"""A course: a sheet of links that live on one day, once the agent opens it, each for one person."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tests.helpdesk.conftest import agree, answer, case_row, open_case, post, token_of_page
from tests.support.client import PageLintingClient
from webapp.helpdesk import agents, courses, purging
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Course, CoursePlace


def make(agent: PageLintingClient, config: Config, places: int = 3, days: int = 0) -> str:
    """Make a course; return the path of its page."""
    day = courses.today(config) + timedelta(days=days)
    made = post(
        agent, "/helpdesk/courses", {"name": "VHS Dienstag", "day": day.isoformat(), "places": str(places)},
        page="/helpdesk/courses",
    )  # fmt: skip
    assert made.status_code == 303
    return str(made.headers["Location"])


def links(agent: PageLintingClient, config: Config) -> list[str]:
    """Return the paths that the sheet shows as pictures."""
    with agent.application.app_context(), db.read(config) as session:
        return [f"/join/link/{token}" for _, token in courses.links(session.query(Course).one())]


@pytest.mark.parametrize("kind", ["course", "invitation", "code"])
def test_who_presses_twice_gets_in(
    agent: PageLintingClient, person: PageLintingClient, other_agent: PageLintingClient, config: Config, kind: str
) -> None:
    data = {}
    if kind == "course":
        course = make(agent, config)
        path = links(agent, config)[0]
        post(agent, f"{course}/open", page=course)
    else:
        _, code, path = open_case(agent)
    if kind == "code":
        path, data = "/join", {"code": code}
    token = token_of_page(person.get(path).text)
    name = agent.application.config["SESSION_COOKIE_NAME"]
    before = person.get_cookie(name)
    assert before is not None
    first = person.post(path, data={**data, "csrf_token": token})
    person.set_cookie(name, before.value)  # the second press is on its way before the first is answered
    second = person.post(path, data={**data, "csrf_token": token})
    assert (first.location, second.location) == ("/join/confirm", "/join/confirm")
    assert "Vera" in person.get("/join/confirm").text
    assert person.post(path, data={**data, "csrf_token": token}).location == "/join/confirm", "a reload"
    assert post(other_agent, path, data).status_code in (410, 422), "nobody else gets in"


def test_a_place_is_taken_once_and_only_while_the_course_is_open(
    agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient, config: Config
) -> None:
    course = make(agent, config)
    link, second, _ = links(agent, config)
    assert len(link.rpartition("/")[2]) == 22  # 128 bits
    early = person.get(link)
    assert early.status_code == 403
    assert "Der Kurs ist noch nicht geöffnet" in early.text
    assert post(person, link).status_code == 410
    assert other_agent.get(course).status_code == 404
    assert post(other_agent, f"{course}/open", page="/helpdesk").status_code == 404
    assert post(agent, f"{course}/open", page=course).status_code == 303
    assert "Jemand möchte Ihnen helfen" in person.get(link).text
    answer(person, "address", email_address="anna.zeit@gmx.de")
    assert post(person, link).location == "/join/confirm"
    page = person.get("/join/confirm").text
    assert "Vera" in page
    assert "check-words" not in page
    assert other_agent.get(link).status_code == 410, "good once"
    assert "VHS Dienstag, 1" in agent.get("/helpdesk").text
    reference = re.search(r"/helpdesk/cases/(\w{8})", agent.get(course).text)
    assert reference
    assert "a…t@gmx.de" not in agent.get(reference[0]).text
    agree(person)
    assert "a…t@gmx.de" in agent.get(reference[0]).text
    row = case_row(config, reference[1])
    assert row is not None
    assert (row.state, row.label) == ("joined", "VHS Dienstag, 1")
    post(agent, f"{course}/close", page=course)
    assert person.get(second).status_code == 403


def test_the_links_of_a_course_die_with_its_day_and_its_agent(
    agent: PageLintingClient, person: PageLintingClient, config: Config
) -> None:
    course = make(agent, config)
    post(agent, f"{course}/open", page=course)
    (link, *_) = links(agent, config)
    assert person.get(link).status_code == 200
    agents.disable(config, "vera@example.org")
    assert person.get(link).status_code == 410
    assert post(person, link).status_code == 410
    agents.disable(config, "vera@example.org", enable=True)
    with db.begin(config) as session:
        session.query(Course).update({"day": courses.today(config) - timedelta(days=1)})
    assert person.get(link).status_code == 410
    assert post(person, link).status_code == 410
    purging.purge(config)
    with db.read(config) as session:
        assert session.query(Course).count() == session.query(CoursePlace).count() == 0


def test_a_colleague_takes_a_course_over_and_its_sheet_stays_good(
    agent: PageLintingClient, other_agent: PageLintingClient, person: PageLintingClient, config: Config
) -> None:
    course = make(agent, config)
    post(agent, f"{course}/open", page=course)
    link, *_ = links(agent, config)
    agents.disable(config, "vera@example.org")
    assert person.get(link).status_code == 410
    listed = other_agent.get("/helpdesk/courses").text
    assert "Kurse von Kolleginnen und Kollegen" in listed
    assert "VHS Dienstag" in listed
    assert post(other_agent, "/helpdesk/courses/00000000/take", page="/helpdesk/courses").status_code == 404
    assert post(other_agent, f"{course}/take", page="/helpdesk/courses").location == course
    assert post(person, link).location == "/join/confirm"
    asked = person.get("/join/confirm").text
    assert "Vera" not in asked
    assert "VHS Dienstag, 1" in other_agent.get("/helpdesk").text
    assert "Kurse von Kolleginnen und Kollegen" not in other_agent.get("/helpdesk/courses").text


def test_who_has_as_many_courses_as_one_may_takes_none_over(
    agent: PageLintingClient, other_agent: PageLintingClient, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make(agent, config)
    make(other_agent, config)
    assert "Drucken Sie es neu" in other_agent.get("/helpdesk/courses").text
    monkeypatch.setattr(courses, "COURSES_MAX", 1)
    refused = post(other_agent, f"{course}/take", page="/helpdesk/courses")
    assert refused.status_code == 422
    assert "Der Kurs wurde nicht übernommen" in refused.text
    assert "Löschen Sie erst einen" in refused.text
    assert agent.get(course).status_code == 200


def test_a_course_of_another_day_cannot_be_opened(agent: PageLintingClient, config: Config) -> None:
    course = make(agent, config, days=1)
    assert "Kurs öffnen" not in agent.get(course).text
    post(agent, f"{course}/open", page=course)
    with db.read(config) as session:
        assert session.query(Course).one().opened_at is None
    wrong: list[tuple[str, date, str]] = [
        ("", courses.today(config), "3"),
        ("x", courses.today(config), "31"),
        ("x", courses.today(config) - timedelta(days=1), "3"),
        ("x" * 35, courses.today(config), "3"),
    ]
    for name, day, places in wrong:
        form = {"name": name, "day": day.isoformat(), "places": places}
        assert post(agent, "/helpdesk/courses", form, page="/helpdesk/courses").status_code == 422, form
    assert post(agent, f"{course}/delete", page=course).location == "/helpdesk/courses"
    assert agent.get(course).status_code == 404
