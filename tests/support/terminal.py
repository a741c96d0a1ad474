"""Runs a command in a pseudo-terminal and types answers."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence

SECONDS = 40


def in_terminal(
    command: Sequence[str], answers: Sequence[tuple[str, str]], environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run `command`, type each answer after its prompt; return exit code and output.

    It is the controlling terminal, so getpass and curl hide input as usual.
    """
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command], stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environment)
    )
    os.close(theirs)
    shown, seen, waiting = b"", 0, list(answers)
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(ours, 4096)
            except OSError:  # EIO: closed
                break
            if not piece:
                break
            shown += piece
            if waiting and (found := shown.find(waiting[0][0].encode(), seen)) >= 0:
                seen = found + len(waiting[0][0].encode())
                os.write(ours, waiting.pop(0)[1].encode() + b"\n")
        assert not waiting, f"never asked {waiting[0][0]!r}: {shown.decode(errors='replace')}"
        return process.wait(timeout=60), shown.decode("utf-8", "replace").replace("\r\n", "\n")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(ours)
