"""A provider is one file: with one more among the built-in ones, the same tests and golden files hold as before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADDED = """
name = "Ostlicht"
website = "post.ostlicht.example"
checked = 2026-11-28
sources = ["the tests, 2026-11-28"]
domains = ["ostlicht.example"]
username = "%EMAILLOCALPART%"
minutes_between_fetches = 5

[[servers]]
type = "pop3"
hostname = "pop.ostlicht.example"
port = 110
socket_type = "STARTTLS"

[[servers]]
type = "smtp"
hostname = "post.ostlicht.example"
port = 587
socket_type = "STARTTLS"
"""
# Where providers are counted, listed, or multiplied with something.
TESTS = (
    "tests/core/providers", "tests/core/clients/test_golden.py", "tests/core/clients/test_exports.py", "tests/core/test_other_providers.py",
    "tests/core/guides/test_drawings.py", "tests/core/bulk", "tests/api/test_calls.py", "tests/web/pages", "tests/web/discovery", "tests/web/wizard/test_mx.py",
    "tests/web/wizard/test_wizard.py", "tests/web/health/test_health.py", "tests/web/drift", "tests/web/check_file/test_building.py",
    "tests/cli/test_cli.py", "tests/cli/test_dns.py", "tests/cli/test_new_provider.py", "tests/helpdesk/test_other_providers.py",
)  # fmt: skip


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_the_tests_hold_with_one_more_provider(tmp_path: Path) -> None:
    kept = ("webapp", "tests", "templates", "static", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "Makefile")
    for name in kept:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "webapp" / "core" / "providers" / "ostlicht.example.toml").write_text(ADDED, encoding="utf-8")
    options = ("-q", "-n0", "-x", "-p", "no:cacheprovider", "--timeout", "600", "-m", "not proof and not peers")
    command = [sys.executable, "-m", "pytest", *options, *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    for folder in ("tests/golden", "docs"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file():
                assert (tmp_path / folder / file.relative_to(ROOT / folder)).read_bytes() == file.read_bytes(), file
