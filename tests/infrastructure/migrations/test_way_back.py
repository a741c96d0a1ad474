"""Before a database is upgraded it is copied: the former version finds all of it there, and the way forward is open again."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SECRET_KEY
from tests.infrastructure.migrations.test_upgrade import SCHEMA, fill_sqlite
from webapp.core.text import InputError
from webapp.infrastructure import backup, db, lock
from webapp.infrastructure.config import Config
from webapp.infrastructure.db import Schema

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def old(tmp_path: Path) -> Config:
    """The settings of a site whose database is still of the last version."""
    fill_sqlite(tmp_path / "wizard.sqlite3")
    return Config(data_dir=tmp_path, secret_key=SECRET_KEY)


def content(path: Path) -> Rows:
    """Return the rows of every table but of the counted tries, which no copy holds."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608
    return {name: sorted(rows, key=repr) for name, rows in tables.items() if name not in backup.TRIES}


def test_the_former_database_is_kept_whole_and_opens_the_way_forward_again(old: Config, tmp_path: Path) -> None:
    database, kept = tmp_path / "wizard.sqlite3", tmp_path / f"wizard.sqlite3{backup.BEFORE_UPGRADE}"
    former = content(database)
    backup.upgrade(old)
    forward = content(database)
    copied = content(kept)
    assert {name for name in backup.LIVE_SHORT if former.get(name)} >= {"cases", "case_events", "download_links"}
    assert not any(copied.get(name) for name in backup.LIVE_SHORT), "what people have deleted since is kept nowhere"
    secrets = [value for row in former["download_links"] for value in row if isinstance(value, bytes)]
    assert secrets
    assert not any(secret in kept.read_bytes() for secret in secrets), "nor in pages that are free"
    assert copied == {name: [] if name in backup.LIVE_SHORT else rows for name, rows in former.items()}
    assert former["alembic_version"] == [(SCHEMA,)]
    assert {name for name, rows in former.items() if rows} > {"agents", "cases", "api_keys", "download_links"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    lock.release(old)
    backup.restore(old, kept)
    again = content(database)
    ended = {*backup.LIVE_SHORT, "agents"}  # of the agents the first-run links
    assert not any(again.get(name) for name in backup.LIVE_SHORT)
    assert {name: rows for name, rows in again.items() if name not in ended} == {
        name: rows for name, rows in forward.items() if name not in ended
    }
    assert len(again["agents"]) == len(forward["agents"])


def test_a_database_that_needs_no_upgrade_is_not_copied(old: Config, tmp_path: Path) -> None:
    backup.upgrade(old)
    kept = tmp_path / f"wizard.sqlite3{backup.BEFORE_UPGRADE}"
    kept.unlink()
    backup.upgrade(old)
    assert not kept.exists()
    fresh = Config(data_dir=tmp_path / "fresh", secret_key=SECRET_KEY)
    backup.upgrade(fresh)
    assert [path.name for path in (tmp_path / "fresh").glob("*before*")] == []


def test_nothing_is_upgraded_where_it_cannot_be_copied(old: Config, tmp_path: Path) -> None:
    (tmp_path / f"wizard.sqlite3{backup.BEFORE_UPGRADE}").mkdir()
    with pytest.raises(InputError):
        backup.upgrade(old)
    assert db.schema(old) is Schema.OLDER
    assert not [path for path in tmp_path.glob(".*") if path.is_file() and "upgrade" in path.name]


def test_the_copy_is_deleted_after_a_month(old: Config, tmp_path: Path) -> None:
    backup.upgrade(old)
    now = (tmp_path / f"wizard.sqlite3{backup.BEFORE_UPGRADE}").stat().st_mtime
    assert backup.purge(old, now + 29 * 24 * 3600) == 0
    assert backup.purge(old, now + 31 * 24 * 3600) == 1


def test_the_draft_of_an_upgrade_that_was_killed_is_deleted_too(old: Config, tmp_path: Path) -> None:
    draft = tmp_path / f".wizard.sqlite3{backup.BEFORE_UPGRADE}"
    draft.write_bytes(b"half of it")
    now = draft.stat().st_mtime
    assert backup.purge(old, now + 31 * 24 * 3600) == 1
    assert not draft.exists()
