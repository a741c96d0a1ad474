"""Liveness, readiness, metrics, and the status page of the mail servers."""

from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, Flask, Response, render_template

from webapp.core.diagnosis import CATALOGUE
from webapp.core.probe.report import FailureKind
from webapp.infrastructure import background, compression
from webapp.infrastructure.config import HEALTH_SAMPLE_DAYS, current_config, current_providers
from webapp.web.health import checks, metrics, plot, proxies, samples
from webapp.web.health.readiness import Readiness, readiness

_UNKNOWN = Readiness("not known yet", "not known yet")  # the first look is under way

blueprint = Blueprint("health", __name__)
compression.allow(blueprint)

background.every(blueprint, "health", lambda config: config.health_interval, checks.run)
background.every(blueprint, "health-purge", 3600, lambda _app: samples.purge())
blueprint.record_once(lambda state: metrics.init_app(cast(Flask, state.app)))


@blueprint.get("/healthz")
def healthz() -> Response:
    """Liveness: 200 while the process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Readiness, with the reasons: 200 when pages are served, else 503."""
    found = readiness.get() or _UNKNOWN
    return Response(str(found), 503 if found.pages else 200, mimetype="text/plain")


@blueprint.get("/readyz/tests")
def readyz_of_tests() -> Response:
    """The same, but 503 where connection tests do not run."""
    found = readiness.get() or _UNKNOWN
    return Response(str(found), 503 if found.pages or found.tests else 200, mimetype="text/plain")


@blueprint.get("/readyz/proxy")
def show_proxy() -> Response:
    """Tell the holder of the site's key (`gmx-pop-wizard doctor`) how this request came here; 404 for others."""
    return Response(str(proxies.seen_by_the_site()), mimetype="application/json")


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Serve Prometheus' text format; 404 without the token."""
    return metrics.answer()


@blueprint.get("/status")
def status() -> str:
    now = datetime.now(UTC)
    return render_template(
        "health/status.html",
        interval=current_config().health_interval,
        providers=current_providers(),
        histories=samples.histories(now),
        days=HEALTH_SAMPLE_DAYS,
        plot=plot.latency,
        cause=_cause,
        now=now,
    )


def _cause(kind: str) -> str:
    """Return the id of the diagnosis whose title describes a failure of `kind`."""
    return next(
        diagnosis.id
        for diagnosis in CATALOGUE.values()
        for sign in diagnosis.signs
        if FailureKind(kind) in sign.kinds and sign.reply is None
    )


@blueprint.app_context_processor
def _outages() -> dict[str, object]:
    """Add `outage(provider_id)` to every template: the history of a server that is down, or None."""
    return {"outage": samples.outage}
