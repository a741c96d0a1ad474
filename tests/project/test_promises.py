"""What the documentation promises of adding one thing in one place, tried in a copy of the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.new_language import add_language
from tests.support.new_stage import ENTRY, add_entry
from tests.support.proofs import sampled

ROOT = Path(__file__).parents[2]
COPIED = ("webapp", "templates", "static", "tests", "docs", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the code, in which `python` imports that copy."""
    folder = tmp_path / "copy"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def failing(folder: Path, *tests: str) -> set[str]:
    """Return which of `tests` fail in the copy, by name."""
    ran = python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *tests)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return set(re.findall(r"^FAILED \S+::(\w+)", ran.stdout, re.M))


def test_a_stage_is_one_entry_and_appears_everywhere(copy: Path, tmp_path: Path) -> None:
    add_entry(copy / "webapp" / "core" / "probe" / "pop3.py")
    walked = python(copy, "-m", "tests.support.new_stage", str(tmp_path))
    assert walked.returncode == 0, walked.stderr


@pytest.mark.parametrize("half", sampled([', "NOOP"', ", needs_login=True"], ", needs_login=True".__eq__))
def test_half_an_entry_of_a_stage_is_noticed_by_a_run(copy: Path, tmp_path: Path, half: str) -> None:
    add_entry(copy / "webapp" / "core" / "probe" / "pop3.py", ENTRY.replace(half, "", 1))
    walked = python(copy, "-m", "tests.support.new_stage", str(tmp_path))
    assert walked.returncode == 1
    assert "AssertionError" in walked.stderr


def test_a_stage_without_its_translation_or_its_line_in_the_docs_is_noticed(copy: Path) -> None:
    add_entry(copy / "webapp" / "core" / "probe" / "pop3.py")
    assert failing(
        copy, "tests/project/test_translations.py::test_every_text_is_translated",
        "tests/connection_tests/test_connection_test_page.py",
    ) == {
        "test_every_text_is_translated",
        "test_the_page_knows_every_stage_every_state_and_the_diagnoses_of_a_circle",
    }  # fmt: skip


def test_a_language_is_one_folder_and_is_spoken_everywhere(copy: Path, tmp_path: Path) -> None:
    add_language(copy / "webapp" / "translations")
    walked = python(copy, "-m", "tests.support.new_language", str(tmp_path))
    assert walked.returncode == 0, walked.stderr


def test_a_client_of_which_one_part_is_missing_is_noticed(copy: Path) -> None:
    """A module without its line, and an entry without its guide and its row."""
    clients = copy / "webapp" / "core" / "clients"
    new = (clients / "other.py").read_text(encoding="utf-8").replace("OTHER = Client(", "CLAWS = Client(")
    (clients / "claws.py").write_text(new.replace('id="other"', 'id="claws"'), encoding="utf-8")
    guides = clients / "guides.py"
    entry = (
        'GUIDES: tuple[Client, ...] = (\n    Client(id="trojita", name="Trojitá", systems=("linux",), keeps=BY_HAND),'
    )
    source = guides.read_text(encoding="utf-8")
    guides.write_text(source.replace("GUIDES: tuple[Client, ...] = (", entry), encoding="utf-8")
    assert failing(
        copy, "tests/core/clients/test_client_guides.py", "-k", "every_client or every_program or a_row"
    ) == {
        "test_every_program_that_a_module_defines_is_offered",
        "test_every_client_has_a_guide_and_every_guide_a_client",
        "test_the_documentation_has_a_row_for_every_client_and_no_other",
    }
