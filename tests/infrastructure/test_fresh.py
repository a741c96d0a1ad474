"""Values that may be some seconds old: read by one thread, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask

from webapp.infrastructure.fresh import Fresh, extension

SOON = 5  # seconds after which a thread that should not wait counts as stuck


class Source:
    """What is read: says how often, and may be slow or broken."""

    def __init__(self) -> None:
        self.reads = 0
        self.broken = False
        self.answers = threading.Event()
        self.answers.set()
        self.asked = threading.Event()

    def read(self) -> str:
        self.reads += 1
        number = self.reads
        self.asked.set()
        assert self.answers.wait(SOON)
        if self.broken:
            raise OSError("no answer")
        return f"value {number}"

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Have every read hang until the end of the block."""
        self.asked.clear()
        self.answers.clear()
        try:
            yield
        finally:
            self.answers.set()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that moves the clock on by so many seconds."""
    now = [1000.0]
    monkeypatch.setattr("webapp.infrastructure.fresh.time.monotonic", lambda: now[0])

    def pass_(seconds: float) -> None:
        now[0] += seconds

    return pass_


def asked_by_others(app: Flask, value: Fresh[str], threads: int = 8) -> list[str | None]:
    """Return what so many threads get at once; fails where one of them waits."""

    def ask() -> str | None:
        with app.app_context():
            return value.get()

    with ThreadPoolExecutor(threads) as pool:
        return [asked.result(SOON / 2) for asked in [pool.submit(ask) for _ in range(threads)]]


@contextmanager
def hanging(app: Flask, value: Fresh[str], source: Source) -> Iterator[list[str | None]]:
    """Have one thread hang in a read; yields the list that gets what it finds at the end."""
    found: list[str | None] = []
    reader = threading.Thread(target=lambda: found.extend(asked_by_others(app, value, 1)))
    with source.silent():
        reader.start()
        assert source.asked.wait(SOON)
        yield found
    reader.join(SOON)
    assert not reader.is_alive()


def test_reads_once_in_so_many_seconds(app: Flask, source: Source, clock: Callable[[float], None]) -> None:
    value = Fresh(30, source.read)
    with app.app_context():
        assert [value.get(), value.get()] == ["value 1"] * 2
        clock(30)
        assert [value.get(), value.get()] == ["value 2"] * 2


def test_while_one_thread_reads_all_others_get_the_stale_value_at_once(
    app: Flask, source: Source, clock: Callable[[float], None]
) -> None:
    value = Fresh(30, source.read)
    with app.app_context():
        value.get()
    clock(31)
    with hanging(app, value, source) as found:
        assert asked_by_others(app, value) == ["value 1"] * 8
    assert found == ["value 2"]
    assert source.reads == 2


def test_without_a_stale_value_nobody_waits_either(app: Flask, source: Source) -> None:
    value = Fresh(30, source.read)
    with hanging(app, value, source) as found:
        assert asked_by_others(app, value) == [None] * 8
    assert found == ["value 1"]


def test_a_value_may_be_too_old_to_be_shown(app: Flask, source: Source, clock: Callable[[float], None]) -> None:
    value = Fresh(1, source.read, stale=2)
    with app.app_context():
        value.get()
        clock(1.5)
        with hanging(app, value, source):
            assert asked_by_others(app, value) == ["value 1"] * 8
            clock(1)
            assert asked_by_others(app, value) == [None] * 8


def test_the_stale_value_stays_when_reading_fails(
    app: Flask, source: Source, clock: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    value = Fresh(30, source.read)
    with app.app_context():
        value.get()
        source.broken = True
        clock(31)
        assert [value.get(), value.get()] == ["value 1"] * 2
        assert source.reads == 2
        assert "OSError" in caplog.text
        source.broken = False
        clock(30)
        assert value.get() == "value 3"


def test_a_first_read_that_fails_is_told_to_its_reader_and_not_repeated_at_once(
    app: Flask, source: Source, clock: Callable[[float], None]
) -> None:
    value = Fresh(30, source.read)
    source.broken = True
    with app.app_context():
        with pytest.raises(OSError, match="no answer"):
            value.get()
        assert value.get() is None
        assert source.reads == 1
        source.broken = False
        clock(30)
        assert value.get() == "value 2"


def test_what_is_forgotten_is_read_anew_and_a_read_begun_before_does_not_count(app: Flask, source: Source) -> None:
    value = Fresh(30, source.read)
    with hanging(app, value, source), app.app_context():
        value.forget()
    with app.app_context():
        assert value.get() == "value 2"
        value.forget()
        assert value.get() == "value 3"


def test_each_application_keeps_its_own(app: Flask, source: Source) -> None:
    value, other = Fresh(30, source.read), Flask("other")
    with app.app_context():
        value.get()
    with other.app_context():
        assert value.get() == "value 2"
    with app.app_context():
        assert value.get() == "value 1"


def test_an_extension_is_made_once_for_all_threads(app: Flask) -> None:
    begin = threading.Barrier(8)

    def find() -> list[str]:
        with app.app_context():
            begin.wait(SOON)
            return extension("a-list", list, list)

    with ThreadPoolExecutor(8) as pool:
        found = [asked.result(SOON) for asked in [pool.submit(find) for _ in range(8)]]
    assert all(one is found[0] for one in found)
