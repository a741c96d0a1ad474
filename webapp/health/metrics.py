"""Counts for Prometheus: requests, tests, files. No person, no address, no path: routes and ids of ours only."""

from __future__ import annotations

import hmac
import time
from functools import cache
from typing import Any

from flask import Flask, Response, abort, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from webapp import events
from webapp.config import current_config
from webapp.health import samples
from webapp.logs import known, route

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one application in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("http_requests", "Answered requests.", ("method", "route", "status"),
                                registry=self.registry)  # fmt: skip
        self.seconds = Histogram("http_request_seconds", "Time to answer.", ("route",), buckets=_BUCKETS,
                                 registry=self.registry)  # fmt: skip
        self.steps = Counter("wizard_steps", "Pages of the wizard that were shown.", ("step",), registry=self.registry)
        self.tests = Counter("connection_tests", "Connection tests by the state they ended in.", ("state",),
                             registry=self.registry)  # fmt: skip
        self.failures = Counter("connection_test_failures", "Failed stages of connection tests.",
                                ("protocol", "stage", "failure"), registry=self.registry)  # fmt: skip
        self.files = Counter("files", "Downloaded files.", ("client", "format"), registry=self.registry)
        self.up = Gauge("mail_server_up", "Whether the last check of a mail server was answered.",
                        ("provider", "protocol", "port"), registry=self.registry)  # fmt: skip
        # Looking up a child by its labels takes longer than to count, and there are few of them.
        self._requests, self.file = cache(self.requests.labels), cache(self.files.labels)

    def count(self, method: str, route: str, status: int) -> None:
        """Count an answer. Layers in front of Flask do so by themselves, with a route of ours."""
        self._requests(known(method), route, status).inc()


def init_app(app: Flask) -> None:
    """Count what happens in `app`."""
    metrics = app.extensions["metrics"] = Metrics()
    _count_requests(app, metrics)
    _count_events(app, metrics)


def answer() -> Response:
    """Return the counts; 404 without the right token, and where no token is set."""
    token = current_config().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    metrics: Metrics = current_app.extensions["metrics"]
    metrics.up.clear()
    for found in samples.histories().values():
        for history in found:
            metrics.up.labels(history.provider, history.protocol, history.port).set(history.failure is None)
    return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)


def _count_requests(app: Flask, metrics: Metrics) -> None:
    @app.after_request
    def count(response: Response) -> Response:
        metrics.count(request.method, route(), response.status_code)
        if "started" in g:
            metrics.seconds.labels(route()).observe(time.monotonic() - g.started)
        return response


def _count_events(app: Flask, metrics: Metrics) -> None:
    def step(_app: Flask, step: str, **_: Any) -> None:
        metrics.steps.labels(step).inc()

    def test(_app: Flask, state: str | None = None, **values: Any) -> None:
        if state not in (None, "queued", "running"):
            metrics.tests.labels(state).inc()
        if failure := values.get("failure"):
            metrics.failures.labels(values.get("protocol"), values.get("stage"), failure).inc()

    def file(_app: Flask, client: str, format: str, **_: Any) -> None:  # noqa: A002  the signal's word
        metrics.file(client, format).inc()

    # Signals keep no reference to who listens: the application does.
    app.extensions["metrics-listeners"] = (step, test, file)
    events.step_reached.connect(step, app)
    events.test_progressed.connect(test, app)
    events.file_downloaded.connect(file, app)
