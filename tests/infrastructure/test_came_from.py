"""The way back leads to the page of ours that led here, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import PLAIN, walk
from webapp.infrastructure.came_from import BEFORE, came_from

PAGES = (
    *("/", "/setup/program", "/setup/program?again=1", "/setup/preparation?again=1", "/guide/password"),
    *("/adjust", "/adjust/retention", "/finish", "/help", "/help?q=535", "/help/login-refused"),
    *("/help/not-working", "/help/said/not-helped", "/connection-tests", "/status", "/check"),
    *("/reports", "/advice", "/advice/backup", "/settings", "/settings/gmx.net", "/api/v1/", "/privacy", "/imprint"),
    "/accessibility",
)


def back(client: PageLintingClient, page: str, origin: str = "") -> tuple[str, str]:
    """Return where “back” leads on `page`, and what it says."""
    shown = client.get(page, headers={"Referer": origin} if origin else {})
    nav = next(nav for nav in parse(shown.text).iter("nav") if nav.get("aria-label") == "Zurück")
    link = next(nav.iter("a"))
    return link.get("href", ""), text_of(link)


@pytest.mark.parametrize(
    ("page", "origin"),
    [
        ("/connection-tests", "/help/not-working"),
        ("/connection-tests", "/help?q=535"),
        ("/connection-tests", "/help/login-refused"),
        ("/setup/preparation?again=1", "/help/not-working"),
        ("/setup/program?again=1", "/help/not-working"),
        ("/help", "/guide/password"),
        ("/help", "/help/not-working"),
        ("/check", "/help/said/not-helped"),
        ("/advice/backup", "/done"),
        ("/settings/gmx.net", "/"),
        ("/privacy", "/guide/password"),
        ("/imprint", "/connection-tests"),
        ("/finish", "/adjust"),
    ],
)
def test_back_leads_to_the_page_that_the_person_came_from(client: PageLintingClient, page: str, origin: str) -> None:
    walk(client, *PLAIN)
    assert back(client, page, f"http://localhost{origin}") == (origin, "Zurück")


def test_who_comes_from_the_guide_goes_back_to_the_step(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    client.get("/guide/inbox?way=hand")
    step = "/guide/inbox?way=hand"
    for page in ("/connection-tests", "/help/not-working", "/adjust", "/finish"):
        assert back(client, page) == (step, "Zurück zur Anleitung")
    assert walk(client, PLAIN[2]) == step  # the switch was only looked at once more
    assert walk(client, ("program", {"program": "outlook:windows"}), PLAIN[2]) == "/guide"


def test_back_never_goes_round(app: Flask, client: PageLintingClient) -> None:
    """No two pages name each other. From a page of help a step is opened by a link that says so: `again`."""
    walk(client, *PLAIN)
    plain, cookie = app.test_client(), client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None

    def leads(page: str, origin: str) -> str:
        plain.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie.value)
        shown = plain.get(page, headers={"Referer": f"http://localhost{origin}"})
        assert shown.status_code == 200, page
        links = [
            link.get("href", "")
            for nav in parse(shown.text).iter("nav")
            if nav.get("aria-label") == "Zurück"
            for link in nav.iter("a")
        ]
        return links[0] if links else ""

    pairs = [(page, origin) for page in PAGES for origin in PAGES if leads(page, origin) == origin != page]
    assert len(pairs) > 50
    # A page whose way back is always the same leads there whoever came; so both must be led to by where one came from.
    assert [pair for pair in pairs if pair[::-1] in pairs] == []


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example/help/not-working",
        "http://localhost.evil.example/help/not-working",
        "http://localhost@evil.example/help/not-working",
        "http://localhost//evil.example/help/not-working",
        "http://localhost/no-such-page",
        "http://localhost/connection-tests",  # the page itself
        "http://localhost/privacy",  # one that lies behind it
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_nothing_but_a_page_that_lies_before_is_taken_for_the_way_back(client: PageLintingClient, origin: str) -> None:
    walk(client, *PLAIN)
    assert back(client, "/connection-tests", origin) == ("/guide", "Zurück zur Anleitung")


def test_every_page_that_lies_before_another_is_one(client: PageLintingClient) -> None:
    shown = {rule.endpoint for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert {endpoint for before in BEFORE.values() for endpoint in before} <= shown


def test_what_a_query_says_comes_back_as_it_was(client: PageLintingClient) -> None:
    with client.application.test_request_context("/", headers={"Referer": "http://localhost/help?q=%3Cb%3E&lang=de"}):
        assert came_from("cause") == "/help?q=%3Cb%3E&lang=de"


def test_a_full_cookie_lets_go_of_the_place_in_the_guide(client: PageLintingClient) -> None:
    walk(client, *PLAIN)
    client.get("/guide/inbox?way=hand")
    interface: Any = client.application.session_interface
    with client.session_transaction() as session:
        full = 0
        while interface.fits({**session, "full": "x" * (full + 1)}):
            full += 1
        session["full"] = "x" * full
    client.get("/guide/server?way=hand")  # a longer word for the place does not fit
    assert client.get("/guide/server?way=hand").status_code == 200
    assert back(client, "/adjust") == ("/guide", "Zurück zur Anleitung")
