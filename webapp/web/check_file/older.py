"""Backports for Python 3.9 and 3.10, installed before the core is imported.

The core targets Python 3.11; four names suffice to run it unchanged. Used by the single-file check only.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
from typing import Any


def prepare() -> None:
    """Add enum.StrEnum, datetime.UTC, and slots and kw_only of dataclasses if missing."""
    if sys.version_info < (3, 11):
        enum.StrEnum = StrEnum
        datetime.UTC = datetime.timezone.utc
    if sys.version_info < (3, 10):
        dataclasses.dataclass = _without_newer_options(dataclasses.dataclass)


if sys.version_info < (3, 11):

    class StrEnum(str, enum.Enum):
        __str__ = str.__str__
        __format__ = str.__format__


def _without_newer_options(dataclass: Any) -> Any:
    """Drop `slots` and `kw_only`: neither changes results."""

    def decorate(cls: Any = None, **options: Any) -> Any:
        return dataclass(cls, **{name: value for name, value in options.items() if name not in ("slots", "kw_only")})

    return decorate
