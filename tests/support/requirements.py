"""Tests that need a program: skipped loudly where it is missing, failed there when CI=true."""

from __future__ import annotations

import os
import shutil

import pytest


def need(reason: str | None) -> None:
    """Skip or fail the test for `reason`; None continues."""
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need_commands(*names: str) -> None:
    if missing := [name for name in names if shutil.which(name) is None]:
        need(f"not installed: {', '.join(missing)}")
