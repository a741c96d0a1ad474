"""The database: schema, transactions, processes."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, literal, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.text import InputError
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.db import Schema
from webapp.infrastructure.models import Base, UTCDateTime

MIGRATIONS = Path(db.__file__).parent / "migrations"


@pytest.fixture
def notes(config: Config) -> Iterator[Config]:
    """Return settings whose database has a table for the tests."""
    with db.begin(config) as session:
        session.execute(text("CREATE TABLE notes (text VARCHAR)"))
    yield config
    db.dispose()


def count(config: Config) -> int:
    with db.read(config) as session:
        return int(session.execute(text("SELECT count(*) FROM notes")).scalar_one())


# The schema


def test_makes_an_empty_database_and_leaves_a_current_one_as_it_is(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "data")
    db.upgrade(config)
    before = (config.data_dir / "wizard.sqlite3").read_bytes()
    db.upgrade(config)
    assert (config.data_dir / "wizard.sqlite3").read_bytes() == before
    assert db.schema(config) is Schema.CURRENT
    db.dispose()


def test_an_upgrade_keeps_what_is_there(notes: Config) -> None:
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('kept')"))
    db.upgrade(notes)
    assert count(notes) == 1


def test_upgrades_at_the_same_time_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)
    errors: list[BaseException] = []

    def upgrade() -> None:
        try:
            db.upgrade(config)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert db.schema(config) is Schema.CURRENT
    db.dispose()


def test_the_migrations_lead_to_the_models(config: Config) -> None:
    with db.engine(config).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_are_one_numbered_line() -> None:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    alembic.set_main_option("path_separator", "os")
    revisions = list(ScriptDirectory.from_config(alembic).walk_revisions())[::-1]
    assert [script.revision for script in revisions] == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    for script in revisions:
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_a_database_of_a_newer_version_is_told_from_an_older_one(config: Config) -> None:
    with db.begin(config) as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        session.execute(text("DELETE FROM alembic_version"))
        session.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    assert db.schema(config) is Schema.NEWER
    with db.begin(config) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert db.schema(config) is Schema.OLDER


def test_a_database_of_a_newer_version_is_left_alone(config: Config) -> None:
    with db.begin(config) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="newer version"):
        db.upgrade(config)


def test_says_what_is_wrong_with_a_database_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "wizard.sqlite3").write_bytes(b"this is no database, and long enough to be read as one" * 20)
    with pytest.raises(
        InputError, match=r"WEBAPP_DATABASE_URL: the database cannot be used. \(file is not a database\)"
    ):
        db.upgrade(Config(data_dir=tmp_path))
    assert db.schema(Config(data_dir=tmp_path / "missing")) is Schema.SILENT
    db.dispose()


# Transactions


def test_keeps_what_a_block_wrote_and_nothing_of_one_that_failed(notes: Config) -> None:
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('one')"))

    def fail() -> None:
        with db.begin(notes) as session:
            session.execute(text("INSERT INTO notes VALUES ('two')"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert count(notes) == 1


def test_what_is_read_is_not_changed(notes: Config) -> None:
    with db.read(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('one')"))
    assert count(notes) == 0


def test_a_writer_that_reads_first_loses_nothing(notes: Config) -> None:
    """Deferred transactions would fail here with "database is locked", or two threads would read the same count."""
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('0')"))

    def add() -> None:
        for _ in range(25):
            with db.begin(notes) as session:
                number = int(session.execute(text("SELECT text FROM notes")).scalar_one())
                session.execute(text("UPDATE notes SET text = :text"), {"text": str(number + 1)})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read(notes) as session:
        assert session.execute(text("SELECT text FROM notes")).scalar_one() == "200"


def test_a_reader_does_not_wait_for_a_writer(notes: Config) -> None:
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('one')"))
        assert count(notes) == 0
    assert count(notes) == 1


def test_sqlite_is_set_up_for_many_threads_and_for_deleting(config: Config) -> None:
    with db.read(config) as session:
        values = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "secure_delete", "synchronous")
        }
    assert values == {
        "journal_mode": "wal",
        "busy_timeout": 5000,
        "foreign_keys": 1,
        "secure_delete": 1,
        "synchronous": 1,
    }


def test_uses_the_database_of_the_running_application(app: Flask) -> None:
    with app.app_context(), db.begin() as session:
        file = session.execute(text("SELECT file FROM pragma_database_list")).scalar_one()
    assert Path(file) == app.extensions["config"].data_dir / "wizard.sqlite3"


# Processes


def test_a_process_has_one_engine_for_a_database(config: Config) -> None:
    assert db.engine(config) is db.engine(config)


def test_a_child_process_makes_an_engine_of_its_own(notes: Config) -> None:
    parent = db.engine(notes)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if db.engine(notes) is not parent and count(notes) == 0:
                with db.begin(notes) as session:
                    session.execute(text("INSERT INTO notes VALUES ('from the child')"))
                code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert db.engine(notes) is parent
    assert count(notes) == 1


# Types


def test_a_time_comes_back_as_the_same_moment_in_utc() -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        found = connection.execute(select(literal(moment, UTCDateTime), literal(None, UTCDateTime))).one()
    engine.dispose()
    assert found == (moment, None)
    assert found[0].tzinfo is UTC


def test_an_error_of_the_database_repeats_no_value(notes: Config) -> None:
    """Its text is logged with a traceback."""
    with pytest.raises(SQLAlchemyError) as caught, db.begin(notes) as session:
        session.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "anna@gmx.de"})
    assert "nowhere" in str(caught.value)
    assert "anna" not in str(caught.value)


def test_the_file_holds_nothing_of_a_deleted_row(notes: Config) -> None:
    with db.begin(notes) as session:
        session.execute(text("INSERT INTO notes VALUES ('a-note-to-be-forgotten')"))
    with db.begin(notes) as session:
        session.execute(text("DELETE FROM notes"))
    db.dispose()  # the last connection folds the write-ahead log into the file
    assert b"to-be-forgotten" not in (notes.data_dir / "wizard.sqlite3").read_bytes()
    assert [path.name for path in notes.data_dir.glob("wizard.sqlite3*")] == ["wizard.sqlite3"]
    assert sqlite3.sqlite_version_info >= (3, 35)


def test_a_driver_that_is_not_installed_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("webapp.infrastructure.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "webapp.infrastructure.postgres", None)
    with pytest.raises(InputError, match="its driver is not installed"):
        db.wait(Config(database_url="postgresql+psycopg://x@127.0.0.1/x"))
