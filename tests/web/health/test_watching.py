"""docs/prometheus: alerts that come when their fault does, and a dashboard of what there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from webapp import create_app
from webapp.connection_tests import jobs
from webapp.infrastructure import db, events
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Delivery, HealthSample, Lease, Pause
from webapp.web.health.readiness import readiness

FOLDER = Path(__file__).parents[3] / "docs" / "prometheus"
TOKEN = "a token for metrics that is only for tests"
JOB = 'job="gmx-pop-wizard",instance="a"'

# What each fault makes of the metrics: series and values by minute.
CAUSES: dict[str, dict[str, str]] = {
    "WizardDown": {f"up{{{JOB}}}": "0x60"},
    "PagesNotServed": {f'ready{{{JOB},what="pages"}}': "0x60"},
    "TestsDoNotRun": {f'ready{{{JOB},what="tests"}}': "0x60"},
    "LoginTestPaused": {f'login_test_paused{{{JOB},provider="gmx.net",invited="no"}}': "1x60"},
    "MailServerDown": {f'mail_server_up{{{JOB},provider="gmx.net",protocol="pop3",port="995"}}': "0x60"},
    "ManyFaults": {f'http_requests_total{{{JOB},status="503"}}': "0+5x60"},
    "PagesAreSlow": {f'http_request_seconds_bucket{{{JOB},le="1.0"}}': "0+50x60"},
    "TestsWait": {f'connection_tests_now{{{JOB},state="waiting"}}': "40x60"},
    "TestsAreCutOff": {f'connection_tests_total{{{JOB},state="interrupted"}}': "0+1x60"},
    "DatabaseConnectionsUsedUp": {f'database_connections{{{JOB},state="in use"}}': "32x60"},
    "NothingIsDeleted": {f'duty_due_timestamp_seconds{{{JOB},duty="links-purge"}}': "-9000x60"},
    "MessagesGivenUp": {f'deliveries{{{JOB},state="dead"}}': "1x60"},
    "SigningCertificateExpires": {
        f'signing_certificate_expires_timestamp_seconds{{{JOB},certificate="profiles"}}': "86400x60"
    },
    "FilesUsedUp": {f"process_open_fds{{{JOB}}}": "8000x60"},
}
WELL = {
    f"up{{{JOB}}}": "1x60",
    f'ready{{{JOB},what="pages"}}': "1x60",
    f'ready{{{JOB},what="tests"}}': "1x60",
    f'login_test_paused{{{JOB},provider="gmx.net",invited="no"}}': "0x60",
    f'mail_server_up{{{JOB},provider="gmx.net",protocol="pop3",port="995"}}': "1x60",
    f'http_requests_total{{{JOB},status="200"}}': "0+60x60",
    f'http_requests_total{{{JOB},status="503"}}': "0x60",
    f'http_request_seconds_bucket{{{JOB},le="1.0"}}': "0+60x60",
    f"http_request_seconds_count{{{JOB}}}": "0+60x60",
    f'connection_tests_now{{{JOB},state="waiting"}}': "0x60",
    f'connection_tests_total{{{JOB},state="interrupted"}}': "0x60",
    f'database_connections{{{JOB},state="in use"}}': "2x60",
    f'duty_due_timestamp_seconds{{{JOB},duty="links-purge"}}': "3600x60",
    f'deliveries{{{JOB},state="dead"}}': "0x60",
    f'signing_certificate_expires_timestamp_seconds{{{JOB},certificate="profiles"}}': "9000000x60",
    f"process_open_fds{{{JOB}}}": "50x60",
    f"process_max_fds{{{JOB}}}": "8192x60",
}


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]:
        yield from group["rules"]


def dashboard() -> Iterator[str]:
    for panel in json.loads((FOLDER / "dashboard.json").read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


@pytest.fixture
def site(config: Config, tmp_path: Path) -> Iterator[Flask]:
    """Return a site that runs tests and has met a bit of everything."""
    settings = replace(config, metrics_token=TOKEN, health_interval=60)
    app = create_app(settings)
    jobs.start(app)
    now = datetime.now(UTC)
    with db.begin(config) as session:
        session.add(Lease(name="links-purge", until=now))
        session.add(Delivery(id="1", target="webhook", reference="", body={}, state="dead", due_at=now, created_at=now))
        session.add(HealthSample(at=now, provider="gmx.net", protocol="pop3", port=995, failure=None, milliseconds=1))
        session.add(Pause(name="gmx.net", until=now + timedelta(minutes=20)))
    events.step_reached.send(app, step="address")
    events.file_downloaded.send(app, client="outlook", format="prf")
    events.test_progressed.send(app, state="failed", protocol="pop3", stage="connect", failure="refused")
    yield app
    jobs.shutdown(app)


def metrics(app: Flask) -> dict[str, float]:
    """Return the samples of /metrics."""
    with app.app_context():
        readiness.forget()
    text = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    rows = re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in rows}


def test_every_metric_of_the_files_is_one_of_ours(site: Flask) -> None:
    site.test_client().get("/healthz")
    known = {name.partition("{")[0] for name in metrics(site)} | {"up", "signing_certificate_expires_timestamp_seconds"}
    known |= {rule["record"] for rule in rules() if "record" in rule}
    used: set[str] = set()
    for text in (*(rule["expr"] for rule in rules()), *dashboard()):
        used |= set(re.findall(r"[a-z_:0-9]+(?=\{)|wizard:[a-z_:0-9]+", text))
    assert len(used) > 20
    assert used - known == set()


def test_measures_what_the_alerts_ask_for(site: Flask, config: Config) -> None:
    found = metrics(site)
    assert (found['ready{what="pages"}'], found['ready{what="tests"}'], found["workers"]) == (1, 1, 1)
    assert found['connection_tests_now{state="waiting"}'] == found['connection_tests_now{state="running"}'] == 0
    assert found['deliveries{state="dead"}'] == 1
    assert found['login_test_paused{invited="no",provider="gmx.net"}'] == 1
    assert abs(found['duty_due_timestamp_seconds{duty="links-purge"}'] - datetime.now(UTC).timestamp()) < 60
    assert found["process_open_fds"] > 3
    assert any(name.startswith("app_info{version=") for name in found)
    jobs.shutdown(site)
    found = metrics(site)
    assert (found['ready{what="pages"}'], found['ready{what="tests"}'], found["workers"]) == (1, 0, 0)
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    found = metrics(site)
    assert found['ready{what="pages"}'] == 0
    assert 'deliveries{state="dead"}' not in found
    (config.data_dir / "wizard.sqlite3").rmdir()


def test_every_alert_says_what_to_do_and_has_its_cause_here() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert {rule["alert"] for rule in alerts} == set(CAUSES)
    for rule in alerts:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "do"}


@pytest.mark.peers
def test_each_alert_comes_by_its_cause_alone_and_every_expression_is_one(tmp_path: Path) -> None:
    """One call of Prometheus' own tool for all of them."""
    if shutil.which("promtool") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is not installed")
        pytest.skip("promtool is not installed")
    recorded = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(dashboard())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    shutil.copy(FOLDER / "alerts.yml", tmp_path)
    tests = []
    for cause in (None, *CAUSES):
        series = {**WELL, **(CAUSES[cause] if cause else {})}
        tests.append(
            {
                "name": cause or "well",
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
                        "eval_time": "50m",
                        "exp_samples": [{"labels": "{}", "value": int(name == cause)}],
                    }
                    for name in CAUSES
                ],
            }
        )
    (tmp_path / "tests.yml").write_text(
        yaml.safe_dump({"rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": tests})
    )
    for call in (["check", "rules", "alerts.yml", "panels.yml"], ["test", "rules", "tests.yml"]):
        result = subprocess.run(["promtool", *call], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
