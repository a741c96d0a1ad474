"""The way back from the pages of the help: to where the person was, and nowhere else."""

from __future__ import annotations

import pytest

from tests.helpdesk.conftest import answer, join, open_case, post
from tests.support.client import PageLintingClient
from webapp.helpdesk.way_back import FROM_KEY

BACK = '<a href="{}">Zurück</a>'


def test_who_looks_what_is_stored_goes_back_to_where_they_were(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    join(person, open_case(agent)[1])
    answer(person, "address", email_address="anna.beispiel@gmx.de")
    came = {"Referer": "http://localhost/help/not-working"}
    assert BACK.format("/help/not-working") in person.get("/join/stored", headers=came).text
    assert BACK.format("/help/not-working") in person.get("/join/stored").text, "the way between pages of the help"
    post(person, "/join/end")
    assert 'href="/help/not-working">Allein weitermachen</a>' in person.get("/join/ended").text


def test_who_waits_goes_on_where_they_were(helpdesk: object, person: PageLintingClient) -> None:
    post(person, "/join/help", {"from": "/help/not-working"}, page="/help")
    assert BACK.format("/help/not-working") in person.get("/join/wait").text


@pytest.mark.parametrize(
    "came",
    [
        "http://example.org/help",
        "http://localhost/helpdesk",
        "http://localhost//example.org/",
        "nonsense",
        "http://[x/",
        "http://localhost//help",
        "//help",
    ],
)
def test_the_way_back_leads_to_no_other_site(person: PageLintingClient, came: str) -> None:
    assert BACK.format("/") in person.get("/join", headers={"Referer": came}).text
    assert BACK.format("/") in person.get("/join", query_string={"from": came}).text


@pytest.mark.parametrize(
    ("came", "back"),
    [
        ("/guide/inbox?device=2&way=hand", "/guide/inbox?device=2&amp;way=hand"),
        ("/connection-tests?provider=gmx.com", "/connection-tests?provider=gmx.com"),
        ("/help?q=what+was+typed", "/help"),
        (f"/guide/inbox?way={'x' * 80}", "/guide/inbox"),
    ],
)
def test_the_way_back_keeps_of_a_query_what_says_whose_page_it_is(
    person: PageLintingClient, came: str, back: str
) -> None:
    assert BACK.format(back) in person.get("/join", headers={"Referer": f"http://localhost{came}"}).text
    assert BACK.format(back) in person.get("/join", query_string={"from": came}).text


def test_the_offer_of_help_says_from_which_guide_it_is_asked(
    agent: PageLintingClient, person: PageLintingClient
) -> None:
    assert "from=/guide/add?client%3Dthunderbird" in person.get("/guide/add?client=thunderbird").text


def test_a_way_back_takes_no_more_room_than_its_letters(person: PageLintingClient) -> None:
    for way in ("/help/" + "\N{GRINNING FACE}" * 50, "/connection-tests?x=" + "\N{GRINNING FACE}" * 50):
        person.get("/join", query_string={"from": way})
        with person.session_transaction() as session:
            assert str(session.get(FROM_KEY, "")).isascii()
