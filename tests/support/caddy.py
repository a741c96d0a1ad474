"""Caddy with deploy/Caddyfile, as it stands there but for names and ports."""

from __future__ import annotations

import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.documents import DEPLOY, replaced
from tests.support.ports import free_port
from tests.support.waiting import wait_until

NOBODY = 65534  # as root it would trust its own authority on the whole machine


@dataclass(frozen=True, slots=True)
class Caddy:
    http: int
    https: int
    authority: Path  # certificate of the authority that it makes for localhost
    log: Path


@contextmanager
def documented_caddy(upstream: int) -> Iterator[Caddy]:
    """Run it in front of a site on the port `upstream`."""
    block = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    https, http, admin = free_port(), free_port(), free_port()
    words = {
        "{\n\tservers": f"{{\n\thttp_port {http}\n\tadmin localhost:{admin}\n\tservers",
        "pop.example.org": f"localhost:{https}",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
    }
    with tempfile.TemporaryDirectory(prefix="caddy-") as name:
        folder = Path(name)
        (folder / "Caddyfile").write_text(replaced(block, words))
        (folder / "log").touch()
        user = []
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        environment = {"PATH": os.environ["PATH"], "HOME": name, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*user, "caddy", "run", "--config", "Caddyfile"], cwd=name, env=environment, stdout=log, stderr=log
            )
        try:
            authority = folder / "caddy/pki/authorities/local/root.crt"
            serving = "serving initial configuration"
            log_file = folder / "log"
            wait_until(lambda: serving in log_file.read_text() or process.poll() is not None, 60, log_file.read_text)
            wait_until(authority.exists, 30, log_file.read_text)
            wait_until(lambda: _has_certificate(https), 60, log_file.read_text)
            yield Caddy(http, https, authority, log_file)
        finally:
            process.terminate()
            process.wait()


def _has_certificate(port: int) -> bool:
    try:
        ssl.get_server_certificate(("localhost", port), timeout=10)
    except OSError:
        return False
    return True
