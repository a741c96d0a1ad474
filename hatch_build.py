"""Build hook: turns the .po files of each language into the messages.mo that a wheel carries, and adds the pins.

It also writes the SBOM (CycloneDX 1.6) of the wheel: every pinned library with the SHA-256 of its files. It is made of
requirements.txt alone, without a time, so that two builds are the same.
"""

import json
import os
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TranslationsBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg]
    PLUGIN_NAME = "translations"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        translations = Path(self.root, "webapp", "translations")
        runpy.run_path(str(translations / "compile.py"))["compile_all"](translations)
        if version != "editable":
            build_data["force_include"]["requirements.txt"] = "webapp/requirements.txt"  # read by `doctor`
            file = Path(self.root, "build", "gmx-pop-wizard.cdx.json")
            file.parent.mkdir(exist_ok=True)
            pins = Path(self.root, "requirements.txt").read_text("utf-8")
            file.write_text(json.dumps(sbom(self.metadata.version, pins), indent=1) + "\n", "utf-8")
            build_data["sbom_files"].append(str(file.relative_to(self.root)))
            built_of = file.with_name("revision.txt")
            built_of.write_text(revision(Path(self.root)) + "\n", "ascii")
            build_data["force_include"][str(built_of.relative_to(self.root))] = "webapp/revision.txt"


def revision(root: Path) -> str:
    """Return the commit that is built, by the variable REVISION or by git; "" where neither tells."""
    given = os.environ.get("REVISION")
    if given is None:
        git = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
        try:
            given = subprocess.run(git, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            given = ""
    return re.sub(r"[^0-9a-z.]", "", given.strip().lower())[:40]


def sbom(version: str, pins: str) -> dict[str, Any]:
    """Return the SBOM for the text of requirements.txt."""
    components = []
    for name, pinned, rest in re.findall(r"^([\w.-]+)==([^\s;]+)((?:.*\\\n)*.*)", pins, re.MULTILINE):
        hashes = [{"alg": "SHA-256", "content": found} for found in re.findall(r"sha256:([0-9a-f]{64})", rest)]
        purl = f"pkg:pypi/{name}@{pinned}"
        components.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": pinned,
                "purl": purl,
                "hashes": hashes,
            }
        )
    own = {"type": "application", "bom-ref": "gmx-pop-wizard", "name": "gmx-pop-wizard", "version": version}
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": own},
        "components": components,
    }  # fmt: skip
