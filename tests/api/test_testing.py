"""The connection test by API, against a real Dovecot: the pinned report, the limits, and who may log in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.test_calls import API, problem
from tests.support.dovecot import ANNA, Dovecot
from tests.support.waiting import wait_until
from webapp import create_app
from webapp.api import keys
from webapp.api.problems import Kind
from webapp.connection_tests import jobs
from webapp.core.diagnosis import explain, report_to_json
from webapp.core.probe import STAGES
from webapp.infrastructure.config import Config, Scope

pytestmark = pytest.mark.peers

DEADLINE = 60.0


@pytest.fixture
def settings(config: Config, dovecot: Dovecot) -> Config:
    """Return settings that lead to the Dovecot of the tests, with the login test switched on."""
    environment = Config.from_environment(dovecot.environment)
    return replace(
        config, providers_dir=environment.providers_dir, tls_ca_file=environment.tls_ca_file, api_login_test=True,
        api_requests_per_minute=1_000_000,
    )  # fmt: skip


@pytest.fixture
def app(settings: Config) -> Iterator[Flask]:
    made = create_app(settings)
    made.testing = True
    jobs.start(made)
    yield made
    jobs.shutdown(made)


def finished(client: FlaskClient, begun: TestResponse, **headers: str) -> dict[str, object]:
    """Return the report at its end, asked for at the place that the first answer names."""

    def ended() -> dict[str, object] | None:
        response = client.get(begun.headers["Location"], headers=headers)
        assert response.status_code == 200, response.text
        runs = response.json["state"] in ("queued", "running")
        assert ("Retry-After" in response.headers) == runs
        return None if runs else dict(response.json)

    return wait_until(ended, DEADLINE)


def test_a_check_runs_to_its_end_without_a_password(client: FlaskClient, dovecot: Dovecot) -> None:
    before = dovecot.attempts(ANNA.address)
    begun = client.post(f"{API}/connection-tests", json={"address": ANNA.address, "locale": "en"})
    assert begun.status_code == 202, begun.text
    planned = begun.json
    assert planned["state"] in ("queued", "running", "passed")
    shape = finished(client, begun)
    assert (shape["state"], shape["passed"], shape["login"], shape["password_sent"]) == ("passed", True, False, False)
    assert shape["vantage"] == "server"
    assert shape["reference"] == planned["reference"]
    assert ANNA.address not in json.dumps(shape)  # shortened
    stages = shape["stages"]
    assert isinstance(stages, list)
    assert [(s["protocol"], s["stage"]) for s in stages] == [
        (protocol.value, stage) for protocol, names in STAGES.items() for stage in names
    ]
    assert dovecot.attempts(ANNA.address) == before


def test_the_shape_is_that_of_the_command_line(app: Flask, client: FlaskClient) -> None:
    begun = client.post(f"{API}/connection-tests", json={"address": ANNA.address})
    shape = finished(client, begun)
    run = jobs.of(app).runs.get(begun.headers["Location"].rpartition("/")[2])
    assert run is not None
    assert shape == report_to_json(run.report, explain(run.report), "de", None) | {"address": "…", "state": "passed"}


def test_a_login_is_tried_once_with_the_right_key(client: FlaskClient, dovecot: Dovecot, login_key: str) -> None:
    before = dovecot.attempts(ANNA.address)
    header = {"Authorization": login_key}
    call = {"address": ANNA.address, "password": ANNA.password}
    begun = client.post(f"{API}/connection-tests", json=call, headers=header)
    assert begun.status_code == 202, begun.text
    shape = finished(client, begun, **header)
    assert (shape["state"], shape["login"], shape["password_sent"]) == ("passed", True, True)
    assert shape["mailbox"]
    assert dovecot.attempts(ANNA.address) == before + 2  # once for receiving, once for sending
    problem(client.get(begun.headers["Location"]), Kind.NOT_FOUND)  # to nobody else
    assert ANNA.password not in json.dumps(shape)


def test_a_login_needs_switch_key_scope_and_a_password_of_use(
    client: FlaskClient, settings: Config, key: str, login_key: str, dovecot: Dovecot
) -> None:
    before = dovecot.attempts(ANNA.address)
    call = {"address": ANNA.address, "password": "wrong-geheim"}
    response = client.post(f"{API}/connection-tests", json=call)
    problem(response, Kind.KEY_NEEDED)
    assert 'scope="login-test"' in response.headers["WWW-Authenticate"]
    problem(client.post(f"{API}/connection-tests", json=call, headers={"Authorization": key}), Kind.NOT_ALLOWED)
    bad = {**call, "password": "a\r\nDELE 1"}
    problem(client.post(f"{API}/connection-tests", json=bad, headers={"Authorization": login_key}), Kind.INVALID_INPUT)
    for switched_off in (replace(settings, api_login_test=False), replace(settings, login_test=False)):
        other = create_app(switched_off).test_client(use_cookies=False)
        refused = other.post(f"{API}/connection-tests", json=call, headers={"Authorization": login_key})
        problem(refused, Kind.NOT_ALLOWED)
        assert "wrong-geheim" not in refused.text
    assert dovecot.attempts(ANNA.address) == before


def test_login_tests_have_the_limits_of_the_browser(app: Flask, client: FlaskClient, login_key: str) -> None:
    header = {"Authorization": login_key}
    call = {"address": "nobody@gmx.de", "password": "wrong"}
    for _ in range(Config().login_tests_per_account):
        begun = client.post(f"{API}/connection-tests", json=call, headers=header)
        assert finished(client, begun, **header)["state"] == "failed"
    refused = client.post(f"{API}/connection-tests", json=call, headers=header)
    problem(refused, Kind.TOO_MANY_REQUESTS)
    assert int(refused.headers["Retry-After"]) > 0


def test_checks_have_the_limits_of_the_browser(client: FlaskClient) -> None:
    statuses = [
        client.post(f"{API}/connection-tests", json={"address": ANNA.address}).status_code
        for _ in range(Config().checks_per_network[0] + 1)
    ]
    assert statuses == [202] * Config().checks_per_network[0] + [429]


@pytest.mark.parametrize("test_id", ["A" * 32, "_-" * 16, "short", "A" * 33, "../../etc/passwd"])
def test_an_id_that_was_not_given_out_is_unknown(client: FlaskClient, test_id: str) -> None:
    problem(client.get(f"{API}/connection-tests/{test_id}"), Kind.NOT_FOUND)


def test_nothing_runs_where_the_queue_was_not_started(settings: Config) -> None:
    client = create_app(settings).test_client(use_cookies=False)
    response = client.post(f"{API}/connection-tests", json={"address": ANNA.address})
    problem(response, Kind.UNAVAILABLE)
    assert response.headers["Retry-After"]


def test_the_password_is_nowhere_afterwards(
    client: FlaskClient, settings: Config, caplog: pytest.LogCaptureFixture, login_key: str
) -> None:
    secret = "canary-Tr0ub4dor"
    header = {"Authorization": login_key}
    call = {"address": ANNA.address, "password": secret}
    begun = client.post(f"{API}/connection-tests", json=call, headers=header)
    shape = finished(client, begun, **header)
    assert shape["state"] == "failed"
    assert secret not in json.dumps(shape) + begun.text + caplog.text
    for file in Path(settings.data_dir).iterdir():
        assert secret.encode() not in file.read_bytes()


def test_a_revoked_key_begins_nothing(client: FlaskClient, settings: Config) -> None:
    token = keys.add(settings, "gone", frozenset({Scope.LOGIN_TEST}))
    keys.revoke(settings, "gone")
    call = {"address": ANNA.address, "password": "wrong"}
    response = client.post(f"{API}/connection-tests", json=call, headers={"Authorization": f"Bearer {token}"})
    problem(response, Kind.KEY_UNKNOWN)
