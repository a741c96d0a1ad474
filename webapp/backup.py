"""Copies of the database: made while the site runs, put back while it does not.

SQLite only. PostgreSQL has tools of its own, and they know more.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

from sqlalchemy import make_url

from webapp import db, lock
from webapp.config import Config, sqlite_url, variable
from webapp.text import N_, InputError, Message

BEFORE_RESTORE = ".before-restore"  # added to the name of the database that a restore took away


def backup(config: Config, target: Path) -> None:
    """Copy the database to the new file `target` (mode 0600), consistent whatever is written meanwhile.

    Raises InputError where there is no SQLite database, or the file exists or cannot be written.
    """
    source = _file(config)
    if not source.is_file():
        raise InputError(Message(N_("There is no database in “%(path)s” yet."), {"path": str(source)}))
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise InputError(Message(N_("“%(path)s” exists already. Name a new file."), {"path": str(target)})) from None
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        with contextlib.closing(_opened(source)) as running, contextlib.closing(sqlite3.connect(target)) as copy:
            running.backup(copy)
    except (OSError, sqlite3.Error) as error:
        target.unlink(missing_ok=True)
        raise _unwritable(target, error) from None


def restore(config: Config, source: Path) -> Path | None:
    """Put the backup `source` in the place of the database and bring it to the newest schema.

    Returns where the database that stood there lies now. Raises InputError while a server or a worker runs on the data
    folder, and for a file that is no backup of ours, is of a newer version or cannot be brought to the newest schema;
    nothing is changed then.
    """
    target = _file(config)
    lock.claim(config, alone=True)
    kept = None
    draft = target.with_name(f".{target.name}-restored")
    try:
        _copy(source, draft)
        _check(draft, source)
        db.upgrade(replace(config, database_url=sqlite_url(draft)))
        _settle(draft)
        if target.exists():
            kept = _free_name(target)
            _settle(target)
            target.replace(kept)
        _remove_logs(target)
        draft.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        draft.unlink(missing_ok=True)
        _remove_logs(draft)
    return kept


def _file(config: Config) -> Path:
    url = make_url(config.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise InputError(
            Message(
                N_("%(setting)s names PostgreSQL. Use its own programs: pg_dump and pg_restore."),
                {"setting": variable("database_url")},
            )
        )
    return Path(url.database)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _copy(source: Path, draft: Path) -> None:
    """Copy a backup to `draft`, with the write-ahead log that a plain copy of a database has beside it."""
    log = source.with_name(source.name + "-wal")
    files = [source, log] if log.exists() else [source]
    if not all(path.is_file() and os.access(path, os.R_OK) for path in files):
        raise _no_backup(source)
    _remove_logs(draft)
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    if log in files:
        shutil.copyfile(log, draft.with_name(draft.name + "-wal"))


def _check(draft: Path, source: Path) -> None:
    """Raise InputError unless `draft`, the copy of `source`, is a whole database that has our history of the schema.

    Looks at the copy: SQLite must write beside what it reads, and `source` may lie where nothing can be written.
    """
    try:
        with contextlib.closing(_opened(draft)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            versions = [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]
    except (OSError, sqlite3.Error):
        whole, versions = False, []
    if whole and len(versions) == 1 and versions[0] not in db.revisions():
        raise InputError(db.NEWER)
    if not whole or len(versions) != 1:
        raise _no_backup(source)


def _no_backup(source: Path) -> InputError:
    return InputError(Message(N_("“%(path)s” is not a backup of this program."), {"path": str(source)}))


def _free_name(target: Path) -> Path:
    """Return a name beside `target` that nothing has: what an earlier restore took away stays."""
    names = itertools.chain([""], map("-{}".format, itertools.count(2)))
    found = (target.with_name(target.name + BEFORE_RESTORE + end) for end in names)
    return next(path for path in found if not path.exists())


def _settle(database: Path) -> None:
    """Write what stands in the write-ahead log into the database itself, so that the file alone is whole."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _remove_logs(database: Path) -> None:
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _unwritable(path: Path, error: Exception) -> InputError:
    problem = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(Message(N_("Cannot write %(file)s: %(problem)s"), {"file": str(path), "problem": problem or ""}))
