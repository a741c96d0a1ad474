"""A data folder is one server's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webapp.core.text import InputError
from webapp.infrastructure import db, lock
from webapp.infrastructure.config import Config


def test_a_folder_is_held_once_however_often_a_process_asks(config: Config) -> None:
    lock.claim(config)
    lock.claim(config)
    lock.release(config)
    lock.release(config)
    lock.claim(config)
    lock.release(config)


def test_a_child_holds_the_folder_of_its_parent(config: Config) -> None:
    """A server that forked and was killed leaves a child behind: it still has the runs in its memory."""
    lock.claim(config)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    lock.release(config)
    with pytest.raises(InputError, match="already running"):
        lock.claim(config)
    os.close(writing)
    os.waitpid(child, 0)
    lock.claim(config)
    lock.release(config)


def test_servers_with_redis_share_a_folder_and_nobody_has_it_alone(config: Config) -> None:
    shared = Config(data_dir=config.data_dir, redis_url="redis://localhost")
    claim = (
        "import sys; from pathlib import Path; from webapp.infrastructure import lock; from webapp.infrastructure.config import Config; "
        "lock.claim(Config(data_dir=Path(sys.argv[1]), redis_url=sys.argv[2]), alone=sys.argv[3] == 'alone')"
    )
    lock.claim(shared)
    try:
        for redis_url, how, code in (
            ("redis://localhost", "together", 0),
            ("redis://localhost", "alone", 1),
            ("", "", 1),
        ):
            call = [sys.executable, "-c", claim, str(config.data_dir), redis_url, how]
            assert subprocess.run(call, capture_output=True).returncode == code, (redis_url, how)
    finally:
        lock.release(shared)


def test_where_the_database_is_no_file_servers_with_redis_hold_nothing(tmp_path: Path) -> None:
    lock.claim(
        Config(data_dir=tmp_path / "none", redis_url="redis://localhost", database_url="postgresql://localhost/x")
    )
    assert not (tmp_path / "none").exists()


def test_says_which_folder_cannot_be_held(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="WEBAPP_DATA_DIR: nothing can be written"):
        lock.claim(Config(data_dir=tmp_path / "file"))


def test_upgrading_leaves_no_connection_open(config: Config) -> None:
    db.upgrade(config)
    assert not db._engines
