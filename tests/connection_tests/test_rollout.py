"""A roll-out day: 200 people press at once, many of them before they have switched POP3 on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.connection_tests.conftest import PLAIN_ANSWERS
from tests.support.certificates import Certificates
from tests.support.client import PageLintingClient
from tests.support.counting_servers import CountingServers
from tests.support.killable_site import KillableSite
from tests.support.providers import rewrite_providers
from webapp.infrastructure.config import Config, variable
from webapp.infrastructure.limits.queue import SEEN_SECONDS, TURN_SECONDS

PEOPLE = 200
PER_MINUTE = 30
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
STEP = timedelta(seconds=15)
PASSWORD = "a password only for tests"
QUEUE = "/connection-tests/queue"
OPERATION = Path(__file__).parents[2] / "docs" / "operation.md"


def documented() -> dict[str, object]:
    """Return the settings that docs/operation.md tells for such a day."""
    section = OPERATION.read_text("utf-8").partition("### A roll-out day")[2]
    block = re.search(r"```ini\n(.*?)```", section, re.DOTALL)
    assert block
    environ = dict(line.split("=", 1) for line in block[1].splitlines())
    day = Config.from_environment(environ)
    return {entry.name: getattr(day, entry.name) for entry in fields(Config) if variable(entry.name) in environ}


def address(number: int) -> str:
    return f"person{number}@gmx.de"


def is_off(number: int) -> bool:
    """Whether this person has not switched POP3 on yet: 40 of 100."""
    return number % 5 < 2


@pytest.fixture
def site(config: Config, certificates: Certificates, tmp_path: Path) -> Iterator[KillableSite]:
    right = {address(number): PASSWORD for number in range(PEOPLE) if not is_off(number)}
    with CountingServers(certificates.server_context("ok"), right) as servers:
        rewrite_providers(tmp_path / "providers", servers.servers)
        day = replace(config, providers_dir=tmp_path / "providers", tls_ca_file=certificates.ca_file, **documented())
        made = KillableSite(day, servers)
        made.app.extensions["limits"]._clock = lambda: NOON + made.passed  # stands still while the machine is slow
        try:
            yield made
        finally:
            made.close()


def person(site: KillableSite, number: int) -> PageLintingClient:
    made = site.browser()
    made.environ_base["REMOTE_ADDR"] = f"10.{number // 100}.{number % 100}.7"
    with made.session_transaction() as session:
        name = {"email_address": address(number), "name": "", "providers": ["gmx.net"], "certainty": "certain"}
        session["answers"] = {**PLAIN_ANSWERS, "address": name}
    return made


def press(client: PageLintingClient, page: str = "/connection-tests") -> str:
    """Type the password, press, and return where that leads."""
    answer = client.submit(client.get(page), {"password": PASSWORD}, form="Anmeldung jetzt prüfen")
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def position(client: PageLintingClient) -> int:
    found = re.search(r"Position (\d+)", client.get(QUEUE).text)
    assert found
    return int(found[1])


def look(client: PageLintingClient) -> str:
    """Let the open page ask once more; return what it shows: Position, an der Reihe, or weg."""
    text = FlaskClient.open(client, f"{QUEUE}/progress").text
    (state,) = {word for word in ("Position ", "an der Reihe</h2>", "Platz ist weg") if word in text}
    return str(state)


def logins(site: KillableSite) -> int:
    site.servers.settle()
    return sum(number for (protocol, *_), number in site.servers.attempts.items() if protocol == "pop3")


def settle(site: KillableSite, runs: list[str]) -> None:
    for location in runs:
        run_id = location.rpartition("/")[2]
        while (run := site.engine.runs.wait(run_id, 5)) is not None and not run.ended:
            pass


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_200_people_at_once_are_all_tested_in_their_turn(site: KillableSite) -> None:
    people = {number: person(site, number) for number in range(PEOPLE)}
    led = {number: press(client) for number, client in people.items()}
    waiting = [number for number, location in led.items() if location == QUEUE]
    assert len(waiting) == PEOPLE - PER_MINUTE
    settle(site, [location for location in led.values() if location != QUEUE])
    seen = [(site.passed, logins(site))]
    assert seen[0][1] == PER_MINUTE
    assert [position(people[number]) for number in waiting] == list(range(1, len(waiting) + 1))

    gone, left = set(waiting[5::40]), waiting[7]  # pages that are closed, and one place that is given up
    assert people[left].submit(people[left].get(QUEUE), form="Meinen Platz aufgeben").location == "/connection-tests"
    open_pages = [number for number in waiting if number not in {*gone, left}]
    while open_pages:
        site.passed += STEP
        assert site.passed < timedelta(minutes=12), "everybody had a turn long ago"
        at_turn = [number for number in open_pages if look(people[number]) == "an der Reihe</h2>"]
        begun = [press(people[number], QUEUE) for number in at_turn]
        assert QUEUE not in begun, "whose turn it is, is let through"
        settle(site, begun)
        open_pages = [number for number in open_pages if number not in at_turn]
        seen.append((site.passed, logins(site)))

    attempts = Counter(
        {user: number for (protocol, user, _), number in site.servers.attempts.items() if protocol == "pop3"}
    )
    assert attempts == Counter(address(number) for number in range(PEOPLE) if number not in {*gone, left})
    for at, number in seen:
        before = max((total for time, total in seen if time <= at - timedelta(minutes=1)), default=0)
        assert number - before <= PER_MINUTE, at
    refused = sum(is_off(number) for number in range(PEOPLE) if number not in {*gone, left})
    assert refused > 70
    assert site.app.extensions["limits"].paused_until("gmx.net") is None, "nobody is switched off"
    assert site.passed < timedelta(minutes=9)


@pytest.fixture
def full(site: KillableSite) -> KillableSite:
    """The minute is used up, by others."""
    for number in range(PER_MINUTE):
        client = f"198.51.{number}.1"
        assert site.app.extensions["limits"].take_login(f"{number}@x", client, f"t{number}", provider="gmx.net") is None
    return site


def test_who_comes_later_overtakes_nobody_and_who_waits_needs_no_script(full: KillableSite) -> None:
    first, second = person(full, 2), person(full, 3)
    assert press(first) == QUEUE
    page = first.get(QUEUE).text
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    assert "Position 1" in page
    assert PASSWORD not in page
    full.passed += timedelta(seconds=40)
    first.get(QUEUE)
    full.passed += timedelta(seconds=21)  # room for everybody
    page = first.get(QUEUE).text
    assert "Sie sind an der Reihe" in page
    assert "refresh" not in page
    for number in range(PER_MINUTE - 1):
        full.app.extensions["limits"].take_login(f"{number}@y", f"203.0.{number}.1", f"u{number}", provider="gmx.net")
    assert press(second) == QUEUE, "the last one of this minute is kept"
    location = press(first, QUEUE)
    settle(full, [location])
    assert sum(full.servers.attempts.values()) == 2  # receiving and sending


def test_two_presses_at_the_turn_are_one_test_and_the_place_is_used(full: KillableSite) -> None:
    client = person(full, 2)
    press(client)
    full.passed += timedelta(seconds=40)
    client.get(QUEUE)
    full.passed += timedelta(seconds=21)
    page = client.get(QUEUE)
    pressed = [client.submit(page, {"password": PASSWORD}, form="Anmeldung jetzt prüfen") for _ in range(3)]
    assert len({answer.location.partition("?")[0] for answer in pressed}) == 1
    settle(full, [pressed[0].location])
    full.servers.settle()
    assert full.servers.attempts == {("pop3", address(2), PASSWORD): 1, ("smtp", address(2), PASSWORD): 1}
    assert look(client) == "Platz ist weg"


@pytest.mark.parametrize("at_turn", [False, True])
def test_a_closed_page_gives_the_place_up(full: KillableSite, at_turn: bool) -> None:
    gone, behind = person(full, 2), person(full, 3)
    press(gone)
    press(behind)
    if at_turn:
        full.passed += timedelta(seconds=40)
        assert look(behind) == look(gone) == "Position "
        full.passed += timedelta(seconds=21)
        assert look(gone) == "an der Reihe</h2>"
    for _ in range(TURN_SECONDS // 10 + 1 if at_turn else SEEN_SECONDS // 10 + 1):
        full.passed += timedelta(seconds=10)
        look(behind)
    assert look(gone) == "Platz ist weg"
    assert "Nochmals testen" in gone.get(QUEUE).text or "Noch einmal" in gone.get(QUEUE).text
    assert full.servers.attempts == {}


def test_delete_now_gives_the_place_up(full: KillableSite) -> None:
    client, behind = person(full, 2), person(full, 3)
    press(client)
    press(behind)
    assert position(behind) == 2
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(QUEUE).text)
    assert token
    assert client.post("/delete", data={"csrf_token": token[1]}).status_code == 303
    assert position(behind) == 1


def test_one_household_gets_no_more_places_than_tests(full: KillableSite) -> None:
    most = full.config.login_tests_per_network[0]
    limits = full.app.extensions["limits"]
    answers = [limits.queue_up(f"q{number}", f"2001:db8::{number:x}") for number in range(most + 1)]
    assert answers[:most] == [None] * most
    assert answers[most] is not None
    assert limits.queue_up("other", "2001:db8:0:1::1") is None or most == 200


def test_the_documented_settings_are_needed(config: Config) -> None:
    numbers = documented()
    assert numbers["breaker_refusals"] > config.breaker_refusals  # type: ignore[operator]
    assert "login_tests_per_minute" not in numbers
    assert "login_tests_per_account" not in numbers
    assert "login_refusals_per_account" not in numbers
