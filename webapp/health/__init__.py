"""Is this installation alive, and is GMX? For load balancers, operators, and people who wonder whose fault it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, Flask, Response, render_template

from webapp import db, periodic
from webapp.config import HEALTH_SAMPLE_DAYS, current_config, current_providers
from webapp.diagnosis import CATALOGUE
from webapp.health import checks, metrics, plot, samples
from webapp.probe.report import FailureKind

blueprint = Blueprint("health", __name__)

periodic.every(blueprint, "health", lambda config: config.health_interval, checks.run)
periodic.every(blueprint, "health-purge", 3600, lambda _app: samples.purge())
blueprint.record_once(lambda state: metrics.init_app(cast(Flask, state.app)))


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process answers at all."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 when the database answers and has the newest schema, 503 until then."""
    if db.is_current():
        return Response("ready\n", mimetype="text/plain")
    return Response("the database does not answer or needs an upgrade\n", 503, mimetype="text/plain")


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Answer with Prometheus' text format to whoever knows the token; everybody else gets 404."""
    return metrics.answer()


@blueprint.get("/status")
def status() -> str:
    """Show how each server of each provider is, and how it was in the last day and month."""
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
    """Return the id of the catalogue's entry whose title says in plain words what a failure of `kind` is."""
    return next(
        diagnosis.id
        for diagnosis in CATALOGUE.values()
        for sign in diagnosis.signs
        if FailureKind(kind) in sign.kinds and sign.reply is None
    )


@blueprint.app_context_processor
def _outages() -> dict[str, object]:
    """Give every template `outage(provider_id)`: the history of a server of the provider that is down now, or None."""
    return {"outage": samples.outage}
