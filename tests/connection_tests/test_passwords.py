"""Passwords on their way to a worker."""

from __future__ import annotations

import pytest

from tests.support.waiting import wait_until
from webapp.connection_tests import passwords
from webapp.connection_tests.passwords import MemoryPasswordStore
from webapp.core.probe import Secret
from webapp.infrastructure.config import PASSWORD_SECONDS

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


def test_a_password_that_nobody_takes_is_forgotten_after_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody comes after that, on a site at night."""
    monkeypatch.setattr(passwords, "PASSWORD_SECONDS", 0.05)
    store = MemoryPasswordStore()
    for job in ("one", "two"):
        store.put(job, Secret(PASSWORD))
    wait_until(lambda: not store._sealed)
