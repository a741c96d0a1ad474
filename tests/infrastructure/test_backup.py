"""Copies of the database: whole while the site runs, put back while it does not, and never at the price of what is there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.support.serving import serving
from webapp.core.text import InputError
from webapp.infrastructure import backup, db, lock
from webapp.infrastructure.config import Config
from webapp.infrastructure.db import Schema
from webapp.infrastructure.models import Agent, Base, DownloadLink

FAR = datetime.now(UTC) + timedelta(hours=20)


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
    assert db.schema(notes) is Schema.CURRENT


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


OTHER = 61234  # a user who is not the one of the tests


def as_other(command: str, path: Path) -> int:
    """Run `command` of the shell with `path` as OTHER; return how it ended."""
    user = ["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups"]
    return subprocess.run([*user, "sh", "-c", command, "sh", str(path)]).returncode


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that others may enter; pytest's are closed."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act for another user")
@pytest.mark.parametrize("there", [True, False], ids=["instead of one", "into an empty folder"])
def test_what_root_puts_back_belongs_to_the_user_of_the_site(
    notes: Config, tmp_path: Path, open_folder: Path, there: bool
) -> None:
    site = replace(notes, data_dir=open_folder / "site")
    backup.backup(notes, tmp_path / "copy.sqlite3")
    site.data_dir.mkdir(mode=0o700)
    if there:
        shutil.copy(tmp_path / "copy.sqlite3", site.data_dir / "wizard.sqlite3")
        os.chown(site.data_dir / "wizard.sqlite3", OTHER, OTHER)
        (site.data_dir / "wizard.sqlite3").chmod(0o640)
    os.chown(site.data_dir, OTHER, OTHER)
    backup.restore(site, tmp_path / "copy.sqlite3")
    lock.release(site)
    for path in site.data_dir.iterdir():
        assert (path.stat().st_uid, path.stat().st_gid) == (OTHER, OTHER), path
    assert stat.S_IMODE((site.data_dir / "wizard.sqlite3").stat().st_mode) == (0o640 if there else 0o600)
    assert as_other('test -r "$1" && test -w "$1"', site.data_dir / "wizard.sqlite3") == 0
    assert as_other('test -r "$1" && test -w "$1"', site.data_dir / lock.FILE_NAME) == 0
    assert texts(site.data_dir / "wizard.sqlite3") == ["first"]


def test_what_a_restore_took_away_is_kept_for_a_month(notes: Config, tmp_path: Path) -> None:
    backup.backup(notes, tmp_path / "copy.sqlite3")
    db.dispose()
    os.utime(notes.data_dir / "wizard.sqlite3", (0, 0))  # last written long ago, and replaced today
    kept = backup.restore(notes, tmp_path / "copy.sqlite3")
    lock.release(notes)
    assert kept
    now = time.time()
    assert backup.purge(notes, now + 29 * 24 * 3600) == 0
    assert kept.exists()
    assert backup.purge(notes, now + 31 * 24 * 3600) == 1
    assert not kept.exists()
    assert texts(notes.data_dir / "wizard.sqlite3") == ["first"]
    assert backup.purge(replace(notes, database_url="postgresql+psycopg://localhost/x")) == 0


def test_what_was_ended_since_a_backup_stays_ended(config: Config, tmp_path: Path) -> None:
    with db.begin(config) as session:
        session.add(
            Agent(
                login="vera@example.org",
                name="Vera",
                role="agent",
                setup_hash=b"h",
                setup_expires_at=FAR,
                created_at=FAR,
            )
        )
        session.add(DownloadLink(token_hash=b"h", sealed=b"what a person deleted", expires_at=FAR))
    target = tmp_path / "copy.sqlite3"
    backup.backup(config, target)
    db.dispose()
    backup.restore(config, target)
    lock.release(config)
    with db.read(config) as session:
        (agent,) = session.scalars(select(Agent))
        assert (agent.login, agent.setup_hash, agent.setup_expires_at) == ("vera@example.org", None, None)
        assert list(session.scalars(select(DownloadLink))) == []
    assert b"what a person deleted" not in (config.data_dir / "wizard.sqlite3").read_bytes()


def test_every_table_of_what_lives_short_is_there() -> None:
    assert set(backup.LIVE_SHORT) <= set(Base.metadata.tables)


def test_the_documented_dump_of_postgresql_leaves_out_what_a_restore_does_not_bring_back() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operation.md").read_text("utf-8")
    patterns = re.findall(r"--exclude-table-data='?([\w*]+)", page)
    left_out = {table for table in Base.metadata.tables if any(fnmatch(table, pattern) for pattern in patterns)}
    assert left_out == backup.TRIES.union(backup.LIVE_SHORT)
