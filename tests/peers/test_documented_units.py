"""The units that we ship are understood by systemd, and are shut as far as they can be. Nothing is started."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.documents import DEPLOY
from tests.support.requirements import need_commands
from webapp.server.sockets import CONNECTIONS_MAX

pytestmark = pytest.mark.peers

NAME = "gmx-pop-wizard"
INSTANCES = {"@": "@8001", "-worker@": "-worker@1"}  # a template is looked at as one of its units
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
SERVERS = [path for path in SERVICES if "backup" not in path.name]


def values(unit: Path) -> dict[str, str]:
    lines = unit.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Return the units, with another folder of the program."""
    need_commands("systemd-analyze")
    program = tmp_path / f"program/bin/{NAME}"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = []
    for unit in (DEPLOY / "systemd").iterdir():
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text(encoding="utf-8").replace(f"/opt/{NAME}/current", str(tmp_path / "program")))
        kind = unit.name.removeprefix(NAME).partition(".")[0]
        found.append(copy.with_name(f"{NAME}{INSTANCES.get(kind, kind)}{copy.suffix}"))
    return found


def test_systemd_understands_every_unit(units: list[Path]) -> None:
    call = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(units) == 6


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: str(unit.name))
def test_every_unit_is_safe_by_the_measure_of_systemd(unit: Path, tmp_path: Path) -> None:
    need_commands("systemd-analyze")
    copy = tmp_path / unit.name.replace("@", "@1")
    shutil.copy(unit, copy)
    call = ["systemd-analyze", "security", "--offline=yes", "--threshold=15", str(copy)]  # 10 times the exposure
    done = subprocess.run(call, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_units_run_what_they_are_named_for() -> None:
    started = {unit.name: values(unit)["ExecStart"].rpartition(f"{NAME} ")[2] for unit in SERVERS}
    assert started == {
        f"{NAME}.service": "serve --port 8000", f"{NAME}@.service": "serve --port %i", f"{NAME}-worker@.service": "worker",
    }  # fmt: skip


def test_the_units_differ_in_nothing_else() -> None:
    def rest(unit: Path) -> str:
        text = unit.read_text(encoding="utf-8").partition("\n")[2]
        return re.sub(r"^(Description|ExecStart)=.*$", "", text, flags=re.MULTILINE)

    assert len({rest(unit) for unit in SERVERS}) == 1


@pytest.mark.parametrize("unit", SERVERS, ids=lambda unit: str(unit.name))
def test_a_unit_comes_back_however_late_its_database_and_has_what_it_needs(unit: Path) -> None:
    found = values(unit)
    assert (found["StartLimitIntervalSec"], found["Restart"]) == ("0", "on-failure")
    assert float(found["RestartSec"]) >= 1, "a pause, where the memory is too small too"
    assert int(found["LimitNOFILE"]) > CONNECTIONS_MAX
    assert int(found["MemoryMax"].removesuffix("M")) >= 512
    assert found["LimitCORE"] == "0"
