from __future__ import annotations

import threading
from datetime import UTC, datetime

from webapp import providers
from webapp.config import LOGIN_TESTS_PER_ACCOUNT, LOGIN_TESTS_PER_ADDRESS, LOGIN_TESTS_PER_MINUTE, PASSWORD_SECONDS
from webapp.connection_tests.limits import Limits, network
from webapp.connection_tests.progress import RunStore
from webapp.connection_tests.sealing import PasswordStore
from webapp.probe import RunState, Secret, Vantage, planned

PASSWORD = "canary-Test-Passwort-4711"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_password_is_taken_once_whoever_is_fast() -> None:
    store = PasswordStore()
    store.put("job", Secret(PASSWORD))
    taken: list[Secret | None] = []
    threads = [threading.Thread(target=lambda: taken.append(store.take("job"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [secret.reveal() for secret in taken if secret] == [PASSWORD]


def test_a_password_lives_a_minute_and_lies_sealed() -> None:
    clock = Clock()
    store = PasswordStore(clock)
    store.put("job", Secret(PASSWORD))
    assert PASSWORD.encode() not in store._sealed["job"].content
    clock.now += PASSWORD_SECONDS + 1
    assert store.take("job") is None


def test_a_sealed_password_opens_for_its_own_job_only() -> None:
    store = PasswordStore()
    store.put("job", Secret(PASSWORD))
    store._sealed["other"] = store._sealed.pop("job")
    assert store.take("other") is None


def test_an_account_is_tested_three_times_whoever_asks() -> None:
    clock = Clock()
    limits = Limits(b"key", clock)
    passed: list[bool] = []
    threads = [
        threading.Thread(target=lambda n=n: passed.append(limits.take_login("a@gmx.de", f"192.0.2.{n}") is None))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == LOGIN_TESTS_PER_ACCOUNT
    wait = limits.take_login("a@gmx.de", "192.0.2.99")
    assert wait is not None
    assert 0 < wait.seconds <= 15 * 60
    clock.now += wait.seconds + 1
    assert limits.take_login("a@gmx.de", "192.0.2.99") is None


def test_an_address_tests_five_times_and_everybody_thirty_times_a_minute() -> None:
    limits = Limits(b"key", Clock())
    results = [limits.take_login(f"{n}@gmx.de", "2001:db8::1") for n in range(6)]
    assert [result is None for result in results] == [True] * LOGIN_TESTS_PER_ADDRESS + [False]
    limits = Limits(b"key", Clock())
    results = [limits.take_login(f"{n}@gmx.de", f"192.0.2.{n}") for n in range(31)]
    assert sum(result is None for result in results) == LOGIN_TESTS_PER_MINUTE


def test_many_refusals_of_several_accounts_switch_the_login_test_off() -> None:
    clock = Clock()
    limits = Limits(b"key", clock)
    for n in range(20):
        assert limits.paused() is None
        limits.refused(f"{n % 5}@gmx.de")
    assert limits.paused() is not None
    assert limits.take_login("z@gmx.de", "192.0.2.1") is not None
    clock.now += 30 * 60 + 1
    assert limits.paused() is None


def test_one_ipv6_network_counts_as_one_source() -> None:
    assert network("2001:db8:0:1::1") == network("2001:db8:0:1:ffff::2") != network("2001:db8:0:2::1")


def test_a_run_past_its_deadline_reads_as_interrupted_and_stays_so() -> None:
    clock = Clock()
    store = RunStore(clock)
    account = providers.load()["gmx.net"].account("a@gmx.de")
    report = planned(account, vantage=Vantage.SERVER, login=True, started_at=datetime.now(UTC))
    store.add("run", report, seconds=40)
    clock.now += 41
    run = store.get("run")
    assert run is not None
    assert run.state is RunState.INTERRUPTED
    store.end("run", report)
    again = store.get("run")
    assert again is not None
    assert again.state is RunState.INTERRUPTED
