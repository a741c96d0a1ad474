"""What is measured when Prometheus asks: readiness, workers, queue, pool, duties, deliveries, certificate."""

from contextlib import suppress
from functools import partial

from prometheus_client import CollectorRegistry, Gauge, Info, ProcessCollector
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.pool import QueuePool

from webapp.connection_tests import engine, jobs
from webapp.core.text import InputError
from webapp.infrastructure import db, signing, version
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Delivery, Lease, Place
from webapp.web.health.readiness import Trouble, readiness


class Gauges:
    """The gauges of one application in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ProcessCollector(registry=registry)
        Info("app", "The version that runs.", registry=registry).info({"version": version.version()})
        gauge = partial(Gauge, registry=registry)
        self.ready = gauge("ready", "Whether pages are served, and tests run.", ("what",))
        self.workers = gauge("workers", "Processes that run tests, as far as this one sees.")
        self.tests = gauge("connection_tests_now", "Tests that wait or run, in all processes.", ("state",))
        self.places = gauge("login_test_places", "Persons who wait for their login test.")
        self.pool = gauge("database_connections", "Connections of this process by what they do.", ("state",))
        self.due = gauge("duty_due_timestamp_seconds", "When a periodic duty is due again.", ("duty",))
        self.deliveries = gauge("deliveries", "Messages to other systems that wait or were given up.", ("state",))
        expires = "When the certificate that signs Apple profiles expires."
        self.expires = gauge("signing_certificate_expires_timestamp_seconds", expires, ("certificate",))

    def measure(self) -> None:
        """Set what asks no database; needs an application context."""
        found = readiness.get()
        self.ready.labels("pages").set(found is not None and not found.pages)
        self.ready.labels("tests").set(found is not None and not found.pages and not found.tests)
        if found is None or not found.tests.startswith(Trouble.REDIS):  # which may keep us waiting
            self._measure_engine()
        pool = db.engine().pool
        if isinstance(pool, QueuePool):
            self.pool.labels("in use").set(pool.checkedout())
            self.pool.labels("idle").set(pool.checkedin())
        self.expires.clear()
        with suppress(InputError):
            if end := signing.expires(current_config()):
                self.expires.labels("profiles").set(end.timestamp())

    def _measure_engine(self) -> None:
        self.tests.clear()
        try:
            load = jobs.current().load()
        except (engine.UnavailableError, RedisError):
            self.workers.set(0)
            return
        self.workers.set(load.workers)
        self.tests.labels("waiting").set(load.waiting)
        self.tests.labels("running").set(load.running)

    def measure_database(self) -> None:
        """Set what stands in the database; raises SQLAlchemyError."""
        by_state = select(Delivery.state, func.count().label("number")).group_by(Delivery.state)
        with db.read() as session:
            places = session.scalar(select(func.count()).select_from(Place))
            due = session.execute(select(Lease.name, Lease.until)).all()
            kept = {row.state: row.number for row in session.execute(by_state)}
        self.places.set(places or 0)
        self.due.clear()
        for name, until in due:
            self.due.labels(name).set(until.timestamp())
        for state in ("pending", "dead"):
            self.deliveries.labels(state).set(kept.get(state, 0))

    def forget_database(self) -> None:
        """Leave out what is not known without the database."""
        self.due.clear()
        self.deliveries.clear()
