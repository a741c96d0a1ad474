"""The file, built for the Dovecot of the tests, and ways to start it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.dovecot import Dovecot
from tests.support.interpreters import SUPPORTED, interpreters
from webapp.web.check_file.building import check_file

Start = Callable[..., subprocess.CompletedProcess[str]]


def clean_environment(**values: str) -> dict[str, str]:
    """Return the environment without settings and languages; German unless `values` say otherwise."""
    ours = ("WEBAPP_", "LC_", "LANG", "PYTHON", "SSL_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, "LC_ALL": "de_DE.UTF-8", "PYTHONUTF8": "1", "TERM": "xterm", **values}


@pytest.fixture(params=SUPPORTED)
def python(request: pytest.FixtureRequest) -> str:
    """Each Python that the file supports; a missing one is skipped by name."""
    version: str = request.param
    if version not in interpreters():
        pytest.skip(f"no Python {version} on this machine")
    return interpreters()[version]


@pytest.fixture
def any_python() -> str:
    """The oldest Python on this machine that the file supports."""
    return next(interpreters()[version] for version in SUPPORTED if version in interpreters())


@pytest.fixture(scope="session")
def pyz(dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as a site would offer it whose providers are the Dovecot of the tests."""
    path = tmp_path_factory.mktemp("check-file") / "gmx-pop-check.pyz"
    path.write_bytes(check_file(dovecot.providers_dir, dovecot.ca_file).content)
    return path


@pytest.fixture(scope="session")
def plain_pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the built-in providers; nothing may dial them."""
    path = tmp_path_factory.mktemp("check-file") / "gmx-pop-check.pyz"
    path.write_bytes(check_file().content)
    return path


@pytest.fixture
def start() -> Start:
    """Run a file with a Python that sees no installed package and no settings; further names are environment."""

    def run(python: str, path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-s", "-S", str(path), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8",
            env=clean_environment(**environment), cwd=path.parent,
        )  # fmt: skip

    return run
