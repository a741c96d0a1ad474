"""Backup (while the site runs, and before an upgrade) and restore (while it does not) of the database.

SQLite only; PostgreSQL has its own tools.
"""

import contextlib
import glob
import itertools
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from flask.sansio.app import App
from sqlalchemy import make_url

from webapp.core.text import N_, InputError
from webapp.infrastructure import background, db, lock
from webapp.infrastructure.config import Config, current_config, sqlite_url, variable

PURGE_SECONDS = 24 * 3600
TRIES = frozenset({"limits", "limit_keys", "places"})
LIVE_SHORT = (
    "agent_sessions", "case_events", "case_notes", "case_runs", "case_watchers", "course_places", "courses", "cases",
    "download_links", "bulk_jobs",
)  # fmt: skip
BEFORE_RESTORE = ".before-restore"  # suffix of the replaced database
BEFORE_UPGRADE = ".before-upgrade"  # suffix of the copy of the former schema
KEPT_DAYS = 30  # that both are kept


def init_app(app: App) -> None:
    background.every(app, "restore-purge", PURGE_SECONDS, lambda _app: purge(current_config()))


def backup(config: Config, target: Path) -> None:
    """Copy the database consistently to the new file `target` (mode 0600).

    Raises InputError where there is no SQLite database, and where the file exists or cannot be written.
    """
    source = _file(config)
    if not source.is_file():
        raise InputError(N_("There is no database in “%(path)s” yet."), path=str(source))
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise InputError(N_("“%(path)s” exists already. Name a new file."), path=str(target)) from None
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        with contextlib.closing(_opened(source)) as running, contextlib.closing(sqlite3.connect(target)) as copy:
            running.backup(copy)
            _forget(copy, TRIES)  # it may be kept for years, they are gone after a day
    except (OSError, sqlite3.Error) as error:
        target.unlink(missing_ok=True)
        raise _unwritable(target, error) from None


def upgrade(config: Config) -> None:
    """Create or upgrade the database; an SQLite file of an older schema is copied beside itself first.

    Raises InputError as `db.upgrade` does, and where the copy cannot be written: nothing is changed then.
    """
    db.upgrade(config, before=_keep)


def _keep(config: Config) -> None:
    """Copy the database to its name with BEFORE_UPGRADE, in place of a former copy; PostgreSQL has its own tools."""
    if make_url(config.database).get_backend_name() != "sqlite":
        return
    source = _file(config)
    target, draft = (source.with_name(f"{name}{BEFORE_UPGRADE}") for name in (source.name, f".{source.name}"))
    draft.unlink(missing_ok=True)
    backup(config, draft)
    try:
        # It outlives what people are told is deleted, and a restore would delete it anyway.
        with contextlib.closing(sqlite3.connect(draft)) as copy:
            _forget(copy, LIVE_SHORT)
        _hand_over(draft, source)
        draft.chmod(0o600)
        draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(target, error) from None


def _forget(copy: sqlite3.Connection, unwanted: Collection[str]) -> None:
    """Empty those of the tables that the copy has: its schema may be an older one."""
    tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in (name for name in unwanted if name in tables):
        copy.execute(f"DELETE FROM {table}")  # noqa: S608  one of ours
    copy.commit()
    copy.execute("VACUUM")  # what was deleted still stands in pages that are free


def restore(config: Config, source: Path) -> Path | None:
    """Replace the database with the backup `source`, upgraded to the newest schema; owner and mode stay.

    What people may have ended since the backup does not come back. Returns the path of the replaced database. Raises
    InputError while a server or worker uses the data folder, and for a file that is no backup of ours, is from a newer
    version, or cannot be upgraded; nothing is changed then.
    """
    target = _file(config)
    lock.claim(config, alone=True)
    kept = None
    draft = target.with_name(f".{target.name}-restored")
    try:
        _copy(source, draft)
        _check(draft, source)
        db.upgrade(replace(config, database_url=sqlite_url(draft)))
        _end_what_lives_short(draft)
        _settle(draft)
        _hand_over(draft, target)
        if target.exists():
            kept = _free_name(target)
            _settle(target)
            target.replace(kept)
            os.utime(kept)  # its time begins now
        _remove_logs(target)
        draft.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        draft.unlink(missing_ok=True)
        _remove_logs(draft)
    return kept


def _end_what_lives_short(draft: Path) -> None:
    """Delete what people or agents may have ended since: sessions, first-run links, cases, links to files."""
    with contextlib.closing(sqlite3.connect(draft)) as restored:
        restored.execute("PRAGMA secure_delete=ON")
        for table in LIVE_SHORT:
            restored.execute(f"DELETE FROM {table}")  # noqa: S608  one of ours
        restored.execute("UPDATE agents SET setup_hash = NULL, setup_expires_at = NULL")
        restored.commit()


def _file(config: Config) -> Path:
    url = make_url(config.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise InputError(
            N_("%(setting)s names PostgreSQL. Use its own programs: pg_dump and pg_restore."),
            setting=variable("database_url"),
        )
    return Path(url.database)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _copy(source: Path, draft: Path) -> None:
    """Copy a backup to `draft`, including the WAL next to it, if any."""
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
    """Raise InputError unless `draft`, the copy of `source`, is an intact database with our schema history.

    Checks the copy, because SQLite writes next to the file and `source` may be on a read-only medium.
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
    return InputError(N_("“%(path)s” is not a backup of this program."), path=str(source))


def _free_name(target: Path) -> Path:
    """Return an unused name next to `target`, so that an earlier replaced database stays."""
    names = itertools.chain([""], map("-{}".format, itertools.count(2)))
    found = (target.with_name(target.name + BEFORE_RESTORE + end) for end in names)
    return next(path for path in found if not path.exists())


def _hand_over(draft: Path, target: Path) -> None:
    """Give `draft` owner and mode of `target`; where there is none, the owner of the folder."""
    like = (target if target.exists() else target.parent).stat()
    if target.exists():
        draft.chmod(stat.S_IMODE(like.st_mode))
    if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(draft, like.st_uid, like.st_gid)


def purge(config: Config, now: float | None = None) -> int:
    """Delete the databases that a restore or an upgrade replaced KEPT_DAYS ago; return their number."""
    if make_url(config.database).get_backend_name() != "sqlite":
        return 0
    target = _file(config)
    newest = (time.time() if now is None else now) - KEPT_DAYS * 24 * 3600
    name = glob.escape(target.name)
    # The last is the draft of an upgrade that was killed.
    names = (f"{name}{BEFORE_RESTORE}*", f"{name}{BEFORE_UPGRADE}*", f".{name}{BEFORE_UPGRADE}*")
    kept = [path for pattern in names for path in target.parent.glob(pattern)]
    old = [path for path in kept if path.stat().st_mtime < newest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _settle(database: Path) -> None:
    """Checkpoint the WAL, so that the file alone is complete."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _remove_logs(database: Path) -> None:
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _unwritable(path: Path, error: Exception) -> InputError:
    problem = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(N_("Cannot write %(file)s: %(problem)s"), file=str(path), problem=problem or "")
