"""The providers of a running site: read at start, looked at again every few seconds.

A changed file is taken over when all files are whole. Otherwise the last good ones stay in use; `problem` says why.
"""

import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from webapp.core import providers
from webapp.core.providers.loading import ENDING, ProviderFileError, failed
from webapp.core.text import N_
from webapp.infrastructure.config import Config
from webapp.infrastructure.logs import logger

LOOK_SECONDS = 10.0
EXTENSION = "providers"

Signature = tuple[tuple[str, int, int, int], ...]


class ProviderFiles:
    """The providers by id, and as parsed TOML for the single-file check."""

    def __init__(self, config: Config) -> None:
        """Read the files; raises InputError for a broken one."""
        self._folder, self._served = config.providers_dir, config.providers
        self._signature = _signature(self._folder)
        self._own = _names(self._signature)
        self._known, self._contents = _loaded(self._folder, self._served, self._signature)
        self._until = time.monotonic() + LOOK_SECONDS
        self._looking = threading.Lock()
        self.problem: ProviderFileError | None = None

    def known(self) -> Mapping[str, providers.Provider]:
        """Return the providers by id, those that the site is about first."""
        if self._folder and time.monotonic() >= self._until and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._until = time.monotonic() + LOOK_SECONDS
                self._looking.release()
        return self._known

    def contents(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the parsed files by id."""
        self.known()
        return self._contents

    def _look(self) -> None:
        signature = _signature(self._folder)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            known, contents = _loaded(self._folder, self._served, signature)
            own = _names(signature)
            gone = next((name for name in self._own if name not in own), None)
            if gone:  # a built-in one of the same id is no reason to go on without it
                raise failed(gone, "", N_("has disappeared. Without it: start anew"))
        except ProviderFileError as error:
            self.problem = error
            logger.error("%s; the last good provider files stay in use", error)
            return
        self._known, self._contents, self._own, self.problem = known, contents, own, None
        logger.warning("the provider files have changed and are in use: %s", ", ".join(known))


def init_app(app: Flask, config: Config) -> None:
    """Read the provider files; raises InputError for a broken one."""
    app.extensions[EXTENSION] = ProviderFiles(config)


def provider_files() -> ProviderFiles:
    """Return those of the running application; needs an application context."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, ProviderFiles)  # noqa: S101  tells mypy what init_app put there
    return found


@lru_cache(8)
def _loaded(
    folder: Path | None, served: tuple[str, ...], _signature: Signature
) -> tuple[Mapping[str, providers.Provider], Mapping[str, Mapping[str, Any]]]:
    """Read and check the files. Many applications of one process (tests) read the same ones once."""
    found = providers.contents(folder, served)
    return providers.made_of(found), {id_: content for id_, (_, content) in found.items()}


def _names(signature: Signature) -> tuple[str, ...]:
    return tuple(name for name, *_ in signature)


def _signature(folder: Path | None) -> Signature:
    """Return what changes when a file does. A folder that cannot be read has none: reading says why."""
    if folder is None:
        return ()
    try:
        found = [(path, path.lstat()) for path in sorted(folder.iterdir()) if ENDING in path.name.lower()]
    except OSError:
        return ()
    return tuple((path.name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in found)
