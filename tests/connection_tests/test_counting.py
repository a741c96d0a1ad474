"""What a login test counts, from the click to the worker's last word, and what a person reads of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.connection_tests.conftest import LOGIN, PASSWORD, USER, MakeSite, Site
from tests.support.client import parse, text_of
from tests.support.limits import NUMBERS, login
from webapp.core.probe import RunState
from webapp.infrastructure import limits
from webapp.infrastructure.limits import Allowance, Limits

NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)  # 12 o'clock at GMX


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


def allowance(site: Site) -> Allowance:
    with site.app.app_context():
        return limits.current().allowance(USER, "gmx.net")


def of(site: Site) -> Limits:
    found: Limits = site.app.extensions["limits"]
    return found


@pytest.mark.parametrize(
    ("pop3", "state", "left"),
    [
        ("pop3-good", RunState.PASSED, 2),
        ("pop3-auth-one-text", RunState.FAILED, 2),
        ("pop3-auth-code-in-use", RunState.FAILED, 2),
        ("pop3-auth-closed", RunState.UNKNOWN, 2),
        ("pop3-greeting-closed", RunState.FAILED, 3),  # no password was sent
        ("pop3-certificate-self-signed", RunState.FAILED, 3),
    ],
)
def test_the_account_gets_its_try_back_exactly_where_no_password_was_sent(
    make_site: MakeSite, pop3: str, state: RunState, left: int
) -> None:
    with make_site(pop3) as site:
        run = site.run(site.log_in())
        assert (run.state, run.report.password_sent) == (state, left < 3)
        assert allowance(site).left == left


@pytest.mark.parametrize(
    ("pop3", "refusals"),
    [("pop3-good", 0), ("pop3-auth-code-in-use", 0), ("pop3-auth-one-text", 1), ("pop3-auth-closed", 1)],
)
def test_only_what_was_refused_or_not_answered_counts_for_a_day(make_site: MakeSite, pop3: str, refusals: int) -> None:
    clock = Clock()
    with make_site(pop3) as site:
        site.set_clock(clock)
        site.run(site.log_in())
        clock.now += timedelta(minutes=15)
        free = [login(of(site), USER, f"198.51.100.{n}", f"t{n}") for n in range(NUMBERS.login_tests_per_account)]
        assert free.count(None) == NUMBERS.login_tests_per_account
        clock.now += timedelta(minutes=15)
        later = [login(of(site), USER, f"198.51.100.{n}", f"u{n}") for n in range(NUMBERS.login_tests_per_account)]
        assert later.count(None) == NUMBERS.login_refusals_per_account - 3 - refusals


def test_after_five_refusals_the_way_on_is_shown(make_site: MakeSite) -> None:
    clock = Clock()
    with make_site("pop3-auth-one-text") as site:
        site.set_clock(clock)
        form = site.client.get("/connection-tests")
        for _ in range(NUMBERS.login_refusals_per_account):
            page = site.page(site.log_in())
            clock.now += timedelta(minutes=10)
        assert "Heute prüfen wir dieses Postfach nicht mehr." in page
        late = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
        assert late.status_code == 429
        main = parse(late.text).find("body/main")
        assert "Heute prüfen wir dieses Postfach nicht mehr" in text_of(main)
        assert "erst ab 26. November 2026, 12:00 Uhr wieder an" in text_of(main)
        assert main is not None
        assert {link.get("href") for link in main.iter("a")} >= {"/help", "/check"}
        index = site.client.get("/connection-tests?lang=en").text
        assert "We do not test this mailbox any more today." in index
        assert 'name="password"' not in index
        assert site.attempts == (NUMBERS.login_refusals_per_account, 0)


def test_whoever_comes_while_neighbours_are_tested_waits_some_seconds(make_site: MakeSite) -> None:
    with make_site() as site:
        for number in range(NUMBERS.login_refusals_per_network[0]):
            assert login(of(site), f"{number}@gmx.de", "127.0.0.1", f"t{number}") is None
        answer = site.log_in()
        assert answer.status_code == 429
        assert "In ein paar Sekunden können Sie es noch einmal versuchen" in answer.text
        assert int(answer.headers["Retry-After"]) <= 10
        assert site.attempts == (0, 0)


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_what_never_began_is_given_back(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    with make_site("pop3-auth-silent", test_threads=1) as site:
        first = site.log_in()
        site.until(lambda: site.pop3.attempts)
        second = site.log_in()
        run_id = second.location.rpartition("/")[2]
        if end == "cancelled":
            site.engine.cancel(run_id)
        else:
            site.engine.passwords.take(run_id)
        site.engine.cancel(first.location.rpartition("/")[2])
        site.ended(first.location.rpartition("/")[2])
        site.until(lambda: allowance(site).left == 2)
        assert site.ended(run_id).state in (RunState.CANCELLED, RunState.EXPIRED)
        assert site.attempts == (1, 0)


def test_a_run_whose_worker_crashes_stays_counted(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.connection_tests import engine

    def crash(*_: object, **__: object) -> Callable[[], None]:
        raise RuntimeError

    monkeypatch.setattr(engine.probe, "run", crash)
    with make_site() as site:
        assert site.run(site.log_in()).state is RunState.INTERRUPTED
        assert allowance(site).left == 2
