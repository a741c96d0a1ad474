"""The audit of libraries, on advisories of our own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.project import audit

PINNED = "flask==3.1.3 \\\n    --hash=sha256:00\nJinja2==3.1.6\n"


def record(name: str, events: list[dict[str, str]] | None = None, **values: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": events}] if events else []
    about = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges, "versions": values.pop("versions", [])}
    return {"id": "OSV-1", "summary": "Faulty", "affected": [about], **values}


@pytest.mark.parametrize(
    ("made", "is_one"),
    [
        (record("Flask", [{"introduced": "0"}]), True),
        (record("flask", [{"introduced": "3.1"}, {"fixed": "3.1.4"}]), True),
        (record("flask", [{"introduced": "3.1"}, {"fixed": "3.1.3"}]), False),
        (record("flask", [{"introduced": "3.2"}]), False),
        (record("flask", [{"introduced": "0"}, {"last_affected": "3.1.3"}]), True),
        (record("flask", [{"introduced": "0"}, {"last_affected": "3.1.2"}]), False),
        (record("flask", [{"introduced": "0"}, {"fixed": "2.0"}, {"introduced": "3.0"}]), True),
        (record("jinja2", versions=["3.1.6"]), True),
        (record("jinja2", versions=["3.1.5"]), False),
        (record("django", [{"introduced": "0"}]), False),
        (record("flask", [{"introduced": "0"}], withdrawn="2026-01-01T00:00:00Z"), False),
    ],
)
def test_a_fault_of_a_pinned_version_is_found_and_no_other(
    tmp_path: Path, made: dict[str, Any], is_one: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.json").write_text(json.dumps(made))
    assert audit.main([str(tmp_path)], PINNED) == int(is_one)
    assert ("OSV-1 Faulty" in capsys.readouterr().out) is is_one


def test_a_source_may_be_packed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PyPI/one.json", json.dumps(record("flask", [{"introduced": "0"}])))
    assert audit.main([str(tmp_path / "all.zip")], PINNED) == 1


@pytest.mark.parametrize("source", ["", "/no/such/folder.json", "empty", "http://127.0.0.1:9/all.zip"])
def test_without_a_source_it_fails_loudly(tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert audit.main([str(tmp_path / source) if source == "empty" else source], PINNED) == 2
    assert "source of advisories" in capsys.readouterr().err
