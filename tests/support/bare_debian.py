"""A fresh Debian in a folder, in which the blocks of a page of our documentation are typed.

It is made by mmdebstrap from this machine's sources of packages. Commands run in a chroot with processes of their own, and
without a network where asked: only then are the ports of the world free. There is no systemd that runs; `by_hand/systemctl`
stands in for it. Needs root and Linux.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.support.documents import DOCS

ROOT = DOCS.parent
SYSTEMCTL = Path(__file__).parent / "by_hand" / "systemctl"
SOURCE = "usr/local/src/gmx-pop-wizard"
PIP = ("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT")  # where this machine finds libraries


def sections(page: str) -> dict[str, str]:
    """Return what docs/<page> says to type, by heading; "" for what stands before the first one."""
    text = (DOCS / page).read_text(encoding="utf-8")
    heads = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    blocks = [re.findall(r"^```sh\n(.*?)^```$", part, re.MULTILINE | re.DOTALL) for part in heads[::2]]
    return {head: "".join(found) for head, found in zip(["", *heads[1::2]], blocks, strict=True)}


class BareDebian:
    """A Debian in the folder `root`; ready-made as a .tar, it is unpacked instead of made."""

    def __init__(self, root: Path, ready_made: Path | None = None) -> None:
        self.root = root
        root.mkdir(parents=True)
        if ready_made:
            subprocess.run(["tar", "-xf", ready_made, "-C", root], check=True)
        else:
            sources = Path("/etc/apt/sources.list.d/debian.sources")
            suite = re.findall(r"^VERSION_CODENAME=(\w+)$", Path("/etc/os-release").read_text(), re.MULTILINE)
            mirror = [str(sources)] if sources.exists() else []
            call = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--include=ca-certificates"]
            subprocess.run([*call, *suite, root, *mirror], check=True)
        self._like_this_machine()
        shutil.copy(SYSTEMCTL, root / "usr/local/bin/systemctl")

    def _like_this_machine(self) -> None:
        """Names and certificates of the network that this machine is in."""
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        for file in Path("/usr/local/share/ca-certificates").glob("*.crt"):
            shutil.copy(file, self.root / "usr/local/share/ca-certificates")
        self.type("update-ca-certificates >/dev/null 2>&1")

    def put_source(self) -> None:
        """Put the program's source, as it lies here, where the page says."""
        call = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(call, capture_output=True, check=True).stdout.decode().split("\0")
        for name in names:
            file = ROOT / name
            if name and file.is_file() and not name.startswith(("tests/", "docs/screenshots/")):
                target = self.root / SOURCE / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)

    def type(self, text: str, *, network: bool = True, **environment: str) -> str:
        """Type `text` in one shell as root; returns what it wrote. Ends all that it started. Fails where a line does."""
        (self.root / "root/typed.sh").write_text(f"set -e\ncd /root\n{text}")
        space = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        inside = 'mount -t proc proc "$1/proc"; ip link set lo up 2>/dev/null; exec chroot "$1" bash /root/typed.sh'
        given = {name: os.environ[name] for name in PIP if name in os.environ}
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            [*space, "sh", "-c", inside, "sh", self.root], capture_output=True, text=True, check=False, timeout=1500,
            env={"PATH": path, "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **given, **environment},
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}\n{self.logs()}"
        return done.stdout

    def logs(self) -> str:
        """What the services wrote."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-3000:]}" for file in self.root.glob("run/by-hand/*.log"))
