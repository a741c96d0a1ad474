"""The Python interpreters on the PATH and of pyenv, by version."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

SUPPORTED = ("3.9", "3.10", "3.11", "3.12", "3.13")
TOO_OLD = ("2.7", "3.6", "3.7", "3.8")


@cache
def interpreters() -> dict[str, str]:
    """Return version (such as "3.9") → path of a working interpreter with ssl."""
    found = {}
    for version in (*TOO_OLD, *SUPPORTED):
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
        own = [sys.executable] if version == f"{sys.version_info[0]}.{sys.version_info[1]}" else []
        for candidate in (*own, shutil.which(f"python{version}"), *map(str, pyenv)):
            if candidate and _version(candidate) == version:
                found[version] = candidate
                break
    return found


def _version(path: str) -> str | None:
    call = [path, "-c", "import ssl, sys; print(sys.version)"]
    result = subprocess.run(call, capture_output=True, text=True)
    match = re.match(r"(\d+\.\d+)", result.stdout)
    return match[1] if result.returncode == 0 and match else None
