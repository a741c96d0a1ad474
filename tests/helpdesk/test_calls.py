"""Opening hours, and a call at a time: a code that is good then, and no number stored."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.helpdesk.conftest import Browser, agree, fragment, join, open_case, post
from tests.support.client import PageLintingClient
from tests.support.limits import NUMBERS
from webapp.core.text import InputError
from webapp.helpdesk import agents, hours, purging
from webapp.infrastructure import db, limits
from webapp.infrastructure.config import Config
from webapp.infrastructure.i18n import translate
from webapp.infrastructure.models import Case

ALWAYS = "mon-sun 0:00-24:00"
MONDAY = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)  # half past eight in Berlin


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, helpdesk_second_factor="nobody", helpdesk_hours="mon-fri 9:00-12:20, sat 10:00-10:30")


def closed_now(config: Config) -> Config:
    """Return settings of a helpdesk that opens the day after tomorrow."""
    opens = datetime.now(config.helpdesk_clock) + timedelta(days=2)
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][opens.weekday()]
    return replace(config, helpdesk_hours=f"{day} 9:00-10:00")


def test_times_are_the_hours_in_which_somebody_is_there(app: Flask, config: Config) -> None:
    with app.test_request_context("/?lang=de"):
        found = [translate(window.text) for window in hours.windows(config, MONDAY)]
        assert found[:3] == [
            "Montag, 30. November 2026, zwischen 09:00 und 10:00 Uhr",
            "Montag, 30. November 2026, zwischen 10:00 und 11:00 Uhr",
            "Montag, 30. November 2026, zwischen 11:00 und 12:00 Uhr",
        ]
        assert "zwischen 12:00 und 12:20 Uhr" in found[3]
        assert not hours.is_open(config, MONDAY)
        assert hours.is_open(config, MONDAY + timedelta(hours=1))
        opens = hours.opens_next(config, MONDAY + timedelta(days=4, hours=4))  # Friday noon
        assert opens is not None
        assert "Samstag" in opens.day
    with pytest.raises(InputError):
        Config.from_environment({"WEBAPP_HELPDESK_HOURS": "Mo 9-17"})
    with pytest.raises(InputError):
        Config.from_environment({"WEBAPP_HELPDESK_TIME_ZONE": "Berlin"})


def test_no_hour_is_lost_or_doubled_when_the_clock_changes(config: Config) -> None:
    config = replace(config, helpdesk_hours=ALWAYS)
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)  # the night in which three o'clock comes twice
    found = hours.windows(config, before)
    assert len({window.begin for window in found}) == len(found)
    assert all(window.begin < window.end for window in found)


def choose(person: PageLintingClient) -> Any:
    """Take the first time that is offered; return the page with the code."""
    page = person.get("/join/call").text
    times = re.findall(r'<option value="(\d+)">', page)
    assert " bis " in page
    assert times
    post(person, "/join/call", {"time": times[0]}, page="/join/call")
    return person.get("/join/call")


def test_who_finds_nobody_gets_a_time_and_a_code_that_is_good_then(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    helpdesk.extensions["config"] = closed_now(config)
    assert "Gerade ist niemand da. Wir sind wieder da:" in person.get("/").text
    assert post(person, "/join/help", page="/").location == "/join/call"
    page = choose(person).text
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', page)
    assert code
    assert "Wir speichern keine Telefonnummer" in page
    assert "Unsere Nummer steht hier nicht." in page
    assert "Sie rufen uns an:" in person.get("/").text
    assert "Anrufe zu einer Zeit" in fragment(agent, "/helpdesk/queue").text
    assert post(agent, "/helpdesk/code", {"code": code[1]}, page="/helpdesk").status_code == 422, "too early"
    purging.purge(config)
    with db.begin(config) as session:
        assert session.query(Case).count() == 1, "nobody's time is deleted before it has come"
        # the hour has come
        session.query(Case).update({"call_from": datetime.now(UTC) - timedelta(minutes=1)})
    taken = post(agent, "/helpdesk/code", {"code": code[1]}, page="/helpdesk")
    assert taken.status_code == 303
    assert agree(person).status_code == 303
    assert "verbunden" in agent.get(taken.location).text


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("+49 721 123456", "Rufen Sie an: <a href="),
        ("Montag bis Freitag 0721/123456", "Rufen Sie an: Montag"),
        ("hilfe24@example.org", "Schreiben Sie uns: <a href="),
        ("https://example.org/hilfe24", "Schreiben Sie uns: https:"),
    ],
)
def test_a_mail_address_is_no_number_to_call(
    helpdesk: Flask, config: Config, person: PageLintingClient, contact: str, said: str
) -> None:
    reached = helpdesk.extensions["config"] = replace(closed_now(config), operator_contact=contact)
    helpdesk.context_processor(lambda: {"settings": reached})
    offered = person.get("/join/call").text
    assert ("Sie brauchen dafür unsere Nummer" in offered) == said.startswith("Schreiben")
    assert said in choose(person).text


def test_a_time_can_be_changed_given_up_and_passes(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    helpdesk.extensions["config"] = closed_now(config)
    post(person, "/join/help", page="/")
    choose(person)
    assert "Wann möchten Sie anrufen?" in person.get("/join/call?change=yes").text
    assert post(person, "/join/call", {"time": "1"}, page="/join/call").location == "/join/call?change=yes"
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', person.get("/join/call").text)
    assert code
    with db.begin(config) as session:
        past = datetime.now(UTC) - timedelta(minutes=1)
        session.query(Case).update({"call_from": past - timedelta(hours=1), "code_expires_at": past})
    assert post(agent, "/helpdesk/code", {"code": code[1]}, page="/helpdesk").status_code == 422, "too late"
    assert "Die Zeit für Ihren Anruf ist vorbei." in person.get("/").text
    choose(person)
    with db.read(config) as session:
        assert session.query(Case).count() == 1, "the former time is given up"
    post(person, "/join/end")
    with db.read(config) as session:
        assert session.query(Case).count() == 0


def test_a_call_outlives_the_hours_of_a_case_and_goes_when_it_is_over(helpdesk: Flask, config: Config) -> None:
    now = datetime.now(UTC)
    with db.begin(config) as session:
        for begin in (now + timedelta(days=3), now - timedelta(hours=2)):
            session.add(
                Case(
                    reference=f"{begin.day:08}", state="booked", created_at=now, touched_at=now - timedelta(days=2),
                    call_from=begin, code_expires_at=begin + timedelta(hours=1), sequence=0, ticket="",
                )
            )  # fmt: skip
    with helpdesk.app_context():
        purging.purge(config)
    with db.read(config) as session:
        assert [row.call_from > now for row in session.query(Case)] == [True]


def test_who_waits_while_nobody_is_at_the_desk_is_told_and_may_choose_a_time(
    helpdesk: Flask, config: Config, person: PageLintingClient
) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    post(person, "/join/help", page="/")
    page = person.get("/join/wait").text
    assert "Gerade ist niemand von uns am Platz." in page
    assert 'href="/join/call"' in page
    choose(person)
    with db.read(config) as session:
        assert [row.state for row in session.query(Case)] == ["booked"]


def booked(config: Config) -> list[datetime | None]:
    with db.read(config) as session:
        return [row.call_from for row in session.query(Case).filter_by(state="booked")]


def offered_to(person: PageLintingClient) -> list[str]:
    return re.findall(r'<option value="(\d+)">', person.get("/join/call?change=yes").text)


def test_a_booking_and_its_code_outlive_a_change_that_is_refused(
    helpdesk: Flask, config: Config, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    code = spoken_code(choose(person).text)
    first = booked(config)
    for full in ("take_waiting", "take_call"):
        monkeypatch.setattr(limits.Limits, full, lambda *_: limits.Again())
    assert post(person, "/join/call", {"time": offered_to(person)[3]}, page="/join/call").status_code == 303
    assert len(booked(config)) == 1
    assert booked(config) != first, "the time is another"
    assert spoken_code(person.get("/join/call").text) == code, "the code that was written down stays"
    post(person, "/join/end")
    assert post(person, "/join/call", {"time": offered_to(person)[0]}, page="/join/call").status_code == 429


def test_who_waits_keeps_the_place_where_no_call_can_be_booked(
    helpdesk: Flask, config: Config, person: PageLintingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    post(person, "/join/help", page="/")
    monkeypatch.setattr(limits.Limits, "take_call", lambda *_: limits.Again())
    refused = post(person, "/join/call", {"time": offered_to(person)[0]}, page="/join/call")
    assert refused.status_code == 429
    assert "Ihr Platz in der Reihe bleibt" in refused.text
    with db.read(config) as session:
        assert [row.state for row in session.query(Case)] == ["waiting"]


def test_a_full_queue_closes_no_calls_and_a_network_books_only_so_many(
    helpdesk: Flask, config: Config, new_browser: Browser
) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    with helpdesk.app_context():
        for number in range(NUMBERS.waiting_per_network[0]):
            assert limits.current().take_waiting("127.0.0.1", str(number)) is None
    person = new_browser()
    assert post(person, "/join/help", page="/").status_code == 429
    choose(person)
    assert len(booked(config)) == 1
    with helpdesk.app_context():
        for number in range(NUMBERS.calls_per_network[0] - 1):
            assert limits.current().take_call("127.0.0.1", f"call {number}") is None
    late = new_browser()
    assert post(late, "/join/call", {"time": offered_to(late)[0]}, page="/join/call").status_code == 429
    post(person, "/join/end")
    choose(late)
    assert len(booked(config)) == 1


def test_two_clicks_make_one_booking(helpdesk: Flask, config: Config, person: PageLintingClient) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    page = person.get("/join/call").text
    times = re.findall(r'<option value="(\d+)">', page)
    token, before = re.search(r'name="csrf_token" value="([^"]+)"', page), person.get_cookie("session")
    assert token
    assert before is not None
    codes = []
    for time in times[:2]:  # each with the cookie of the page: the browser has taken no answer yet
        person.set_cookie("session", before.value)
        assert person.post("/join/call", data={"time": time, "csrf_token": token[1]}).status_code == 303
        codes.append(spoken_code(person.get("/join/call").text))
    assert len(booked(config)) == 1
    assert codes[0] == codes[1]


def test_who_was_helped_before_keeps_the_sheet_and_gets_one_booking(
    helpdesk: Flask, config: Config, agent: PageLintingClient, person: PageLintingClient
) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    reference, code, _ = open_case(agent)
    join(person, code)
    post(agent, f"/helpdesk/cases/{reference}/close", {"outcome": "solved"}, page="/helpdesk")
    page = person.get("/join/call").text
    times, before = re.findall(r'<option value="(\d+)">', page), person.get_cookie("session")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert before is not None
    for time in times[:2]:
        person.set_cookie("session", before.value)
        person.post("/join/call", data={"time": time, "csrf_token": token[1]})
    assert len(booked(config)) == 1
    assert "Sie rufen uns an:" in person.get("/").text
    post(person, "/join/end")
    assert reference in person.get("/join/summary").text


def test_only_what_is_offered_is_taken_and_only_where_somebody_helps(
    helpdesk: Flask, config: Config, person: PageLintingClient
) -> None:
    helpdesk.extensions["config"] = replace(config, helpdesk_hours=ALWAYS)
    first = offered_to(person)[0]
    begin = datetime.fromtimestamp(int(first), UTC)
    now = datetime.now(UTC)
    with db.begin(config) as session:
        for number in range(2):
            session.add(
                Case(
                    reference=f"TAKEN00{number}", state="booked", created_at=now, touched_at=now, call_from=begin,
                    code_expires_at=begin + timedelta(hours=1), sequence=0, ticket="",
                )
            )  # fmt: skip
    assert post(person, "/join/call", {"time": first}, page="/join/call").location == "/join/call?change=yes"
    for name in ("vera", "viktor", "olga"):
        agents.disable(config, f"{name}@example.org")
    assert person.get("/join/call").location == "/join"
    with db.read(config) as session:
        assert session.query(Case).count() == 2


def spoken_code(page: str) -> str:
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', page)
    assert code
    return code[1]
