"""Tests that workers ran are counted once, in the metrics of a web process; so are those that ended by time."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from flask import Flask

from tests.support.redis_server import RedisServer
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.connection_tests.engine import Plan, announce_end
from webapp.connection_tests.redis_engine import Worker
from webapp.core.probe.report import RunState
from webapp.infrastructure import events
from webapp.infrastructure.config import Config, current_providers
from webapp.web.health import worker_counts

TOKEN = "a token for metrics that is only for tests"


@pytest.fixture
def apps(config: Config, redis_url: str) -> list[Flask]:
    """Return two web processes and a worker, as applications."""
    made = [create_app(replace(config, redis_url=redis_url, metrics_token=TOKEN)) for _ in range(3)]
    worker_counts.hand_over(made[2])
    return made


def metrics(app: Flask) -> str:
    return app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text


@pytest.mark.peers
def test_what_a_worker_counts_one_web_process_tells(apps: list[Flask], redis_server: RedisServer) -> None:
    first, second, worker = apps
    for state in ("running", "passed", "passed"):
        events.test_progressed.send(worker, run="r", state=state, diagnosis=())
    events.test_progressed.send(
        worker, run="r", state="running", protocol="pop3", stage="tls", failure="tls_failed", diagnosis=()
    )
    assert redis_server.client.ttl(worker_counts.NAME) > 0
    told = metrics(first)
    assert 'connection_tests_total{state="passed"} 2.0' in told
    assert 'connection_test_failures_total{failure="tls_failed",protocol="pop3",stage="tls"} 1.0' in told
    assert 'state="passed"' not in metrics(second)
    assert not redis_server.client.exists(worker_counts.NAME)
    events.test_progressed.send(worker, run="r", state="failed", diagnosis=())
    assert 'connection_tests_total{state="failed"} 1.0' in metrics(second)
    assert 'connection_tests_total{state="passed"} 2.0' in metrics(first)


@pytest.mark.peers
def test_every_web_process_tells_how_many_tests_the_workers_run(
    apps: list[Flask], config: Config, redis_url: str
) -> None:
    worker = Worker(apps[2], replace(config, redis_url=redis_url))
    worker._runner._cancelled["r"] = threading.Event()  # a test that runs
    for app in apps[:2]:
        jobs.start(app)
        assert 'connection_tests_now{state="running"} 0.0' in metrics(app)
    worker._send_heartbeat()
    for app in apps[:2]:
        assert 'connection_tests_now{state="running"} 1.0' in metrics(app)
    worker._runner._cancelled.clear()
    worker._send_heartbeat()
    assert 'connection_tests_now{state="running"} 0.0' in metrics(apps[0])


def test_metrics_are_told_while_redis_is_away(config: Config) -> None:
    app = create_app(replace(config, redis_url="unix:///no/such/redis.sock", metrics_token=TOKEN))
    events.test_progressed.send(app, run="r", state="passed", diagnosis=())
    assert 'connection_tests_total{state="passed"} 1.0' in metrics(app)


@pytest.mark.peers
@pytest.mark.parametrize("scaled_out", [False, True], ids=["embedded", "redis"])
@pytest.mark.parametrize(("running", "state"), [(False, RunState.EXPIRED), (True, RunState.INTERRUPTED)])
def test_a_run_that_ended_by_time_is_counted_by_whoever_reads_it_first(
    config: Config, redis_url: str, scaled_out: bool, running: bool, state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(replace(config, redis_url=redis_url if scaled_out else "", metrics_token=TOKEN))
    jobs.start(app)
    with app.app_context():
        runs = jobs.of(app).runs
        run = Plan("gmx.net", "anna@gmx.de").run("check-shared", current_providers())
        assert runs.join("key", "follower", replace(run, deadline=time.time() + 60))
        if running:
            assert runs.begin("check-shared", time.time() + 60)
        seen = runs.get("follower")
        assert seen
        announce_end(app, runs, seen)
        assert "connection_tests_total{" not in metrics(app)
        monkeypatch.setattr(runs, "_clock", lambda: time.time() + 61)
        for _ in range(3):
            over = runs.get("follower")
            assert over
            assert over.state is state
            announce_end(app, runs, over)
    assert f'connection_tests_total{{state="{state.value}"}} 1.0' in metrics(app)
    jobs.shutdown(app)
