"""Copies of the database: whole while the site runs, put back while it does not, and never at the price of what is there."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.test_server import serving
from webapp import backup, db, lock
from webapp.config import Config
from webapp.text import InputError


@pytest.fixture
def notes(config: Config) -> Config:
    with db.begin(config) as session:
        session.execute(text("CREATE TABLE notes (text VARCHAR)"))
        session.execute(text("INSERT INTO notes VALUES ('first')"))
    return config


def texts(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY text")]
    connection.close()
    return found


def test_a_backup_is_whole_while_somebody_writes(notes: Config, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('not yet')"))
        backup.backup(notes, target)
    assert texts(target) == ["first"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_backup_comes_back_and_keeps_what_it_takes_away(notes: Config, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    backup.backup(notes, target)
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('second')"))
    db.dispose()
    kept = backup.restore(notes, target)
    lock.release(notes)
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first"]
    assert kept is not None
    assert texts(kept) == ["first", "second"]
    assert db.is_current(notes)


def test_a_backup_is_read_where_nothing_can_be_written_beside_it(
    notes: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    backup.backup(notes, medium / "copy.sqlite3")
    db.dispose()
    connect = sqlite3.connect

    def connect_elsewhere(database: str | Path, **settings: Any) -> sqlite3.Connection:
        if str(medium) in str(database):  # as SQLite says it there; root may write everywhere
            raise sqlite3.OperationalError("unable to open database file")
        return connect(database, **settings)

    monkeypatch.setattr(backup.sqlite3, "connect", connect_elsewhere)
    backup.restore(notes, medium / "copy.sqlite3")
    lock.release(notes)
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first"]
    assert [path.name for path in medium.iterdir()] == ["copy.sqlite3"]


def test_a_plain_copy_comes_back_with_what_stands_in_its_log(notes: Config, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(notes.data_dir / "wizard.sqlite3")) as connection:
        connection.execute("INSERT INTO notes VALUES ('second')")
        connection.commit()
        for name in ("wizard.sqlite3", "wizard.sqlite3-wal"):  # as where a server was killed
            shutil.copy(notes.data_dir / name, tmp_path)
    db.dispose()
    backup.restore(notes, tmp_path / "wizard.sqlite3")
    lock.release(notes)
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first", "second"]
    assert {path.name for path in notes.data_dir.iterdir()} == {
        "serve.lock", "wizard.sqlite3", "wizard.sqlite3.before-restore",
    }  # fmt: skip


def test_a_backup_overwrites_nothing(notes: Config, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    target.write_text("precious")
    with pytest.raises(InputError, match="exists already"):
        backup.backup(notes, target)
    assert target.read_text() == "precious"
    with pytest.raises(InputError, match="Cannot write"):
        backup.backup(notes, tmp_path / "no-folder" / "copy.sqlite3")


@pytest.mark.parametrize("content", [b"", b"no database", None], ids=["empty", "junk", "another program's"])
def test_what_is_no_backup_changes_nothing(notes: Config, tmp_path: Path, content: bytes | None) -> None:
    source = tmp_path / "copy.sqlite3"
    if content is None:
        sqlite3.connect(source).execute("CREATE TABLE other (x)").connection.close()
    else:
        source.write_bytes(content)
    with pytest.raises(InputError, match="not a backup"):
        backup.restore(notes, source)
    lock.release(notes)
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first"]


def test_a_backup_of_a_newer_version_changes_nothing(notes: Config, tmp_path: Path) -> None:
    source = tmp_path / "copy.sqlite3"
    backup.backup(notes, source)
    with contextlib.closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("DELETE FROM notes")
    with pytest.raises(InputError, match="newer version"):
        backup.restore(notes, source)
    lock.release(notes)
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first"]
    assert not list(notes.data_dir.glob(f"*{backup.BEFORE_RESTORE}*"))


def test_a_backup_that_cannot_be_brought_up_to_date_changes_nothing(notes: Config, tmp_path: Path) -> None:
    source = tmp_path / "copy.sqlite3"
    backup.backup(notes, source)
    with contextlib.closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")  # though the later tables are there
        connection.execute("DELETE FROM notes")
    with pytest.raises(InputError, match="cannot be used"):
        backup.restore(notes, source)
    lock.release(notes)
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first"]
    assert not list(notes.data_dir.glob("*restore*"))


def test_a_second_restore_keeps_what_the_first_one_took_away(notes: Config, tmp_path: Path) -> None:
    source = tmp_path / "copy.sqlite3"
    backup.backup(notes, source)
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('precious')"))
    db.dispose()
    first, second, third = (backup.restore(notes, source) for _ in range(3))
    lock.release(notes)
    assert first
    assert second
    assert third
    assert (texts(first), texts(second)) == (["first", "precious"], ["first"])
    assert len({first, second, third}) == 3


def test_a_folder_may_be_called_anything(config: Config, tmp_path: Path) -> None:
    odd = replace(config, data_dir=tmp_path / "x#1 %41?ä")
    db.upgrade(odd)
    with db.begin(odd) as session:
        session.execute(text("CREATE TABLE notes (text VARCHAR)"))
        session.execute(text("INSERT INTO notes VALUES ('here')"))
    copy = odd.data_dir / "copy#2?.sqlite3"
    backup.backup(odd, copy)
    assert texts(copy) == ["here"]
    db.dispose()
    assert backup.restore(odd, copy)
    lock.release(odd)
    assert texts(odd.data_dir / "wizard.sqlite3") == ["here"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", odd.data_dir.name]


@pytest.mark.parametrize("redis", [False, True], ids=["embedded", "redis"])
def test_nothing_is_put_back_under_a_running_server(
    tmp_path: Path, redis: bool, request: pytest.FixtureRequest
) -> None:
    config = Config(data_dir=tmp_path / "data")
    settings = {}
    if redis:
        settings = {"WEBAPP_REDIS_URL": request.getfixturevalue("redis_url"), "WEBAPP_SECRET_KEY": "k" * 43}
        config = replace(config, redis_url=settings["WEBAPP_REDIS_URL"])
    with serving(config.data_dir, **settings):
        backup.backup(config, tmp_path / "copy.sqlite3")
        with pytest.raises(InputError, match="already running"):
            backup.restore(config, tmp_path / "copy.sqlite3")


def test_postgresql_has_its_own_programs(config: Config, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pg_dump"):
        backup.backup(replace(config, database_url="postgresql+psycopg://localhost/x"), tmp_path / "copy")


def test_there_is_nothing_to_copy_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no database"):
        backup.backup(Config(data_dir=tmp_path), tmp_path / "copy")
