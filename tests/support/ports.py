"""Ports for programs that can be given a number only, and no socket that listens already."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import IO

FIRST = 20_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_held: list[IO[str]] = []


def free_port() -> int:
    """Return a port that nobody listens on, and that stays this process's own.

    It lies below those that the kernel chooses from, so that no connection takes it meanwhile; other processes of these
    tests see a lock on it, which ends with this process. Where none lies there, the kernel chooses.
    """
    folder = Path(tempfile.gettempdir()) / f"ports-of-tests-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for port in range(FIRST, _end()):
        lock = (folder / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return port
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return int(chosen.getsockname()[1])


def _end() -> int:
    """Return the first port that the kernel may choose; where it does not tell, nothing lies below."""
    try:
        return int(_RANGE.read_text().split()[0])
    except OSError:
        return FIRST
