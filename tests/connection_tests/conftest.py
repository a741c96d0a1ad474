"""A site whose mail servers are scripted, with its tests in the process or in a worker by way of a real Redis."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.certificates import Certificates
from tests.support.client import PageLintingClient, parse, text_of
from tests.support.fault_server import Dialogue, FaultServer, read
from tests.support.post_office import PostOffice
from tests.support.providers import rewrite_providers
from tests.support.waiting import wait_until
from webapp import create_app
from webapp.connection_tests import jobs, redis_engine
from webapp.connection_tests.engine import Engine
from webapp.connection_tests.jobs import EmbeddedEngine
from webapp.connection_tests.progress import Run
from webapp.connection_tests.redis_engine import Worker
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.events import test_progressed as progressed

USER = "anna@gmx.de"
PASSWORD = "canary-ßecret-Test-Passwort-4711"
PATIENCE = 30.0
METRICS_TOKEN = "a token of the tests"
LOGIN, CHECK = "Anmeldung jetzt prüfen", "Ohne Passwort prüfen"  # the forms of the page of the test

PLAIN_ANSWERS: dict[str, dict[str, Any]] = {
    "address": {"email_address": USER, "providers": ["gmx.net"], "certainty": "certain"},
    "program": {"client": "thunderbird"},
    "preparation": {"two_factor": "no"},
    "name": {"name": "Anna"},
    "devices": {"devices": "one"},
    "retention": {"keep": "forever"},
}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@dataclass
class Site:
    """An application with its engine, the servers it dials, and everything that was told of its tests."""

    app: Flask
    client: PageLintingClient
    config: Config
    pop3: FaultServer
    smtp: FaultServer
    told: list[dict[str, Any]] = field(default_factory=list)
    worker: Worker | None = None

    @property
    def engine(self) -> Engine:
        return jobs.of(self.app)

    @property
    def attempts(self) -> tuple[int, int]:
        return self.pop3.attempts, self.smtp.attempts

    def answer(self, client: PageLintingClient | None = None, **steps: dict[str, Any]) -> None:
        """Put answers to the wizard's questions into a session."""
        with (client or self.client).session_transaction() as session:
            session["answers"] = {**PLAIN_ANSWERS, **steps}

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        """Let the counters of every process see another time."""
        apps = [self.app, *([self.worker._runner._app] if self.worker else [])]
        for app in apps:
            app.extensions["limits"]._clock = clock

    def log_in(self, password: str = PASSWORD, **data: Any) -> TestResponse:
        page = self.client.get("/connection-tests?lang=de")
        return self.client.told(self.client.submit(page, {"password": password, **data}, form=LOGIN))

    def check(self, client: PageLintingClient | None = None) -> TestResponse:
        client = client or self.client
        return client.submit(client.get("/connection-tests?lang=de"), form=CHECK)

    def run(self, response: TestResponse) -> Run:
        """Return the run to which `response` sends, at its end."""
        assert response.status_code == 303, response.text
        return self.ended(response.location.rpartition("/")[2].partition("?")[0])

    def ended(self, run_id: str) -> Run:
        end = time.monotonic() + PATIENCE
        while (run := self.engine.runs.wait(run_id, 1)) is not None and not run.ended:
            assert time.monotonic() < end, run.state
        assert run is not None
        return run

    def until(self, condition: Callable[[], Any]) -> Any:
        return wait_until(condition, PATIENCE)

    def page(self, response: TestResponse, locale: str = "de") -> str:
        """Return the text of the result page to which `response` sends."""
        run = self.run(response)
        page = self.client.get(f"/connection-tests/{run.id}?lang={locale}")
        assert page.status_code == 200
        return text_of(parse(page.text).find("body/main"))


MakeSite = Callable[..., AbstractContextManager[Site]]


# What pages show of a run is the same by Redis; of what is counted and kept one case of each test asks it there.
_PAGES, _CASES = ("test_views", "test_full_circle"), ("test_canary", "test_counting")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the rest of what is asked by Redis to `make proofs`."""
    asked = set()
    for item in items:
        module, callspec = item.path.stem, getattr(item, "callspec", None)
        if callspec is None or callspec.params.get("kind") != "redis":
            continue
        test = (module, getattr(item, "originalname", ""))
        if module in _PAGES or (module in _CASES and test in asked):
            item.add_marker(pytest.mark.proof)
        asked.add(test)


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker's threads look often whether it shall end; a second each is most of the time of a test with Redis."""
    monkeypatch.setattr(redis_engine, "LISTEN_SECONDS", 0.1)
    monkeypatch.setattr(redis_engine._Storage, "read_timeout", property(lambda _: 0.1, lambda *_: None), raising=False)


@pytest.fixture(params=["embedded", "redis"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_site(
    kind: str, config: Config, certificates: Certificates, request: pytest.FixtureRequest
) -> Iterator[MakeSite]:
    """Make a site whose servers play the dialogues named, or are those of `office`.

    work: False where nobody works on its tests. seconds_between: between two POP3 logins of a full circle.
    """

    @contextlib.contextmanager
    def make(
        pop3: str | Dialogue = "pop3-good",
        smtp: str | Dialogue = "smtp-good",
        *,
        work: bool = True,
        office: PostOffice | None = None,
        seconds_between: int = 0,
        **settings: Any,
    ) -> Iterator[Site]:
        servers = [
            FaultServer(each, certificates.server_context(each.fact("certificate", "ok")), USER, PASSWORD)
            for each in (read(name) if isinstance(name, str) else name for name in (pop3, smtp))
        ]
        own = replace(
            config, tls_ca_file=certificates.ca_file, providers_dir=config.data_dir / "providers",
            metrics_token=METRICS_TOKEN, **settings,
        )  # fmt: skip
        if kind == "redis":
            own = replace(own, redis_url=request.getfixturevalue("redis_url"))
        with contextlib.ExitStack() as stack:
            for server in servers:
                stack.enter_context(server)
            assert own.providers_dir
            dialled = office.servers if office else [server.server for server in servers]
            rewrite_providers(own.providers_dir, dialled, seconds_between)
            app = create_app(own)
            app.testing = True
            app.test_client_class = PageLintingClient
            client = app.test_client()
            assert isinstance(client, PageLintingClient)
            site = Site(app, client, own, *servers)

            def hear(_: Any, **values: Any) -> None:
                site.told.append(values)

            stack.enter_context(progressed.connected_to(hear))
            site.answer()
            if work or kind == "redis":
                jobs.start(app)
                stack.callback(jobs.shutdown, app)
            else:
                app.extensions["jobs"] = EmbeddedEngine(app, own)
            if kind == "redis" and work:
                site.worker = Worker(create_app(own), own)
                site.worker.start()
                stack.callback(site.worker.shutdown)
            yield site

    yield make
    db.dispose()
