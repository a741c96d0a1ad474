"""Work beside the requests: once at a time in all processes, whatever fails or hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, current_app

from tests.support.waiting import wait_until
from webapp import create_app
from webapp.infrastructure import background, db
from webapp.infrastructure.background import HOLD, Background, release, renew, take
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Lease

NOW = datetime(2027, 3, 14, 18, 40, tzinfo=UTC)


@pytest.fixture
def bare(app: Flask) -> Flask:
    """Return an application whose rooms have no duties, inside its context."""
    background.of(app).duties.clear()
    return app


@pytest.fixture
def inside(bare: Flask) -> Iterator[None]:
    with bare.app_context():
        yield


# Leases


@pytest.mark.usefixtures("inside")
def test_is_taken_once_in_its_time() -> None:
    assert take("a", 60, "one", NOW)
    release("a", "one")
    assert not take("a", 60, "two", NOW + timedelta(seconds=59))
    assert take("b", 60, "two", NOW)
    assert take("a", 60, "two", NOW + timedelta(seconds=60))


@pytest.mark.usefixtures("inside")
def test_a_shorter_interval_counts_at_once() -> None:
    assert take("a", 86_400, "one", NOW)
    release("a", "one")
    assert take("a", 60, "one", NOW + timedelta(seconds=1))


def test_of_many_who_look_at_the_same_time_one_takes_it(bare: Flask) -> None:
    taken: list[bool] = []
    start = threading.Barrier(8)

    def look(holder: str) -> None:
        with bare.app_context():
            start.wait()
            taken.append(take("a", 60, holder, NOW))

    threads = [threading.Thread(target=look, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


@pytest.mark.usefixtures("inside")
def test_nobody_takes_what_is_held_however_long_it_runs() -> None:
    assert take("a", 1, "one", NOW)
    for look in range(1, 10):
        now = NOW + look * (HOLD - timedelta(seconds=5))
        assert not take("a", 1, "two", now, woken=True)
        renew("one", ["a"], now)
    release("a", "one")
    assert take("a", 1, "two", now)


@pytest.mark.usefixtures("inside")
def test_what_a_process_held_that_died_is_free_after_a_while() -> None:
    assert take("a", 1, "one", NOW)
    assert not take("a", 1, "two", NOW + HOLD - timedelta(seconds=1))
    assert take("a", 1, "two", NOW + HOLD)
    renew("one", ["a"], NOW + timedelta(days=1))  # it lives after all, and has lost it
    release("a", "one")
    assert not take("a", 1, "three", NOW + HOLD + timedelta(seconds=2))


@pytest.mark.usefixtures("inside")
def test_nobody_waits_for_a_clock_that_ran_ahead() -> None:
    assert take("a", 60, "one", NOW + timedelta(days=300))
    assert take("a", 60, "two", NOW)


# Duties


def test_a_failing_duty_is_logged_and_stops_no_other(bare: Flask, caplog: pytest.LogCaptureFixture) -> None:
    done: list[Flask] = []

    def fail(_app: Flask) -> None:
        raise RuntimeError("broken")

    background.every(bare, "fails", 60, fail)
    background.every(bare, "never", lambda config: config.health_interval, done.append)
    background.every(bare, "idle", 60, done.append, lambda: False)
    background.every(bare, "works", 60, lambda _: done.append(current_app._get_current_object()))  # type: ignore[attr-defined]
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            background.of(bare).look()
            background.of(bare).wait(60)
    assert done == [bare]
    assert caplog.text.count("fails failed") == 1


def test_a_database_that_does_not_answer_is_logged_in_one_line(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    (config.data_dir / "wizard.sqlite3").write_bytes(b"no database")
    with caplog.at_level(logging.ERROR):
        background.of(create_app(config)).look()
    assert [record.message for record in caplog.records] == [
        "background: the database does not answer: DatabaseError SQLITE_NOTADB"
    ]
    assert "Traceback" not in caplog.text


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(config: Config, request: pytest.FixtureRequest) -> Config:
    """Return settings of several processes that share a database."""
    if request.param == "postgresql":
        config = replace(config, database_url=request.getfixturevalue("postgres_url"))
        db.upgrade(config)
    return config


def test_a_duty_that_is_due_in_three_processes_runs_once_and_never_beside_itself(shared: Config) -> None:
    running, most, runs = 0, 0, 0
    lock = threading.Lock()

    def work(_app: Flask) -> None:
        nonlocal running, most, runs
        with lock:
            running, runs = running + 1, runs + 1
            most = max(most, running)
        time.sleep(0.3)
        with lock:
            running -= 1

    apps = [create_app(shared) for _ in range(3)]
    for app in apps:
        background.of(app).duties.clear()
        background.every(app, "works", 3600, work)
    looks = [threading.Thread(target=background.of(app).look) for app in apps]
    for look in looks:
        look.start()
    for look in looks:
        look.join()
    for app in apps:
        background.of(app).look()  # while it runs
        background.of(app).wait(60)
    assert (runs, most) == (1, 1)
    for app in apps:  # woken, it is due for all of them, and still runs in one after the other
        background.wake(app, "works")
        background.of(app).look()
    for app in apps:
        background.of(app).wait(60)
    assert (runs, most) == (2, 1)


def test_a_duty_that_hangs_keeps_its_lease_and_stops_neither_the_others_nor_the_end(
    bare: Flask, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.02)
    hanging, released, done = threading.Event(), threading.Event(), 0

    def hang(_app: Flask) -> None:
        hanging.set()
        released.wait(60)

    def work(_app: Flask) -> None:
        nonlocal done
        done += 1

    background.every(bare, "hangs", 0, hang)
    background.every(bare, "works", 0, work)
    background.start(bare)
    assert hanging.wait(60)
    wait_until(lambda: done > 3)
    with db.read(config) as session:
        first = session.get(Lease, "hangs").held_until  # type: ignore[union-attr]

    def is_renewed() -> bool:
        with db.read(config) as session:
            return session.get(Lease, "hangs").held_until > first  # type: ignore[union-attr,operator]

    wait_until(is_renewed)
    monkeypatch.setattr(background, "STOP_SECONDS", 0.5)
    began = time.monotonic()
    background.stop(bare)
    assert 0.4 < time.monotonic() - began < 30
    before = done
    time.sleep(0.2)
    assert done == before
    released.set()


def test_a_woken_duty_runs_soon_due_or_not_and_once_more_where_it_is_running(bare: Flask) -> None:
    runs: list[float] = []
    may_end = threading.Event()
    may_end.set()

    def work(_app: Flask) -> None:
        runs.append(time.monotonic())
        may_end.wait(60)

    background.every(bare, "works", 3600, work)
    background.start(bare)
    wait_until(lambda: len(runs) == 1)
    woken = time.monotonic()
    may_end.clear()
    background.wake(bare, "works")
    wait_until(lambda: len(runs) == 2)
    assert runs[-1] - woken < 10  # not in an hour
    background.wake(bare, "works")
    time.sleep(0.2)
    assert len(runs) == 2  # not beside itself
    may_end.set()
    wait_until(lambda: len(runs) == 3)
    background.stop(bare)


def test_a_wake_waits_for_another_process_that_runs_the_duty(bare: Flask, config: Config) -> None:
    runs: list[float] = []
    background.every(bare, "works", 3600, lambda _app: runs.append(time.monotonic()))
    with bare.app_context():
        assert take("works", 3600, "another")
    background.start(bare)
    background.wake(bare, "works")
    time.sleep(0.3)
    assert not runs
    with bare.app_context():
        release("works", "another")
    wait_until(lambda: runs)
    background.stop(bare)


# Jobs


def test_a_job_runs_at_once_and_is_waited_for_at_the_end(bare: Flask, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def work(app: Flask) -> None:
        time.sleep(0.3)
        done.append(current_app.name)

    def fail(_app: Flask) -> None:
        raise RuntimeError("broken")

    background.run(bare, "works", work)
    background.run(bare, "fails", fail)
    background.stop(bare)
    assert done == ["webapp"]
    assert "fails failed" in caplog.text


def test_a_job_that_hangs_holds_up_the_end_for_a_moment_only(bare: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_SECONDS", 0.3)
    released = threading.Event()
    background.run(bare, "hangs", lambda _app: released.wait(60))
    began = time.monotonic()
    background.stop(bare)
    assert time.monotonic() - began < 30
    released.set()


def test_a_database_that_hangs_holds_up_the_end_for_a_moment_only(bare: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_SECONDS", 0.3)
    asked, released = threading.Event(), threading.Event()
    background.every(bare, "asks", 0, lambda _app: None, lambda: asked.set() or released.wait(60))  # type: ignore[func-returns-value]
    background.start(bare)
    assert asked.wait(60)
    began = time.monotonic()
    background.stop(bare)
    assert time.monotonic() - began < 30
    released.set()


def test_the_timer_stops_at_once(bare: Flask) -> None:
    background.start(bare)
    began = time.monotonic()
    background.stop(bare)
    assert time.monotonic() - began < 10  # LOOK_SECONDS is more
    assert not background.of(bare).timer.is_alive()


def test_an_application_that_is_only_made_has_no_thread(config: Config) -> None:
    before = set(threading.enumerate())
    app = create_app(config)
    assert isinstance(background.of(app), Background)
    assert not set(threading.enumerate()) - before
