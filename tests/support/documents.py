"""The blocks of our documentation, and the files for operators, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
DEPLOY = DOCS.parent / "deploy"


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of `language` in docs/<page>."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def replaced(block: str, words: dict[str, str]) -> str:
    """Return `block` with names, ports and files replaced; each must stand there."""
    for there, instead in words.items():
        assert there in block, there
        block = block.replace(there, instead)
    return block
