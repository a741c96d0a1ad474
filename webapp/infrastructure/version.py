"""Which version of the program runs, and of what source it was built."""

from functools import cache
from importlib import metadata
from pathlib import Path

NAME = "gmx-pop-wizard"
REVISION = Path(__file__).parents[1] / "revision.txt"  # written by hatch_build.py; not there in a checkout


@cache
def version() -> str:
    """Return such as 0.1.0, or 0.1.0+4cd252b with the commit that a wheel was built of."""
    number = metadata.version(NAME)
    revision = REVISION.read_text("ascii").strip() if REVISION.exists() else ""
    return f"{number}+{revision}" if revision else number
