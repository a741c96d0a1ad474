"""The advice for the time after the set-up, and the reminder for the calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.client import PageLintingClient, parse, text_of
from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES
from webapp.web.advice import BY_HAND, TOPICS
from webapp.web.advice.reminder import EVERY, reminder


def words(page: str) -> str:
    return text_of(parse(page).find("body"))


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_renders_and_leads_to_every_other(client: PageLintingClient, topic: str, locale: str) -> None:
    page = client.get(f"/advice/{topic}?lang={locale}")
    assert page.status_code == 200
    for other in TOPICS:
        assert (f'href="/advice/{other}"' in page.text) == (other != topic)


def test_the_list_leads_to_every_topic_and_program(client: PageLintingClient) -> None:
    page = client.get("/advice").text
    assert all(f'href="/advice/{topic}"' in page for topic in TOPICS)
    assert all(f'href="/guide/all?client={client_id}"' in page for client_id in BY_HAND if client_id in SOURCES)


def test_what_there_is_not_is_no_page(client: PageLintingClient) -> None:
    for path in ("/advice/nothing", "/advice/program/nothing", "/advice/backup-reminder.ics?every=day"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("client_id", CLIENTS)
@pytest.mark.parametrize("device", ["", "iphone", "mac", "toaster"])
def test_the_backup_of_the_persons_program_comes_first(client: PageLintingClient, client_id: str, device: str) -> None:
    page = client.get("/advice/backup", query_string={"client": client_id, "device": device, "lang": "en"}).text
    root = parse(page)
    mine = [section for section in root.iter("section") if "Your program" in text_of(section)]
    others = list(root.iter("details"))
    assert len(mine) == 1
    assert len(mine) + len(others) == 10


def test_the_backup_of_outlook_keeps_its_file_out_of_onedrive(client: PageLintingClient) -> None:
    assert "OneDrive" in client.get("/advice/backup?client=outlook").text


def test_the_backup_of_every_program_is_shown_without_a_choice(client: PageLintingClient) -> None:
    page = client.get("/advice/backup?client=unheard-of&lang=en").text
    assert "Your program" not in page
    assert len(list(parse(page).iter("details"))) == 10


def test_moving_to_pop_tells_how_not_to_load_everything_twice(client: PageLintingClient) -> None:
    text = words(client.get("/advice/moving-to-pop?lang=en").text)
    assert "UIDL" in text
    assert text.index("Move everything from the inbox") < text.index("Set up the POP account and fetch")


def test_back_to_imap_gives_the_values(client: PageLintingClient) -> None:
    assert "imap.gmx.net" in client.get("/advice/back-to-imap").text


def event_of(content: bytes) -> Any:
    calendar = icalendar.Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return event


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("every", EVERY)
def test_the_reminder_is_read_back_by_its_library(client: PageLintingClient, every: str, locale: str) -> None:
    answer = client.get(f"/advice/backup-reminder.ics?every={every}&lang={locale}")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=gmx-backup-{every}.ics"
    event = event_of(answer.data)
    assert event["RRULE"] == {"FREQ": ["MONTHLY"], "INTERVAL": [EVERY[every]], "BYDAY": ["1SA"]}
    assert event["SUMMARY"] == {"de": "Meine E-Mails sichern", "en": "Back up my e-mail"}[locale]
    assert event["DESCRIPTION"].endswith("/advice/backup")
    begins = event["DTSTART"].dt
    assert isinstance(begins, datetime)
    assert begins.tzinfo is None  # floating: ten o'clock wherever the person is
    assert (begins.hour, begins.weekday()) == (10, 5)
    assert begins.day <= 7
    assert event["DTEND"].dt - begins == timedelta(minutes=30)
    (alarm,) = event.walk("VALARM")
    assert alarm["ACTION"] == "DISPLAY"
    assert alarm["TRIGGER"].dt == timedelta(0)


@settings(deadline=None)  # other loads run beside the tests
@given(
    every=st.sampled_from(sorted(EVERY)), locale=st.sampled_from(["de", "en"]),
    today=st.dates(min_value=date(2020, 1, 1), max_value=date(2090, 1, 1)),
)  # fmt: skip
def test_the_reminder_keeps_the_format_and_its_identity(every: str, locale: str, today: date) -> None:
    def made(day: date, language: str = locale) -> bytes:
        return reminder(
            every, locale=language, host="setup.example", url="https://setup.example/advice/backup", today=day
        )

    content = made(today)
    assert content == made(today)
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(b"\r" in line or b"\n" in line for line in lines)  # RFC 5545 section 3.1: CRLF alone ends a line
    assert max(map(len, lines)) <= 75  # octets, by folding
    event, later = event_of(content), event_of(made(today + timedelta(days=400), "en"))
    assert (event["UID"], event["DTSTAMP"].dt) == (later["UID"], later["DTSTAMP"].dt)
    begins = event["DTSTART"].dt.date()
    assert today < begins <= today + timedelta(days=38)
    assert begins.weekday() == 5
    assert begins.day <= 7


def test_month_and_quarter_are_two_entries() -> None:
    uids = {event_of(reminder(e, locale="de", host="a.example", url="https://a.example/"))["UID"] for e in EVERY}
    assert len(uids) == 2


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("client=outlook", "Outlook for Windows (classic)"),
        ("client=apple-mail&device=mac", "Mail on the Mac"),
        ("client=apple-mail&device=iphone", "Mail on iPhone or iPad"),
        ("", "Thunderbird"),
    ],
)
def test_where_the_password_stands_begins_with_the_persons_program(
    client: PageLintingClient, query: str, first: str
) -> None:
    root = parse(client.get(f"/advice/password-changed?lang=en&{query}").text)
    cards = [section for section in root.iter("section") if "card" in section.get("class", "")]
    assert text_of(cards[0]).startswith(first)
    assert [bool("chosen" in card.attrib["class"]) for card in cards] == [bool(query), *[False] * (len(cards) - 1)]


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("/guides", "/advice"),
        ("/guides/backup?client=outlook&lang=en", "/advice/backup?client=outlook&lang=en"),
        ("/guides/program/outlook", "/guide/all?client=outlook"),
        ("/guides/backup-reminder.ics?every=month", "/advice/backup-reminder.ics?every=month"),
    ],
)
def test_former_addresses_lead_on(client: PageLintingClient, former: str, now: str) -> None:
    answer = client.get(former)
    assert answer.status_code == 301
    assert answer.headers["Location"] == now
    assert client.get(now).status_code == 200
