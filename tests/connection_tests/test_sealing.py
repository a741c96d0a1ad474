"""Passwords on their way to a worker."""

from __future__ import annotations

import time

import pytest
from cryptography.exceptions import InvalidTag

from webapp.config import PASSWORD_SECONDS
from webapp.connection_tests import sealing
from webapp.connection_tests.sealing import MemoryPasswordStore, Sealer, WorkerKey, seal_to
from webapp.probe import Secret

PASSWORD = "canary-Test-Passwort-4711"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_password_lives_a_minute_and_lies_sealed() -> None:
    clock = Clock()
    store = MemoryPasswordStore(clock)
    store.put("job", Secret(PASSWORD))
    assert PASSWORD.encode() not in store._sealed["job"].content
    assert store.seconds_left("job") == PASSWORD_SECONDS
    clock.now += PASSWORD_SECONDS + 1
    assert store.seconds_left("job") == 0
    assert store.take("job") is None


def test_a_sealed_password_opens_for_its_own_job_only() -> None:
    store = MemoryPasswordStore()
    store.put("job", Secret(PASSWORD))
    store._sealed["other"] = store._sealed.pop("job")
    assert store.take("other") is None


def test_only_the_workers_key_opens_what_is_sealed_to_it() -> None:
    worker, other = WorkerKey(), WorkerKey()
    sealed = seal_to(worker.public, PASSWORD.encode(), b"job 1")
    assert worker.open(sealed, b"job 1") == PASSWORD.encode()
    assert seal_to(worker.public, PASSWORD.encode(), b"job 1")[:32] != sealed[:32]
    for key, content, about in (
        (other, sealed, b"job 1"),
        (worker, sealed, b"job 2"),
        (worker, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"job 1"),
        (worker, sealed[:20], b"job 1"),
        (worker, bytes(32) + sealed[32:], b"job 1"),  # a point of small order
        (worker, b"", b"job 1"),
    ):
        with pytest.raises(InvalidTag):
            key.open(content, about)


def test_what_is_shared_opens_with_its_key_and_in_its_place() -> None:
    sealer = Sealer(bytes(32))
    sealed = sealer.seal({"a": ["ä", 1]}, "here")
    assert sealer.open(sealed, "here") == {"a": ["ä", 1]}
    for opener, content, about in (
        (sealer, sealed, "there"),
        (Sealer(b"1" * 32), sealed, "here"),
        (sealer, b"", "here"),
    ):
        with pytest.raises(InvalidTag):
            opener.open(content, about)


def test_a_password_that_nobody_takes_is_forgotten_after_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody comes after that, on a site at night."""
    monkeypatch.setattr(sealing, "PASSWORD_SECONDS", 0.05)
    store = MemoryPasswordStore()
    for job in ("one", "two"):
        store.put(job, Secret(PASSWORD))
    end = time.monotonic() + 30
    while store._sealed:
        assert time.monotonic() < end
        time.sleep(0.01)
