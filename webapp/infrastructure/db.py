"""The database: one lazily made engine per process, short transactions, schema upgrades.

No transaction is held across network I/O. Use:

    with db.begin() as session:
        session.add(...)

SQLite: WAL, so that readers and the one writer do not block each other; writers use BEGIN IMMEDIATE, because a read
transaction that is upgraded to a write fails at once if another one wrote in between, whatever the busy time-out
(https://www.sqlite.org/lang_transaction.html).

What is deleted is gone: after a transaction that forgot something `begin` empties the write-ahead log, which still
holds the former pages. A reader may be in the way; `webapp.infrastructure.background` tries again then.
"""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from enum import Enum, IntEnum, auto
from math import inf
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, exc, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session as Session  # what everybody calls db.Session

from webapp.core.text import N_, InputError, Message
from webapp.infrastructure.config import DATABASE_BUSY_SECONDS, WEB_THREADS, Config, current_config, variable
from webapp.infrastructure.logs import logger

_IMMEDIATE = "webapp_immediate"  # execution option of a connection: begin as a writer

STATEMENT_SECONDS = 3.0  # of PostgreSQL, where somebody waits; a page takes milliseconds of it
WORK_SECONDS = 60.0  # where nobody does
POOL_SECONDS = 3.0  # until a connection is free
WAIT_SECONDS = 1.0  # between two tries of `wait`
SAY_SECONDS = 60.0  # between two lines of the log that say so

NO_DRIVER = N_("%(setting)s names PostgreSQL, but its driver is not installed: pip install gmx-pop-wizard[postgres]")
NEWER = Message(N_("The database is of a newer version of this program. Use that version."))

# Statements that forget something of a person: all that delete, but for rows that hold keyed hashes or nobody's data,
# and those that change columns with an address, what an agent prepared, a report, a secret.
_FORGETS = re.compile(
    r"DELETE FROM (?!(?:limits|pauses|leases|places)\b)|UPDATE \w+ SET .*\b(?:address|prefill|report|totp_secret)="
)
_FORGOT = "webapp_forgot"  # in the info of a connection: one was executed
_EMPTYING_MILLISECONDS = 250  # that emptying the log waits for readers and writers; the caller answers a person

_engines: dict[str, Engine] = {}
_lock = threading.Lock()
_seconds: ContextVar[float | None] = ContextVar("seconds of a statement", default=STATEMENT_SECONDS)


class AdvisoryLock(IntEnum):
    """Keys of PostgreSQL advisory locks: arbitrary numbers that nothing else uses."""

    UPGRADE = 7_365_110
    LIMITS = 7_365_111
    BULK_FILES = 7_365_113


class Schema(Enum):
    """NEWER serves too: another process of a newer version has upgraded it, and migrations only add."""

    CURRENT = auto()
    OLDER = auto()
    NEWER = auto()
    SILENT = auto()  # the database does not answer


@contextmanager
def begin(config: Config | None = None) -> Iterator[Session]:
    """Give a session in a write transaction: commit at the end, rollback on an exception.

    config: by default that of the running application.
    """
    writing = engine(config).execution_options(**{_IMMEDIATE: True})
    with Session(writing, expire_on_commit=False) as session, session.begin():
        yield session
        session.flush()
        forgot = session.in_transaction() and session.connection().info.pop(_FORGOT, False)
    if forgot:
        empty_log(config)


@contextmanager
def read(config: Config | None = None) -> Iterator[Session]:
    """Give a session for reading: no writer blocks it, and nothing is committed."""
    with Session(engine(config)) as session:
        yield session


@contextmanager
def patience(seconds: float | None = WORK_SECONDS) -> Iterator[None]:
    """Let every statement of this thread take `seconds`, None for as long as it needs."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def acquire(connection: Connection, lock: AdvisoryLock) -> None:
    """Wait for the lock and hold it until this write transaction ends. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": lock})


def empty_log(config: Config | None = None) -> bool:
    """Checkpoint and truncate SQLite's write-ahead log, which holds deleted rows; False if a reader is in the way."""
    found = engine(config)
    if found.dialect.name != "sqlite":
        return True
    with closing(found.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_EMPTYING_MILLISECONDS}")
        try:
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:  # in use in a way that SQLite does not wait for
            busy = 1
        finally:
            cursor.execute(f"PRAGMA busy_timeout={DATABASE_BUSY_SECONDS * 1000}")
    return not busy


def log_is_empty(config: Config | None = None) -> bool:
    """Whether the write-ahead log holds nothing; True for other databases than SQLite."""
    name = engine(config).url.database if engine(config).dialect.name == "sqlite" else None
    try:
        return not name or Path(f"{name}-wal").stat().st_size == 0
    except FileNotFoundError:
        return True


def engine(config: Config | None = None) -> Engine:
    """Return this process's engine for `config`, by default that of the running application."""
    url = (config or current_config()).database
    with _lock:
        if url not in _engines:
            _engines[url] = _make_engine(url)
        return _engines[url]


def dispose() -> None:
    """Close every connection of this process; the next use reconnects."""
    with _lock:
        while _engines:
            _engines.popitem()[1].dispose()


