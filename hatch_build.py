"""Build hook: turns the .po files of each language into the messages.mo that a wheel carries."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TranslationsBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg]
    PLUGIN_NAME = "translations"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        translations = Path(self.root, "webapp", "translations")
        runpy.run_path(str(translations / "compile.py"))["compile_all"](translations)
