"""Exclusive use of the data folder, and no core dumps.

One web process per data folder while tests run inside it: their state is in process memory.
"""

import os
from contextlib import suppress
from pathlib import Path

from webapp.core.text import N_, InputError
from webapp.infrastructure.config import Config, variable

FILE_NAME = "serve.lock"

_held: dict[Path, int] = {}


def claim(config: Config, *, alone: bool = False) -> None:
    """Lock the data folder until this process and its children have ended; idempotent.

    With Redis the lock is shared if the database is a file (so that it is not replaced meanwhile), and not taken at all
    otherwise. alone: exclusive in any case. Raises InputError where the lock is held or the folder is not writable.
    """
    import fcntl  # not on Windows, which cannot serve

    path = config.data_dir / FILE_NAME
    together = bool(config.redis_url) and not alone
    if path in _held or (together and not config.database.startswith("sqlite")):
        return
    descriptor = None
    try:
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.geteuid() == 0:  # such as `db restore`: the site may run as another user
            owner = config.data_dir.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        # flock belongs to the open file, which children inherit: it outlives a killed parent.
        fcntl.flock(descriptor, (fcntl.LOCK_SH if together else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if descriptor is not None:
            os.close(descriptor)
        raise _refusal(config, busy=isinstance(error, BlockingIOError)) from error
    _held[path] = descriptor


def forbid_core_dumps() -> None:
    """Disable core dumps of this process and its children: memory may hold a password."""
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def release(config: Config) -> None:
    with suppress(KeyError):
        os.close(_held.pop(config.data_dir / FILE_NAME))


def _refusal(config: Config, *, busy: bool) -> InputError:
    text = (
        N_("Another server is already running on the folder “%(path)s”. Stop it or set another %(setting)s.")
        if busy
        else N_("%(setting)s: nothing can be written to “%(path)s”.")
    )
    return InputError(text, setting=variable("data_dir"), path=str(config.data_dir))
