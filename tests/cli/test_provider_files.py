"""`providers check FILE` and `providers schema`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webapp.cli import cli
from webapp.core.providers.format import schema

NORDLICHT = Path(__file__).parents[1] / "support" / "provider_files" / "nordlicht.example.toml"


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"LC_ALL": "C"}).invoke(cli, ["providers", *map(str, arguments)])


def test_a_whole_file_is_called_whole_and_the_next_call_is_named(tmp_path: Path) -> None:
    file = Path(shutil.copy(NORDLICHT, tmp_path))
    result = run("check", file)
    assert result.exit_code == 0, result.output
    assert f"{file}: Nordlicht, nordlicht.example. The file is whole." in result.output
    assert "SMTP  smtp.nordlicht.example:587 STARTTLS" in result.output
    assert f"WEBAPP_PROVIDERS_DIR={tmp_path} gmx-pop-wizard check anna@nordlicht.example" in result.output


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "nordlicht.example.toml"
    text = NORDLICHT.read_text(encoding="utf-8").replace('name = "Nordlicht"', 'nam = "x"').replace("995", "99500")
    file.write_text(text, encoding="utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"✗ {file}, nam: is not known here. Did you mean name?",
        f"✗ {file}, name: is missing",
        f"✗ {file}, servers[0].port: must be a whole number from 1 to 65535, without quotation marks",
    ]
    read = json.loads(run("check", file, "--json").output)
    assert [problem["key"] for problem in read["problems"]] == ["nam", "name", "servers[0].port"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("gone.example.toml", "is no file"), ("Nordlicht.toml", "must be named"), ("web.example.toml", "is empty")],
)
def test_a_file_that_cannot_be_one_is_named(tmp_path: Path, name: str, told: str) -> None:
    if not name.startswith("gone"):
        (tmp_path / name).write_bytes(b"")
    result = run("check", tmp_path / name)
    assert result.exit_code == 1
    assert f"{tmp_path / name}: {told}" in result.output


def test_a_domain_of_another_provider_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.example.toml"
    file.write_text(NORDLICHT.read_text(encoding="utf-8").replace('["nordlicht.example"]', '["gmx.de"]'))
    result = run("check", file)
    assert result.exit_code == 1
    assert f"{file}, domains: “gmx.de” belongs to gmx.net too" in result.output


def test_the_schema_is_printed() -> None:
    assert json.loads(run("schema").output) == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("call", [["check", "anna@gmx.de"], ["export", "outlook", "anna@gmx.de"]], ids=lambda c: c[0])
def test_a_provider_that_contradicts_the_domain_is_refused_with_the_right_one_named(call: list[str]) -> None:
    result = CliRunner(env={"LC_ALL": "C"}).invoke(cli, [*call, "--provider", "gmx.com"])
    assert result.exit_code == 2
    assert "gmx.de belongs to gmx.net, not to gmx.com" in result.output
