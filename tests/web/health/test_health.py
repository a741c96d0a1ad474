"""The periodic check of the servers, its page, and the metrics."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from tests.support.client import PageLintingClient
from tests.support.dovecot import Dovecot
from tests.support.providers import rewrite_providers
from tests.support.serving import SERVE, serving
from tests.web.wizard.walk import PLAIN, walk
from webapp import create_app
from webapp.core.account import Server, ServerType, SocketType
from webapp.core.probe.report import FailureKind
from webapp.infrastructure import db, events
from webapp.infrastructure.config import HEALTH_SAMPLE_DAYS, Config, current_providers
from webapp.infrastructure.models import HealthSample, Pause
from webapp.web.health import checks, plot, samples
from webapp.web.health.samples import Slot

NOW = datetime(2027, 3, 14, 18, 40, tzinfo=UTC)
TOKEN = "a token for metrics that is only for tests"


@pytest.fixture
def watching(config: Config) -> Flask:
    """Return an application that watches the servers."""
    made = create_app(replace(config, health_interval=60, metrics_token=TOKEN))
    made.testing = True
    made.test_client_class = PageLintingClient
    return made


def keep(*found: tuple[datetime, str | None, int], protocol: str = "pop3", port: int = 995) -> None:
    with db.begin() as session:
        session.add_all(
            HealthSample(at=at, provider="gmx.net", protocol=protocol, port=port, failure=failure, milliseconds=took)
            for at, failure, took in found
        )
    samples.outages.forget()


def test_says_how_often_a_server_answered(watching: Flask) -> None:
    with watching.app_context():
        keep(
            (NOW - timedelta(days=20), "timed_out", 6000),
            (NOW - timedelta(hours=3), None, 80),
            (NOW - timedelta(hours=2), "refused", 20),
            (NOW - timedelta(hours=1), None, 120),
        )
        keep((NOW - timedelta(hours=1), None, 90), protocol="smtp", port=465)
        pop3, smtp = samples.histories(NOW)["gmx.net"]
    assert (pop3.protocol, pop3.uptime_day, pop3.uptime_month, pop3.checks_in_month) == ("pop3", 2 / 3, 1 / 2, 4)
    assert (smtp.protocol, smtp.uptime_day) == ("smtp", 1.0)
    assert not pop3.is_down
    assert len(pop3.slots) == 48
    assert [slot.milliseconds for slot in pop3.slots if slot.checks] == [80, None, 120]


def test_one_failed_check_is_no_outage_and_two_are(watching: Flask) -> None:
    now = datetime.now(UTC)
    with watching.app_context():
        keep((now - timedelta(minutes=3), None, 50), (now - timedelta(minutes=2), "timed_out", 6000))
        assert samples.outage("gmx.net") is None
        keep((now - timedelta(minutes=1), "timed_out", 6000))
        found = samples.outage("gmx.net")
        assert found
        assert found.failure == "timed_out"
        assert samples.outage("gmx.com") is None


def test_the_test_page_says_that_gmx_itself_has_trouble(watching: Flask) -> None:
    client = watching.test_client()
    assert isinstance(client, PageLintingClient)
    walk(client, *PLAIN)
    assert "Störung" not in client.get("/connection-tests").text
    now = datetime.now(UTC)
    with watching.app_context():
        keep((now - timedelta(minutes=1), "timed_out", 6000), (now, "timed_out", 6000))
    page = client.get("/connection-tests").text
    assert "Bei GMX selbst gibt es gerade eine Störung." in page
    assert "/status" in page


def test_an_old_outage_is_not_told_as_todays(watching: Flask) -> None:
    old = datetime.now(UTC) - timedelta(minutes=10)
    with watching.app_context():
        keep((old, "refused", 5), (old + timedelta(minutes=1), "refused", 5))
        assert samples.outage("gmx.net") is None


def test_where_checks_are_rare_an_outage_is_told_all_the_same(config: Config) -> None:
    app = create_app(replace(config, health_interval=86_400))
    with app.app_context():
        for days in (3, 2, 1, 0):
            failure = None if days == 3 else "timed_out"
            keep((NOW - timedelta(days=days, seconds=30), failure, 6000))
        (history,) = samples.histories(NOW)["gmx.net"]
        assert (history.is_down, history.failures_in_a_row, history.uptime_day) == (True, 3, 0.0)
        (history,) = samples.histories(NOW + timedelta(hours=24))["gmx.net"]  # the next check is late
        assert (history.is_down, history.uptime_day) == (True, 0.0)


def test_where_nobody_watches_there_is_no_outage(app: Flask) -> None:
    with app.app_context():
        keep((datetime.now(UTC), "refused", 5), (datetime.now(UTC), "refused", 5))
        assert samples.outage("gmx.net") is None


def test_old_samples_are_deleted(watching: Flask) -> None:
    with watching.app_context():
        keep((NOW - timedelta(days=HEALTH_SAMPLE_DAYS, seconds=1), None, 5), (NOW - timedelta(days=1), None, 5))
        assert samples.purge(NOW) == 1
        assert samples.purge(NOW) == 0


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_shows_every_state(watching: Flask, language: str) -> None:
    client = watching.test_client()
    assert client.get(f"/status?lang={language}").status_code == 200  # nothing checked yet
    now = datetime.now(UTC)
    with watching.app_context():
        for minutes, kind in enumerate(FailureKind):
            keep((now - timedelta(minutes=minutes), kind.value, 10))
        keep((now, None, 1234), protocol="smtp", port=465)
        keep((now, "timed_out", 10), protocol="smtp", port=587)
    page = client.get("/status").get_data(as_text=True)
    assert ("gestört" if language == "de" else "not working") in page
    assert ("1.234 ms" if language == "de" else "1,234 ms") in page
    assert 'class="curve"' in page
    assert 'class="outage"' in page


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_leads_to_a_page_that_explains_it(watching: Flask, kind: FailureKind) -> None:
    client = watching.test_client()
    with watching.app_context():
        keep((datetime.now(UTC), kind.value, 10))
    page = client.get("/status").get_data(as_text=True)
    assert "/help/" in page


def test_the_page_says_where_nobody_watches(client: PageLintingClient) -> None:
    assert "ob GMX gerade antwortet" in client.get("/status?lang=de").get_data(as_text=True)


def test_the_curve_has_gaps_and_marks() -> None:
    begins = [NOW + timedelta(minutes=30 * number) for number in range(4)]
    slots = [
        Slot(begins[0], 1, 1, 40),
        Slot(begins[1], 2, 1, 60),
        Slot(begins[2], 1, 0, None),
        Slot(begins[3], 1, 1, 99),
    ]
    curve = plot.latency(slots)
    assert curve.top == 100
    assert len(curve.lines) == 2
    assert len(curve.outages) == 2
    assert plot.latency([]).lines == ()


@pytest.mark.peers
def test_dials_every_server_without_logging_in(
    config: Config, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Config.from_environment({**dovecot.environment, "WEBAPP_HEALTH_INTERVAL": "60"})
    app = create_app(replace(made, data_dir=config.data_dir, secret_key=config.secret_key))
    before = sum(dovecot.attempts(user.address) for user in dovecot.users)
    with app.app_context():
        checks.run(app)
        servers = {
            (provider.id, server.type.value, server.port)
            for provider in current_providers().values()
            for server in provider.servers
            if server.type.value != "imap"
        }
        found = [history for histories in samples.histories().values() for history in histories]
    assert {(history.provider, history.protocol, history.port) for history in found} == servers
    assert all(history.failure is None for history in found)
    assert sum(dovecot.attempts(user.address) for user in dovecot.users) == before


def test_metrics_are_closed_without_the_token(watching: Flask, client: PageLintingClient) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    assert watching.test_client().get("/metrics").status_code == 404
    assert watching.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 404


def test_metrics_are_told_without_the_database_too(watching: Flask, config: Config) -> None:
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    client = watching.test_client()
    assert client.get("/status").status_code == 503
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert 'http_requests_total{method="GET",route="/status",status="503"} 1.0' in answer.text


def test_metrics_say_that_a_login_test_is_switched_off(watching: Flask, config: Config) -> None:
    def paused() -> set[str]:
        text = watching.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
        return {line for line in text.splitlines() if line.startswith("login_test_paused{") and line.endswith(" 1.0")}

    assert paused() == set()
    with db.begin(config) as session:
        session.add(Pause(name="gmx.net invited", until=datetime.now(UTC) + timedelta(minutes=5)))
    assert paused() == {'login_test_paused{invited="yes",provider="gmx.net"} 1.0'}


def test_a_word_that_is_no_method_makes_no_counter_of_its_own(watching: Flask) -> None:
    """Whoever invents methods would fill the memory: a counter is never forgotten."""
    client = watching.test_client()
    for number in range(20):
        assert client.open("/", method=f"INVENTED{number}").status_code == 405
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).get_data(as_text=True)
    assert "INVENTED" not in text
    assert 'http_requests_total{method="other",route="(no such page)",status="405"} 20.0' in text


def test_metrics_count_routes_and_ids_only(watching: Flask) -> None:
    client = watching.test_client()
    client.get("/?emailaddress=anna@gmx.de")
    events.test_progressed.send(watching, run="r1", state="running", protocol="pop3", stage="tls", failure="tls_failed")
    events.test_progressed.send(watching, run="r1", state="failed")
    events.file_downloaded.send(watching, client="thunderbird", format="zip")
    with watching.app_context():
        keep((datetime.now(UTC), None, 10))
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).get_data(as_text=True)
    assert 'http_requests_total{method="GET",route="/",status="200"} 1.0' in text
    assert 'wizard_steps_total{step="address"} 1.0' in text
    assert 'connection_tests_total{state="failed"} 1.0' in text
    assert 'connection_test_failures_total{failure="tls_failed",protocol="pop3",stage="tls"} 1.0' in text
    assert 'files_total{client="thunderbird",format="zip"} 1.0' in text
    assert 'mail_server_up{port="995",protocol="pop3",provider="gmx.net"} 1.0' in text
    assert "anna" not in text


def test_what_is_answered_in_front_of_flask_is_counted(watching: Flask) -> None:
    client = FlaskClient(watching)
    for path in ("/mail/config-v1.1.xml?emailaddress=anna@gmx.de", "/mail/config-v1.1.xml?emailaddress=x@example.org"):
        client.get(path)
    client.open("/AutoDiscover/AutoDiscover.xml", method="HURRY")
    client.get("/api/v1/exports/other?address=anna@gmx.de")
    counted = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    for method, route, status in (
        ("GET", "/mail/config-v1.1.xml", 200), ("GET", "/mail/config-v1.1.xml", 404),
        ("other", "/autodiscover/autodiscover.xml", 405), ("GET", "/api/v1/exports/other", 200),
    ):  # fmt: skip
        assert f'http_requests_total{{method="{method}",route="{route}",status="{status}"}} 1.0' in counted
    assert "anna" not in counted


@pytest.mark.peers
def test_the_server_watches_by_itself(tmp_path: Path, dovecot: Dovecot) -> None:
    settings = {**dovecot.environment, "WEBAPP_HEALTH_INTERVAL": "60", "WEBAPP_METRICS_TOKEN": TOKEN}
    with serving(tmp_path / "data", **settings) as served:
        for _ in range(300):
            answer = requests.get(f"{served.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
            if 'provider="gmx.net"' in answer.text:
                break
        else:
            pytest.fail(served.errors)
        assert served.stop() == 0


def test_a_check_that_hangs_does_not_hold_up_the_end_of_the_server(tmp_path: Path) -> None:
    """Twelve checks of ten seconds each, four at a time, of servers that accept and say nothing: half a minute."""
    program = SERVE.replace(
        "serve(", "from webapp.infrastructure import background as b; b.STOP_SECONDS = 1; serve(", 1
    )
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        port = silent.getsockname()[1]
        servers = [Server(kind, "127.0.0.1", port, SocketType.SSL) for kind in (ServerType.POP3, ServerType.SMTP)]
        rewrite_providers(tmp_path / "providers", servers * 6)
        settings = {"WEBAPP_PROVIDERS_DIR": str(tmp_path / "providers"), "WEBAPP_HEALTH_INTERVAL": "60"}
        with serving(tmp_path / "data", program=program, **settings) as served, silent.accept()[0]:
            began = time.monotonic()
            assert served.stop() == 0
            assert time.monotonic() - began < 25