def wait(config: Config) -> None:
    """Wait for a PostgreSQL that is not there yet, and say so; raise InputError where it says that it will not have us.

    A machine may come up before its database does. SQLite is not waited for.
    """
    trying = _make_engine(config.database, pooled=False)
    said_at = -inf
    while trying.dialect.name == "postgresql":
        try:
            trying.connect().close()
            return
        except SQLAlchemyError as error:
            if not _may_pass(error):
                raise _unusable(config, error) from error
            if time.monotonic() - said_at >= SAY_SECONDS:
                said_at = time.monotonic()
                logger.warning("waiting for the database: %s", str(getattr(error, "orig", error)).strip())
        time.sleep(WAIT_SECONDS)


def upgrade(config: Config, before: Callable[[Config], None] | None = None) -> None:
    """Create or upgrade the database; leaves no connection open, because it runs before the web process forks.

    before: called where an older schema is about to be changed, while nobody else can write (`backup.upgrade`).
    Raises InputError if it cannot be opened or is of a newer version.
    """
    if not config.database_url:
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrading = _make_engine(config.database, pooled=False).execution_options(**{_IMMEDIATE: True})
    try:
        with patience(None), upgrading.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
            acquire(connection, AdvisoryLock.UPGRADE)
            found = set(MigrationContext.configure(connection).get_current_heads())
            if not found <= revisions():
                raise InputError(NEWER)
            if before and found and found != _newest():
                before(config)
            command.upgrade(_alembic(connection), "head")
    except SQLAlchemyError as error:
        raise _unusable(config, error) from error
    finally:
        upgrading.dispose()


def require(config: Config) -> str:
    """Return which database this is, without a password; raise InputError where nobody has made it yet."""
    url = make_url(config.database)
    is_file = url.get_backend_name() == "sqlite"
    name = str(Path(url.database or "").absolute()) if is_file else url.render_as_string()
    try:
        if not is_file or Path(name).exists():
            with engine(config).connect() as connection:
                if MigrationContext.configure(connection).get_current_heads():
                    return name
    except SQLAlchemyError as error:
        raise _unusable(config, error) from error
    text = N_(
        "There is no database at %(place)s: “serve” makes it. If the site has another, give this command the settings "
        "of the site (docs/operation.md, “Commands”)."
    )
    raise InputError(text, place=name)


def revisions() -> set[str]:
    """Return every schema version this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _newest() -> set[str]:
    return set(ScriptDirectory.from_config(_alembic()).get_heads())


def schema(config: Config | None = None) -> Schema:
    """Return which schema the database has, compared with this program's."""
    try:
        with engine(config).connect() as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
    except SQLAlchemyError:
        return Schema.SILENT
    if found == _newest():
        return Schema.CURRENT
    return Schema.OLDER if found <= revisions() else Schema.NEWER


def is_away(error: SQLAlchemyError) -> bool:
    """Whether the database cannot do what it is asked at the moment: away, silent, busy, full or read-only."""
    mistake = getattr(error.__cause__, "sqlite_errorname", "") == "SQLITE_ERROR"  # such as a table that is missing
    kinds = exc.OperationalError | exc.InterfaceError | exc.InternalError | exc.TimeoutError
    return isinstance(error, kinds) and not mistake


def reason(error: SQLAlchemyError) -> str:
    """Return the kind of `error` for a log: the name of its class and its code, never its text or a value."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__


def _alembic(connection: Connection | None = None) -> AlembicConfig:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    alembic.set_main_option("path_separator", "os")
    alembic.attributes["connection"] = connection
    return alembic


def _may_pass(error: SQLAlchemyError) -> bool:
    """Whether PostgreSQL may let us in later: it is not there, or starts, or is full. A wrong password stays wrong."""
    text = str(error)
    refused = "FATAL:" in text and not re.search("starting up|shutting down|recovery|too many|connection slots", text)
    return is_away(error) and not refused


def _unusable(config: Config, error: SQLAlchemyError) -> InputError:
    reason = getattr(error, "orig", None) or error
    return InputError(
        N_("%(setting)s: the database cannot be used. (%(reason)s)"),
        setting=variable("database_url"),
        reason=str(reason).strip(),
    )


def _make_engine(url: str, *, pooled: bool = True) -> Engine:
    parsed = make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    if not is_sqlite:
        try:
            from webapp.infrastructure import postgres  # not installed where SQLite does
        except ModuleNotFoundError:
            raise InputError(NO_DRIVER, setting=variable("database_url")) from None
    options: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        options = {"pool_size": 8, "max_overflow": WEB_THREADS - 8}
    if is_sqlite:
        options["connect_args"] = {"timeout": DATABASE_BUSY_SECONDS}
    else:
        options["connect_args"] = postgres.parameters(parsed.query)
        options |= {"pool_pre_ping": True, "pool_timeout": POOL_SECONDS} if pooled else {}
    # hide_parameters: errors are logged, and a parameter may be what a person typed.
    made = create_engine(parsed, hide_parameters=True, **options)
    if is_sqlite:
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        event.listen(made, "before_cursor_execute", _note_forgetting)
    else:
        postgres.guard(made, _seconds.get)
    return made


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # _begin_sqlite says BEGIN; the driver would say it late, and deferred
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # overwrites deleted data


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _note_forgetting(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    if _FORGETS.match(statement):
        connection.info[_FORGOT] = True


def _forget_engines() -> None:
    """In a child after fork: neither use nor close the parent's connections."""
    global _lock
    _lock = threading.Lock()
    for inherited in _engines.values():
        inherited.dispose(close=False)
    _engines.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_forget_engines)
