"""What the file holds, and that it is the same wherever it is built."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from webapp.core import providers
from webapp.core.text import translations_for
from webapp.web.check_file.building import check_file, trimmed_catalogue

ROOT = Path(__file__).parents[3]
TOOLS = Path(sys.executable).parent

# What webapp/web/check_file/older.py puts in place, and what is imported only where provider files are TOML.
BROUGHT_ALONG = (
    "enum.StrEnum", "datetime.UTC", "dataclasses.dataclass(slots)", "dataclasses.dataclass(kw_only)", "tomllib",
    "importlib.resources.abc",
)  # fmt: skip


def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(check_file().content))


def test_holds_the_core_and_nothing_of_the_site() -> None:
    names = set(archive().namelist())
    assert {
        "__main__.py",
        "webapp/core/probe/pop3.py",
        "webapp/core/diagnosis/login.py",
        "webapp/core/terminal.py",
    } <= names
    assert {name.split("/")[1] for name in names if name.count("/") > 1} == {"core", "translations", "web"}
    rooms = {tuple(name.split("/")[1:3]) for name in names if name.count("/") > 2 and "translations" not in name}
    assert rooms == {("core", "diagnosis"), ("core", "probe"), ("core", "providers"), ("web", "check_file")}
    assert not [name for name in names if name.endswith((".toml", ".po", ".pyc", ".html"))]


def test_its_modules_are_those_of_the_package_to_the_byte() -> None:
    for name in archive().namelist():
        if name.endswith(".py") and name not in ("__main__.py", "webapp/translations/__init__.py"):
            assert archive().read(name) == (ROOT / name).read_bytes(), name


def test_its_modules_import_only_each_other_and_the_standard_library() -> None:
    known = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in archive().namelist()}
    for name in archive().namelist():
        if not name.endswith(".py"):
            continue
        for node in ast.parse(archive().read(name)).body:
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            else:
                continue
            for module in modules:
                assert module in known or module.split(".")[0] in sys.stdlib_module_names, f"{name}: {module}"


def test_its_source_needs_no_newer_python_than_3_9(tmp_path: Path) -> None:
    archive().extractall(tmp_path)
    excluded = [word for name in BROUGHT_ALONG for word in ("--exclude", name)]
    result = subprocess.run(
        [TOOLS / "vermin", "-t=3.9-", "--no-tips", "--violations", *excluded, tmp_path],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def test_its_start_is_understood_by_pythons_that_are_too_old(tmp_path: Path) -> None:
    (tmp_path / "start.py").write_bytes(archive().read("__main__.py"))
    result = subprocess.run(
        [TOOLS / "vermin", "-t=2.7-", "-t=3.0-", "--no-tips", "--violations", tmp_path], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_its_providers_are_those_of_the_toml_files() -> None:
    known = json.loads(archive().read("webapp/web/check_file/providers.json"))
    assert list(known) == list(providers.load())
    assert known["gmx.net"]["servers"][0]["hostname"] == "pop.gmx.net"


def test_its_translations_are_those_of_the_site_for_its_own_texts() -> None:
    catalogue = archive().read("webapp/translations/de/LC_MESSAGES/messages.mo")
    assert len(catalogue) < (ROOT / "webapp/translations/de/LC_MESSAGES/messages.mo").stat().st_size
    import gettext

    german, whole = gettext.GNUTranslations(io.BytesIO(catalogue)), translations_for("de")
    for text in ("Only the inbox counts.", "Log in", "GMX refused the login", "Everything passed."):
        assert german.gettext(text) == whole.gettext(text)
    number = "%(number)s message is waiting (%(megabytes)s MB). Only the inbox counts."
    numbers = "%(number)s messages are waiting (%(megabytes)s MB). Only the inbox counts."
    for count in (0, 1, 2):
        assert german.ngettext(number, numbers, count) == whole.ngettext(number, numbers, count)
    assert german.gettext("Delete now") == "Delete now"


def test_a_catalogue_without_texts_is_one_too() -> None:
    import gettext

    empty = gettext.GNUTranslations(io.BytesIO(trimmed_catalogue("de", ())))
    assert empty.gettext("Log in") == "Log in"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_source_gives_the_same_bytes(seed: str, tmp_path: Path) -> None:
    program = "import sys; from webapp.web.check_file.building import check_file; print(check_file().sha256)"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.stdout.strip() == check_file().sha256 == hashlib.sha256(check_file().content).hexdigest()


def test_is_built_once_for_the_same_providers() -> None:
    assert check_file() is check_file()


def test_takes_the_operator_s_providers_and_authorities_along(tmp_path: Path) -> None:
    (tmp_path / "gmx.net.toml").write_text(
        (ROOT / "webapp/core/providers/gmx.net.toml").read_text().replace("pop.gmx.net", "pop.example.org")
    )
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    made = zipfile.ZipFile(io.BytesIO(check_file(tmp_path, tmp_path / "ca.pem").content))
    assert b"pop.example.org" in made.read("webapp/web/check_file/providers.json")
    assert made.read("webapp/web/check_file/authorities.pem").startswith(b"-----BEGIN")
