"""What Python 3.9 and 3.10 lack of what the core uses, put in place before the core is imported.

The core is written for Python 3.11. Four names make the difference, so they are added here, once, and the core is the
same text everywhere. Nothing but the check in a single file calls this.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
from typing import Any


def prepare() -> None:
    """Add enum.StrEnum, datetime.UTC, and slots and kw_only of dataclasses where they are missing."""
    if sys.version_info < (3, 11):
        enum.StrEnum = StrEnum
        datetime.UTC = datetime.timezone.utc
    if sys.version_info < (3, 10):
        dataclasses.dataclass = _without_newer_options(dataclasses.dataclass)


if sys.version_info < (3, 11):

    class StrEnum(str, enum.Enum):
        """An enumeration whose members are strings and are written like them."""

        __str__ = str.__str__
        __format__ = str.__format__


def _without_newer_options(dataclass: Any) -> Any:
    """`slots` saves memory and `kw_only` guards calls that the tests have guarded already: neither changes results."""

    def decorate(cls: Any = None, **options: Any) -> Any:
        return dataclass(cls, **{name: value for name, value in options.items() if name not in ("slots", "kw_only")})

    return decorate
