"""The database: one engine per process, made when first used; short transactions; the schema kept up to date.

Never holds a transaction across network I/O. Rooms write

    with db.begin() as session:
        session.add(...)

SQLite: WAL, so that readers and the one writer do not wait for each other; a writer begins IMMEDIATE, because a
transaction that reads first and writes later fails at once where another wrote in between, busy timeout or not
(https://www.sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.config import DATABASE_BUSY_SECONDS, WEB_THREADS, Config, current_config, variable
from webapp.text import N_, InputError, Message

_IMMEDIATE = "webapp_immediate"  # execution option of a connection: begin as a writer

NEWER = Message(N_("The database is of a newer version of this program. Use that version."))

_engines: dict[str, Engine] = {}
_lock = threading.Lock()


class Alone(IntEnum):
    """What runs in one transaction at a time. The values are PostgreSQL advisory locks, any numbers that are ours."""

    UPGRADE = 7_365_110
    LOGIN_TESTS = 7_365_111
    HELPDESK_TRIES = 7_365_112
    BULK_FILES = 7_365_113


@contextmanager
def begin(config: Config | None = None) -> Iterator[Session]:
    """Give a session in a write transaction: committed at the end, rolled back where an exception leaves the block.

    `config` is that of the running application where it is not given.
    """
    writing = engine(config).execution_options(**{_IMMEDIATE: True})
    with Session(writing, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read(config: Config | None = None) -> Iterator[Session]:
    """Give a session for reading, which no writer holds up; what it changes is not kept."""
    with Session(engine(config)) as session:
        yield session


def enter_alone(connection: Connection, what: Alone) -> None:
    """Wait in this write transaction until no other one does the same; it is alone until it ends.

    SQLite's writers queue up by themselves.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": what})


def engine(config: Config | None = None) -> Engine:
    """Return this process's engine for the database of `config`, by default that of the running application."""
    url = (config or current_config()).database
    with _lock:
        if url not in _engines:
            _engines[url] = _make_engine(url)
        return _engines[url]


def dispose() -> None:
    """Close every connection of this process; the next use opens new ones."""
    with _lock:
        while _engines:
            _engines.popitem()[1].dispose()


def upgrade(config: Config) -> None:
    """Bring the database of `config` to the newest schema, creating it where there is none.

    Keeps no connection open: it runs before the web process forks. Raises InputError where the database cannot be
    opened, or is of a newer version.
    """
    if not config.database_url:
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrading = _make_engine(config.database, pooled=False).execution_options(**{_IMMEDIATE: True})
    try:
        with upgrading.begin() as connection:
            enter_alone(connection, Alone.UPGRADE)
            if not set(MigrationContext.configure(connection).get_current_heads()) <= revisions():
                raise InputError(NEWER)
            command.upgrade(_alembic(connection), "head")
    except SQLAlchemyError as error:
        raise _unusable(config, error) from error
    finally:
        upgrading.dispose()


def revisions() -> set[str]:
    """Return every version of the schema that this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def is_current(config: Config | None = None) -> bool:
    """Return whether the database answers and has the newest schema."""
    try:
        with engine(config).connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError:
        return False
    return set(found) == set(ScriptDirectory.from_config(_alembic()).get_heads())


def _alembic(connection: Connection | None = None) -> AlembicConfig:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    alembic.set_main_option("path_separator", "os")
    alembic.attributes["connection"] = connection
    return alembic


def _unusable(config: Config, error: SQLAlchemyError) -> InputError:
    reason = getattr(error, "orig", None) or error
    return InputError(
        Message(
            N_("%(setting)s: the database cannot be used. (%(reason)s)"),
            {"setting": variable("database_url"), "reason": str(reason).strip()},
        )
    )


def _make_engine(url: str, *, pooled: bool = True) -> Engine:
    """hide_parameters: an error of SQLAlchemy is logged with its text, and a value may be what a person typed."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if not pooled:
            return create_engine(parsed, poolclass=NullPool, hide_parameters=True)
        return create_engine(
            parsed, pool_size=8, max_overflow=WEB_THREADS - 8, pool_pre_ping=True, hide_parameters=True
        )
    arguments = {"timeout": DATABASE_BUSY_SECONDS}
    if pooled:
        made = create_engine(
            parsed, connect_args=arguments, pool_size=8, max_overflow=WEB_THREADS - 8, hide_parameters=True
        )
    else:
        made = create_engine(parsed, connect_args=arguments, poolclass=NullPool, hide_parameters=True)
    event.listen(made, "connect", _prepare_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it late, and deferred
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what a person deletes is overwritten, not only unlinked


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _forget_engines() -> None:
    """In a child after fork: its parent's connections are not to be used, and not to be closed either."""
    global _lock
    _lock = threading.Lock()
    for inherited in _engines.values():
        inherited.dispose(close=False)
    _engines.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_forget_engines)
