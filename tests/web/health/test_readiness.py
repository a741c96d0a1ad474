"""What /readyz says: pages and tests apart, each with its reason."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests.support.redis_server import RedisServer
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.connection_tests.redis_engine import Worker
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Pause
from webapp.web.health.readiness import readiness

Answers = tuple[int, int, str]


@pytest.fixture
def site(config: Config) -> Iterator[Flask]:
    app = create_app(config)
    jobs.start(app)
    yield app
    jobs.shutdown(app)


@pytest.fixture
def scaled_out(config: Config, redis_url: str) -> Iterator[Flask]:
    app = create_app(replace(config, redis_url=redis_url))
    jobs.start(app)
    yield app
    jobs.shutdown(app)


def asked(app: Flask) -> Answers:
    """Return the status of /readyz, that of /readyz/tests, and what both say."""
    with app.app_context():
        readiness.forget()
    first, second = (app.test_client().get(path) for path in ("/readyz", "/readyz/tests"))
    assert first.text == second.text
    return first.status_code, second.status_code, first.text


def test_a_site_that_is_well_says_so(site: Flask) -> None:
    assert asked(site) == (200, 200, "pages: ready\ntests: ready\n")


def test_a_database_that_is_away_is_the_reason(site: Flask, config: Config) -> None:
    db.dispose()
    (config.data_dir / "wizard.sqlite3").unlink()
    (config.data_dir / "wizard.sqlite3").mkdir()
    reason = "the database does not answer"
    assert asked(site) == (503, 503, f"pages: {reason}\ntests: {reason}\n")


@pytest.mark.parametrize(("version", "status"), [("9999", 200), ("0001", 503)], ids=["newer", "older"])
def test_pages_are_ready_where_a_newer_process_has_upgraded(
    site: Flask, config: Config, version: str, status: int
) -> None:
    with db.begin(config) as session:
        session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    first, _, said = asked(site)
    assert (first, "needs an upgrade" in said) == (status, status == 503)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 2 MB; skips where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("no right to mount a disk")
    yield folder
    db.dispose()
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_is_told_and_pages_stay(small_disk: Path, config: Config) -> None:
    app = create_app(replace(config, data_dir=small_disk))
    db.upgrade(app.extensions["config"])
    jobs.start(app)
    assert asked(app)[:2] == (200, 200)
    with (small_disk / "filling").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    reason = "the database takes no writes (OperationalError SQLITE_FULL)"
    assert asked(app) == (200, 503, f"pages: ready\ntests: {reason}\n")
    (small_disk / "filling").unlink()
    assert asked(app)[:2] == (200, 200)
    jobs.shutdown(app)


def test_a_file_that_others_write_to_is_told(site: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "DATABASE_BUSY_SECONDS", 0.1)
    db.dispose()
    with db.begin(config) as session:
        session.execute(text("SELECT 1"))
        assert asked(site) == (
            200,
            503,
            "pages: ready\ntests: the database takes no writes (OperationalError SQLITE_BUSY)\n",
        )
    assert asked(site)[:2] == (200, 200)


@pytest.mark.peers
def test_a_postgresql_that_only_reads_is_told(config: Config, postgres_url: str) -> None:
    settings = replace(config, database_url=postgres_url)
    db.upgrade(settings)
    app = create_app(settings)
    jobs.start(app)
    assert asked(app)[:2] == (200, 200)
    with db.begin(settings) as session:
        name = session.scalar(text("SELECT current_database()"))
        session.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    db.dispose()
    reason = "the database takes no writes (ReadOnlySqlTransaction 25006)"
    assert asked(app) == (200, 503, f"pages: ready\ntests: {reason}\n")
    jobs.shutdown(app)
    db.dispose()


@pytest.mark.peers
def test_a_worker_is_looked_for(scaled_out: Flask) -> None:
    assert asked(scaled_out) == (200, 503, "pages: ready\ntests: there is no worker\n")
    worker = Worker(scaled_out, scaled_out.extensions["config"])
    worker.start()
    assert asked(scaled_out) == (200, 200, "pages: ready\ntests: ready\n")
    worker.shutdown()
    assert asked(scaled_out)[:2] == (200, 503)


@pytest.mark.peers
def test_a_redis_that_is_full_or_away_is_told(scaled_out: Flask, redis_server: RedisServer) -> None:
    worker = Worker(scaled_out, scaled_out.extensions["config"])
    worker.start()
    try:
        redis_server.client.config_set("maxmemory", 1)
        assert asked(scaled_out)[1:] == (
            503,
            "pages: ready\ntests: Redis does not do its work (OutOfMemoryError)\n",
        )
    finally:
        redis_server.client.config_set("maxmemory", 0)
        worker.shutdown()


@pytest.mark.peers
def test_a_redis_that_is_not_there_is_told(config: Config, tmp_path: Path) -> None:
    app = create_app(replace(config, redis_url=f"unix://{tmp_path}/none.sock"))
    jobs.start(app)
    reason = "Redis does not do its work (ConnectionError)"
    assert asked(app) == (200, 503, f"pages: ready\ntests: {reason}\n")
    jobs.shutdown(app)


def test_a_login_test_that_is_switched_off_is_told(site: Flask, config: Config) -> None:
    until = datetime.now(UTC) + timedelta(minutes=20)
    with db.begin(config) as session:
        session.add(Pause(name="gmx.net", until=until))
        session.add(Pause(name="gmx.com invited", until=until))
        session.add(Pause(name="gmx.com", until=datetime.now(UTC) - timedelta(minutes=1)))
    first, second, said = asked(site)
    assert (first, second) == (200, 200)
    assert said.splitlines()[2:] == [
        f"login test of gmx.com for invited people: off until {until:%Y-%m-%d %H:%M} UTC",
        f"login test of gmx.net: off until {until:%Y-%m-%d %H:%M} UTC",
    ]
