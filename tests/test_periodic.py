"""What is done again and again: once in its time, by one process of all, whatever fails."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Blueprint, Flask, current_app

from webapp import create_app, periodic
from webapp.config import Config

NOW = datetime(2027, 3, 14, 18, 40, tzinfo=UTC)


def test_is_taken_once_in_its_time(config: Config) -> None:
    assert periodic.take("a", 60, config, NOW)
    assert not periodic.take("a", 60, config, NOW + timedelta(seconds=59))
    assert periodic.take("b", 60, config, NOW)
    assert periodic.take("a", 60, config, NOW + timedelta(seconds=60))


def test_a_shorter_interval_counts_at_once(config: Config) -> None:
    assert periodic.take("a", 86_400, config, NOW)
    assert periodic.take("a", 60, config, NOW + timedelta(seconds=1))


def test_of_many_who_look_at_the_same_time_one_takes_it(config: Config) -> None:
    taken: list[bool] = []
    start = threading.Barrier(8)

    def look() -> None:
        start.wait()
        taken.append(periodic.take("a", 60, config, NOW))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_a_failing_duty_is_logged_and_stops_no_other(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    done: list[Flask] = []

    def fail(_app: Flask) -> None:
        raise RuntimeError("broken")

    room = Blueprint("room", __name__)
    periodic.every(room, "fails", 60, fail)
    periodic.every(room, "never", lambda config: config.health_interval, done.append)
    periodic.every(room, "works", 60, lambda _: done.append(current_app._get_current_object()))  # type: ignore[attr-defined]
    app.register_blueprint(room)
    with caplog.at_level(logging.ERROR):
        periodic.run_due(app)
        periodic.run_due(app)
    assert done == [app]
    assert caplog.text.count("fails failed") == 1


def test_a_database_that_does_not_answer_is_logged_in_one_line(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    (config.data_dir / "wizard.sqlite3").write_bytes(b"no database")
    with caplog.at_level(logging.ERROR):
        periodic.run_due(create_app(config))
    assert "the database does not answer" in caplog.text
    assert "Traceback" not in caplog.text


def test_the_thread_stops_at_once(app: Flask) -> None:
    timer = periodic.Timer(app)
    timer.start()
    timer.stop()
    assert not timer._thread.is_alive()
