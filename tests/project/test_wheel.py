"""The wheel that we ship, installed where nothing of the source tree lies."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest

from webapp.web.check_file.building import check_file

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
        env={**os.environ, "REVISION": "5EED"},
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
        "webapp/core/providers/gmx.net.toml",
        "webapp/core/providers/gmx.com.toml",
        "webapp/translations/de/LC_MESSAGES/messages.mo",
        "webapp/infrastructure/migrations/env.py",
        "webapp/requirements.txt",
    } <= names
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]


def test_the_wheel_says_what_it_is_made_of(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/sboms/gmx-pop-wizard.cdx.json")]
    sbom = json.loads(archive.read(name))
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    found = {component["name"]: component for component in sbom["components"]}
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert {name: component["version"] for name, component in found.items()} == pins
    for component in found.values():
        assert component["hashes"]
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"


def test_the_translations_hold_no_time_of_their_build(tmp_path: Path) -> None:
    source = ROOT / "webapp/translations"
    shutil.copytree(source, tmp_path / "translations", ignore=shutil.ignore_patterns("*.mo", "__pycache__"))
    for file in runpy.run_path(str(source / "compile.py"))["compile_all"](tmp_path / "translations"):
        header = GNUTranslations(BytesIO(file.read_bytes())).info()
        assert {header[name][:4] for name in ("pot-creation-date", "po-revision-date")} == {"1980"}


@pytest.mark.proof
def test_two_builds_are_the_same(wheel: Path, tmp_path: Path) -> None:
    call = [*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ROOT]
    subprocess.run(call, check=True, cwd=tmp_path, env={**os.environ, "REVISION": "5EED"})
    assert next(tmp_path.glob("*.whl")).read_bytes() == wheel.read_bytes()


def test_the_installed_command_says_of_which_source_it_was_built(command: Path) -> None:
    said = subprocess.run(
        [command, "--version"], env={"LC_ALL": "C"}, capture_output=True, text=True, check=True
    ).stdout
    number = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert said == f"gmx-pop-wizard, version {number}+5eed\n"


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
    program = "from webapp.web.check_file.building import check_file; print(check_file().sha256)"
    result = subprocess.run(
        [command.parent / "python", "-c", program],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
    )  # fmt: skip
    assert result.stdout.strip() == check_file().sha256, result.stderr


def test_the_installed_site_finds_its_templates_and_static_files(command: Path, tmp_path: Path) -> None:
    program = (
        "import webapp, pathlib; from webapp.infrastructure.config import Config\n"
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
