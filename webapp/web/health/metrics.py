"""Prometheus metrics: requests, tests, files. Labels are routes and ids of ours, never personal data."""

import hmac
import time
from collections.abc import Mapping
from itertools import product
from typing import Any

from flask import Flask, Response, abort, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from webapp.infrastructure import db, events, limits
from webapp.infrastructure.config import current_config, current_providers
from webapp.infrastructure.logs import known, logger, route
from webapp.web.health import samples, worker_counts
from webapp.web.health.gauges import Gauges

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
        self.help = Counter("help_answers", "Questions to the help by what came of them.",
                            ("outcome", "message", "program", "locale"), registry=self.registry)  # fmt: skip
        self.up = Gauge("mail_server_up", "Whether the last check of a mail server was answered.",
                        ("provider", "protocol", "port"), registry=self.registry)  # fmt: skip
        self.paused = Gauge("login_test_paused", "Whether many refusals have switched the login test off.",
                            ("provider", "invited"), registry=self.registry)  # fmt: skip
        self.gauges = Gauges(self.registry)

    def count_test(self, told: Mapping[str, Any], number: int = 1) -> None:
        """Count what `events.test_progressed` has `told`, so often."""
        if told["state"] not in (None, "queued", "running"):
            self.tests.labels(told["state"]).inc(number)
        if told["failure"]:
            self.failures.labels(told["protocol"], told["stage"], told["failure"]).inc(number)

    def count(self, method: str, route: str, status: int) -> None:
        """Count a response; also the callback of discovery, in front of Flask."""
        self.requests.labels(known(method), route, status).inc()


def init_app(app: Flask) -> None:
    metrics = app.extensions["metrics"] = Metrics()
    _count_requests(app, metrics)
    _count_events(app, metrics)


def answer() -> Response:
    """Serve the metrics; 404 with a wrong token or without one configured."""
    token = current_config().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    metrics: Metrics = current_app.extensions["metrics"]
    _measure(metrics)
    return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)


def _measure(metrics: Metrics) -> None:
    """Set what others know: worker processes, and the database, without which that is left out."""
    for told, number in worker_counts.take(current_config()):
        metrics.count_test(told, number)
    metrics.up.clear()
    metrics.paused.clear()
    metrics.gauges.measure()
    try:
        metrics.gauges.measure_database()
        found = [history for histories in samples.histories().values() for history in histories]
        paused = {(pause.provider, pause.invited) for pause in limits.current().pauses()}
    except (SQLAlchemyError, limits.LimitsUnavailableError) as error:
        reason = db.reason(error) if isinstance(error, SQLAlchemyError) else error
        logger.error("metrics without the database: %s", reason)
        metrics.gauges.forget_database()
        return
    for provider, invited in product(current_providers(), (False, True)):
        is_paused = not paused.isdisjoint({(provider, invited), ("", False)})
        metrics.paused.labels(provider, "yes" if invited else "no").set(is_paused)
    for history in found:
        metrics.up.labels(history.provider, history.protocol, history.port).set(history.failure is None)


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

    def test(_app: Flask, **values: Any) -> None:
        told = {name: values.get(name) for name in ("state", "protocol", "stage", "failure")}
        metrics.count_test(told)

    def file(_app: Flask, client: str, format: str, **_: Any) -> None:  # noqa: A002  the signal's word
        metrics.files.labels(client, format).inc()

    def helped(_app: Flask, outcome: str, message: str, program: str, locale: str) -> None:
        metrics.help.labels(outcome, message, program, locale).inc()

    # Signals hold weak references: keep the listeners alive.
    app.extensions["metrics-listeners"] = (step, test, file, helped)
    events.help_answered.connect(helped, app)
    events.step_reached.connect(step, app)
    events.test_progressed.connect(test, app)
    events.file_downloaded.connect(file, app)
