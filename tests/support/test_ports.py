"""Ports for servers of tests, whatever the kernel keeps for itself."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support import ports


@pytest.mark.parametrize("kept", ["1024\t65535\n", "32768\t60999\n", None])
def test_a_port_is_found_whatever_the_kernel_keeps_for_itself(
    kept: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "range"
    if kept:
        told.write_text(kept)
    monkeypatch.setattr(ports, "_RANGE", told)
    with socket.create_server(("127.0.0.1", ports.free_port())):
        pass
