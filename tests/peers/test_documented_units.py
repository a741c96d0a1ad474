"""The units of docs/operation.md are understood by systemd, those of several processes too. Nothing is started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.documents import blocks
from tests.support.requirements import need_commands
from webapp.server.sockets import CONNECTIONS_MAX

pytestmark = pytest.mark.peers

NAME = "gmx-pop-wizard"


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Return the units, made as the page says, with another folder of the program."""
    need_commands("systemd-analyze")
    program = tmp_path / f"program/.venv/bin/{NAME}"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    service, socket = (block for block in blocks("operation.md", "ini") if block.startswith("[Unit]"))
    (tmp_path / f"{NAME}.service").write_text(service.replace(f"/opt/{NAME}", str(tmp_path / "program")))
    (tmp_path / f"{NAME}.socket").write_text(socket)
    (several,) = [block for block in blocks("operation.md", "sh") if "sed" in block]
    made = "\n".join(line for line in several.splitlines() if line.startswith("sed "))
    subprocess.run(["sh", "-e", "-c", made], cwd=tmp_path, check=True)
    names = ("@8001.service", "@8002.service", "-worker@1.service", ".service", ".socket")
    return [tmp_path / f"{NAME}{name}" for name in names]


def test_systemd_understands_every_unit(units: list[Path]) -> None:
    call = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_units_of_several_processes_run_what_they_are_named_for(units: list[Path]) -> None:
    folder = units[0].parent
    assert f"{NAME} serve --port %i\n" in (folder / f"{NAME}@.service").read_text()
    assert f"{NAME} worker\n" in (folder / f"{NAME}-worker@.service").read_text()


def test_the_unit_comes_back_however_late_its_database_and_opens_enough_files(units: list[Path]) -> None:
    lines = (units[0].parent / f"{NAME}.service").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert (values["StartLimitIntervalSec"], values["Restart"]) == ("0", "on-failure")
    assert float(values["RestartSec"]) >= 1
    assert int(values["LimitNOFILE"]) > CONNECTIONS_MAX
