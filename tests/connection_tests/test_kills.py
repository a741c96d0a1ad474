"""Twenty-four kills in the middle of a login test; the mail servers count every login."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.connection_tests.conftest import PLAIN_ANSWERS
from tests.support.certificates import Certificates
from tests.support.counting_servers import GREETING, LOGIN, CountingServers
from tests.support.killable_site import KillableSite
from tests.support.providers import rewrite_providers
from tests.support.waiting import wait_until
from webapp.infrastructure.config import Config

KILLS = 24
PASSWORD = "a password only for tests"


@pytest.fixture(params=["in the process", "by a worker"])
def site(
    request: pytest.FixtureRequest, config: Config, certificates: Certificates, tmp_path: Path
) -> Iterator[KillableSite]:
    right = {address(number): PASSWORD for number in range(KILLS)}
    with CountingServers(certificates.server_context("ok"), right) as servers:
        rewrite_providers(tmp_path / "providers", servers.servers)
        settings = replace(config, providers_dir=tmp_path / "providers", tls_ca_file=certificates.ca_file,
                           login_tests_per_network=(200, 200, 200), login_refusals_per_network=(50, 50, 50))  # fmt: skip
        if request.param == "by a worker":
            settings = replace(settings, redis_url=request.getfixturevalue("redis_url"))
        made = KillableSite(settings, servers)
        try:
            yield made
        finally:
            made.close()


def address(number: int) -> str:
    return f"person{number}@gmx.de"


def answer(site: KillableSite, number: int) -> None:
    with site.client.session_transaction() as session:
        name = {"email_address": address(number), "name": "", "providers": ["gmx.net"], "certainty": "certain"}
        session["answers"] = {**PLAIN_ANSWERS, "address": name}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [4, pytest.param(KILLS, marks=pytest.mark.proof)])
def test_no_kill_costs_a_login_more_than_was_pressed(site: KillableSite, kills: int) -> None:
    for number in range(kills):
        answer(site, number)
        where = LOGIN if number % 2 else GREETING  # after the password was sent, or before
        site.servers.fall_silent(where)
        form = site.client.get("/connection-tests")
        pressed = site.client.submit(form, {"password": PASSWORD}, form="Anmeldung jetzt prüfen")
        assert pressed.status_code == 303, pressed.text
        if where == LOGIN:
            wait_until(lambda n=number: site.servers.attempts["pop3", address(n), PASSWORD])  # type: ignore[misc]
        else:
            wait_until(lambda: site.servers._sessions == 2)  # receiving and sending
        if site.is_scaled_out and number % 4 < 2:
            site.kill_worker()
            site.start_worker()
        else:
            site.kill_web()
        site.servers.fall_silent(None)
        for _ in range(2):  # whoever waits reloads the page, and presses the old button once more
            assert site.client.get(pressed.location).status_code in (200, 410)
            site.client.submit(form, {"password": PASSWORD}, form="Anmeldung jetzt prüfen")
        site.passed += timedelta(minutes=1)
    site.servers.settle()
    by_account = Counter({key: number for key, number in site.servers.attempts.items() if number > 1})
    assert not by_account, "one login for receiving and one for sending, at most, for each press"
    assert sum(number for (protocol, *_), number in site.servers.attempts.items() if protocol == "pop3") <= kills
