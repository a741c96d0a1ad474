"""From the phone to the computer by a short address and a code."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, walk
from webapp.infrastructure import db
from webapp.infrastructure.models import DownloadLink

PHONE = "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
OUTLOOK = (PLAIN[0], ("program", {"program": "outlook:windows"}), *PLAIN[2:])

NewClient = Callable[[], PageLintingClient]


@pytest.fixture
def phone(client: PageLintingClient) -> PageLintingClient:
    client.environ_base["HTTP_USER_AGENT"] = PHONE
    return client


@pytest.fixture
def computer(app: Flask) -> PageLintingClient:
    made = app.test_client()
    assert isinstance(made, PageLintingClient)
    return made


def test_who_is_on_the_phone_is_not_offered_to_read_along_on_the_phone(phone: PageLintingClient) -> None:
    walk(phone, PLAIN[0], ("program", {"program": "samsung-email:android"}), *PLAIN[2:])
    assert "Auf dem Handy mitlesen" not in phone.get("/guide/address").text


def press(client: PageLintingClient, page: str, action: str, **fields: str) -> str:
    """Send the form of `page` that leads to `action`, and return the address after it, or the page that tells why not."""
    root = parse(client.get(page).text)
    form = next(form for form in root.iter("form") if form.get("action") == action)
    hidden = {field.get("name"): field.get("value") for field in form.iter("input") if field.get("type") == "hidden"}
    answer = client.told(client.post(action, data={**hidden, **fields}))
    return (
        answer.headers["Location"]
        if answer.status_code == 303
        else f"{answer.status_code} {text_of(parse(answer.text))}"
    )


def code_on(client: FlaskClient, page: str) -> str:
    found = re.search(r"\d{3} \d{3} \d{3}", text_of(parse(client.get(page).text)))
    assert found
    return found.group()


def test_the_code_of_a_step_opens_it_at_one_computer_at_every_press(
    phone: PageLintingClient, computer: PageLintingClient, app: Flask
) -> None:
    walk(phone, *OUTLOOK)
    assert press(phone, "/guide/mail", "/guide/mail/computer") == "/guide/mail#computer"
    page = text_of(parse(phone.get("/guide/mail").text))
    assert "localhost/computer" in page
    code = code_on(phone, "/guide/mail")
    opened = press(computer, "/computer", "/computer", code=code.replace(" ", "-"))
    assert re.fullmatch(r"/f/[\w-]{22}/guide/mail", opened)
    read = computer.get(opened).text
    assert "anna@gmx.de" not in read
    other = app.test_client()
    assert isinstance(other, PageLintingClient)
    assert "Dieser Code passt nicht" in press(other, "/computer", "/computer", code=code)
    assert "Dieser Code passt nicht" in press(computer, "/computer", "/computer", code="123456789")
    assert press(computer, "/computer", "/computer", code=code) == opened


def test_a_double_press_that_has_no_cookie_of_the_first_answer_gets_in(
    phone: PageLintingClient, computer: PageLintingClient
) -> None:
    walk(phone, *OUTLOOK)
    press(phone, "/guide/mail", "/guide/mail/computer")
    page, code = computer.get("/computer?lang=de"), code_on(phone, "/guide/mail")
    before = computer.get_cookie("session")
    assert before
    first = computer.submit(page, {"code": code}, form="Öffnen")
    computer.set_cookie("session", before.value)
    second = computer.submit(page, {"code": code}, form="Öffnen")
    assert (first.status_code, second.headers["Location"]) == (303, first.headers["Location"])


def test_from_the_switch_it_opens_all_steps_with_the_switch(
    phone: PageLintingClient, computer: PageLintingClient
) -> None:
    walk(phone, *OUTLOOK[:-1])
    page = parse(phone.get("/setup/preparation").text)
    (leading,) = [button for button in page.iter("button") if button.get("class") == "button"]
    assert text_of(leading) == "Am Computer weitermachen"
    assert "Kein Computer da?" not in text_of(page)
    back = press(phone, "/setup/preparation", "/guide/preparation/computer")
    assert back == "/setup/preparation?again=1#computer"
    opened = press(computer, "/computer", "/computer", code=code_on(phone, back))
    assert opened.endswith("/guide/all")
    assert "POP3- und IMAP-Zugriff erlauben" in computer.get(opened).text


def test_the_other_way_through_the_guide_is_handed_over_too(
    phone: PageLintingClient, computer: PageLintingClient
) -> None:
    walk(phone, *OUTLOOK)
    back = press(phone, "/guide/pop?way=program", "/guide/pop/computer?way=program")
    assert back == "/guide/pop?way=program#computer"
    opened = press(computer, "/computer", "/computer", code=code_on(phone, back))
    assert opened.endswith("/guide/pop?way=program")


def test_a_code_is_over_after_ten_minutes(phone: PageLintingClient, computer: PageLintingClient, app: Flask) -> None:
    walk(phone, *OUTLOOK)
    press(phone, "/guide/mail", "/guide/mail/computer")
    code = code_on(phone, "/guide/mail")
    soon = datetime.now(UTC) + timedelta(minutes=11)
    with app.app_context():
        with db.read() as session:
            row = session.scalars(select(DownloadLink).where(DownloadLink.expires_at < soon)).one()
            assert row.expires_at > soon - timedelta(minutes=2)
            hashed, kept = row.token_hash, row.sealed
        assert code.replace(" ", "").encode() not in kept
        with db.begin() as session:
            session.execute(
                update(DownloadLink)
                .where(DownloadLink.token_hash == hashed)
                .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
            )
    assert "Dieser Code passt nicht" in press(computer, "/computer", "/computer", code=code)


def test_a_new_code_and_deleting_end_the_one_before(phone: PageLintingClient, computer: PageLintingClient) -> None:
    walk(phone, *OUTLOOK)
    press(phone, "/guide/mail", "/guide/mail/computer")
    first = code_on(phone, "/guide/mail")
    with phone.session_transaction() as kept:  # the page shows the code instead of the button while it is good
        kept["computer_code"] = [kept["computer_code"][0], 0]
    press(phone, "/guide/mail", "/guide/mail/computer")
    second = code_on(phone, "/guide/mail")
    assert "passt nicht" in press(computer, "/computer", "/computer", code=first)
    press(phone, "/finish", "/delete")
    assert "passt nicht" in press(computer, "/computer", "/computer", code=second)


def test_wrong_codes_are_counted_with_those_of_the_helpdesk(
    phone: PageLintingClient, computer: PageLintingClient
) -> None:
    walk(phone, *OUTLOOK)
    press(phone, "/guide/mail", "/guide/mail/computer")
    code = code_on(phone, "/guide/mail")
    for number in range(5):
        assert "passt nicht" in press(computer, "/computer", "/computer", code=f"00000000{number}")
    paused = press(computer, "/computer", "/computer", code=code)
    assert paused.startswith("429")
    assert "Zu viele Codes" in paused


def test_what_is_no_code_is_not_counted(computer: PageLintingClient) -> None:
    for _ in range(7):
        assert "neun Ziffern" in press(computer, "/computer", "/computer", code="12 34")


def test_only_a_phone_that_sets_up_a_computer_is_offered_it(client: PageLintingClient) -> None:
    walk(client, *OUTLOOK)
    assert "/guide/mail/computer" not in client.get("/guide/mail").text
    client.environ_base["HTTP_USER_AGENT"] = PHONE
    assert "/guide/mail/computer" in client.get("/guide/mail").text
    walk(client, PLAIN[0], ("program", {"program": "samsung-email:android"}), *PLAIN[2:])
    assert "/computer" not in client.get("/guide/add-account").text


def test_a_file_for_the_computer_leads_the_phone_to_the_computer_first(phone: PageLintingClient) -> None:
    walk(phone, *PLAIN)
    (form,) = (form for form in parse(phone.get("/guide/file").text).iter("form") if form.get("id") == "to-computer")
    assert [button.get("class") for button in form.iter("button")] == ["button"]
    filled = [link for link in parse(phone.get("/guide/file").text).iter("a") if link.get("class") == "button"]
    assert not filled, "neither the download nor going on without it is as strong"
    code_on(phone, press(phone, "/guide/file", "/guide/file/computer"))
