"""The keys of the day: what they hide, and what a new secret key of the site changes: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.support.limits import DAY, NUMBERS, Clock, login, refuse
from webapp.infrastructure import backup, db
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Again, Limits, Wait
from webapp.infrastructure.models import LimitKey, LimitRow

OTHER_KEY = "another secret key that is only for tests"


def buckets(config: Config, kind: str) -> set[bytes]:
    with db.read(config) as session:
        return set(session.scalars(select(LimitRow.bucket).where(LimitRow.kind == kind)))


def sealed_keys(config: Config) -> set[bytes]:
    with db.read(config) as session:
        return set(session.scalars(select(LimitKey.sealed)))


def whole_file(config: Config) -> bytes:
    files = config.data_dir.glob("wizard.sqlite3*")
    return b"".join(path.read_bytes() for path in files)


def test_nobody_can_link_the_counters_of_one_address_over_three_days(
    on_sqlite: Limits, config: Config, clock: Clock
) -> None:
    seen: list[tuple[set[bytes], set[bytes], set[bytes]]] = []
    for _ in range(3):
        assert login(on_sqlite, "anna@gmx.de", "192.0.2.1", f"click at {clock.now}") is None
        seen.append((buckets(config, "account"), buckets(config, "address"), sealed_keys(config)))
        assert all(value in whole_file(config) for value in set().union(*seen[-1]))
        clock.pass_by(DAY.total_seconds())
        on_sqlite.purge()
    for of_kind in zip(*seen, strict=True):
        assert not of_kind[0] & of_kind[2]
        assert len(set().union(*of_kind)) >= 3
    kept = whole_file(config)  # of the third day: while the database is open, with its log
    for days_hashes in seen[0]:
        assert not [value for value in days_hashes if value in kept]


def test_a_key_lives_as_long_as_a_window_reaches_back_to_it(limits: Limits, settings: Config, clock: Clock) -> None:
    clock.pass_by(11 * 3600)  # shortly before midnight
    for number in range(NUMBERS.login_refusals_per_account):
        assert refuse(limits, "a@gmx.de", "192.0.2.1", f"t{number}")
        clock.pass_by(901)
    limits.purge()
    wait = login(limits, "a@gmx.de", "192.0.2.1", "the day after")
    assert isinstance(wait, Wait)
    assert wait.over
    with db.read(settings) as session:
        assert len(session.scalars(select(LimitKey)).all()) == 2
    clock.now = wait.until - timedelta(seconds=1)
    limits.purge()
    assert isinstance(login(limits, "a@gmx.de", "192.0.2.1", "the day after"), Wait)
    assert isinstance(login(limits, "a@gmx.de", "192.0.2.1", "t3"), Again)


def test_a_new_secret_key_counts_nothing_anew(limits: Limits, settings: Config, clock: Clock) -> None:
    for number in range(NUMBERS.login_tests_per_account):
        assert login(limits, "a@gmx.de", "192.0.2.1", f"t{number}") is None
    new = replace(settings, secret_key=OTHER_KEY, secret_key_fallbacks=(settings.secret_key,))
    assert isinstance(login(Limits(new, clock), "a@gmx.de", "192.0.2.1", "new"), Wait)
    without_the_old_one = replace(settings, secret_key=OTHER_KEY)  # the key of the day was sealed anew on use
    assert isinstance(login(Limits(without_the_old_one, clock), "a@gmx.de", "192.0.2.1", "new"), Wait)
    assert isinstance(login(limits, "a@gmx.de", "192.0.2.1", "new"), Wait)  # a process that has the old one still


def test_a_secret_key_that_is_lost_stops_nobody(limits: Limits, settings: Config, clock: Clock) -> None:
    for number in range(NUMBERS.login_tests_per_account):
        assert login(limits, "a@gmx.de", "192.0.2.1", f"t{number}") is None
    lost = Limits(replace(settings, secret_key=OTHER_KEY), clock)
    assert login(lost, "a@gmx.de", "192.0.2.1", "new") is None
    assert lost.allowance("a@gmx.de", "gmx.net").left == NUMBERS.login_tests_per_account - 1


def test_a_backup_holds_no_tries(on_sqlite: Limits, config: Config, tmp_path: Path) -> None:
    assert refuse(on_sqlite, "anna@gmx.de", "192.0.2.1", "click")
    found = buckets(config, "account") | sealed_keys(config)
    target = tmp_path / "copy.sqlite3"
    backup.backup(config, target)
    kept = target.read_bytes()
    assert not [value for value in found if value in kept]
    with db.read(replace(config, database_url=f"sqlite:///{target}")) as session:
        assert session.execute(text("SELECT count(*) FROM limits")).scalar_one() == 0


@pytest.mark.parametrize("hours", [30, 80])
def test_a_clock_that_ran_days_ahead_links_nothing_and_blocks_nobody(
    on_sqlite: Limits, config: Config, clock: Clock, hours: int
) -> None:
    right = clock.now
    clock.pass_by(hours * 3600)
    assert refuse(on_sqlite, "a@gmx.de", "192.0.2.1", "ahead")
    ahead = buckets(config, "account")
    clock.now = right
    assert on_sqlite.allowance("a@gmx.de", "gmx.net").left == NUMBERS.login_tests_per_account - 1
    assert login(on_sqlite, "a@gmx.de", "192.0.2.1", "now") is None
    clock.pass_by(hours * 3600)  # the day whose key it was
    on_sqlite.purge()
    assert login(on_sqlite, "a@gmx.de", "192.0.2.1", "then") is None
    assert not ahead & buckets(config, "account")
