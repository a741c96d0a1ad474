"""What a serving process keeps to itself: its data folder and its memory.

One web process per data folder, as long as tests run inside it: their state is the process's own memory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from webapp.config import Config, variable
from webapp.text import N_, InputError, Message

FILE_NAME = "serve.lock"

_held: dict[Path, int] = {}


def claim(config: Config, *, alone: bool = False) -> None:
    """Hold the data folder until this process and the children it forks have ended; once more does no harm.

    With Redis any number of processes may serve: they hold it together where the database is a file, which nobody may
    exchange under them, and not at all where it is not. alone: hold it by oneself in any case. Raises InputError where
    another process holds the folder, or where it cannot be written to.
    """
    import fcntl  # not on Windows, where the wizard is not served

    path = config.data_dir / FILE_NAME
    together = bool(config.redis_url) and not alone
    if path in _held or (together and not config.database.startswith("sqlite")):
        return
    descriptor = None
    try:
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        # A lock of the open file, which children share: it outlives a killed parent as long as a child serves on.
        fcntl.flock(descriptor, (fcntl.LOCK_SH if together else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if descriptor is not None:
            os.close(descriptor)
        raise _refusal(config, busy=isinstance(error, BlockingIOError)) from error
    _held[path] = descriptor


def forbid_core_dumps() -> None:
    """Have no file written of this process's memory where it crashes: it may hold a password. Children inherit it."""
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def release(config: Config) -> None:
    """Let go of the data folder before the process ends."""
    with suppress(KeyError):
        os.close(_held.pop(config.data_dir / FILE_NAME))


def _refusal(config: Config, *, busy: bool) -> InputError:
    text = (
        N_("Another server is already running on the folder “%(path)s”. Stop it or set another %(setting)s.")
        if busy
        else N_("%(setting)s: nothing can be written to “%(path)s”.")
    )
    return InputError(Message(text, {"setting": variable("data_dir"), "path": str(config.data_dir)}))
