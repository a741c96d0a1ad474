"""The wheel that we ship, installed where nothing of the source tree lies."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from webapp.check_file.building import check_file

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "-w",
            target,
            ROOT,
        ],
        check=True,
        cwd=target,
    )
    (path,) = target.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in an environment of its own, which borrows only the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            folder / "bin" / "python",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            wheel,
        ],
        check=True,
    )
    for entry in Path(next(p for p in sys.path if p.endswith("site-packages"))).iterdir():
        if "gmx_pop_wizard" not in entry.name and not (site / entry.name).exists():
            (site / entry.name).symlink_to(entry)
    return folder / "bin" / "gmx-pop-wizard"


def test_carries_templates_static_files_migrations_and_translations(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "webapp/templates/base.html",
        "webapp/static/css/app.css",
        "webapp/providers/gmx.net.toml",
        "webapp/providers/gmx.com.toml",
        "webapp/translations/de/LC_MESSAGES/messages.mo",
        "webapp/migrations/env.py",
    } <= names
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]


def test_the_installed_command_works_away_from_the_source(command: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "WEBAPP_DATA_DIR": str(tmp_path / "data")}
    result = subprocess.run(
        [command, "export", "other", "beispiel@gmx.de", "--keep", "14", "--locale", "de"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "pop.gmx.net" in result.stdout
    assert "995" in result.stdout


def test_the_installed_package_builds_the_very_file_that_the_source_builds(command: Path, tmp_path: Path) -> None:
    program = "from webapp.check_file.building import check_file; print(check_file().sha256)"
    result = subprocess.run(
        [command.parent / "python", "-c", program],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
    )  # fmt: skip
    assert result.stdout.strip() == check_file().sha256, result.stderr


def test_the_installed_site_finds_its_templates_and_static_files(command: Path, tmp_path: Path) -> None:
    program = (
        "import webapp, pathlib; from webapp.config import Config\n"
        f"assert {str(ROOT)!r} not in webapp.__file__, webapp.__file__\n"
        f"app = webapp.create_app(Config.from_environment({{'WEBAPP_DATA_DIR': {str(tmp_path / 'data')!r}}}))\n"
        "client = app.test_client()\n"
        "page = client.get('/').get_data(as_text=True)\n"
        "assert 'GMX' in page\n"
        'import re; sheet = re.search(r\'href="(/static/[^"]+\\.css[^"]*)"\', page).group(1)\n'
        "assert client.get(sheet).status_code == 200\n"
    )
    result = subprocess.run(
        [command.parent / "python", "-c", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
