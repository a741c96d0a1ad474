"""nginx with blocks of our documentation, as they stand there but for names, ports and folders."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.support.documents import DEPLOY, blocks, replaced
from tests.support.ports import free_port
from tests.support.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Nginx:
    port: int
    pid: int
    folder: Path  # all that it writes


@contextmanager
def running(configuration: str, port: int) -> Iterator[Nginx]:
    """Run nginx with `configuration` inside of http { }, of which a server listens on `port`."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder = Path(name)
        file = folder / "nginx.conf"
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file.write_text(
            f"user root;\npid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;\nworker_processes 1;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{temporary}"
            f"{configuration.replace('/var/cache/nginx', str(folder))}\n}}\n"
        )
        process = subprocess.Popen(["nginx", "-p", name, "-c", str(file)], stderr=subprocess.DEVNULL)
        try:
            wait_until(
                lambda: ((folder / "pid").exists() and (folder / "pid").read_text().strip()) or process.poll(), 60
            )
            assert process.poll() is None, (folder / "error.log").read_text()
            yield Nginx(port, process.pid, folder)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def well_known(upstream: int) -> Iterator[Nginx]:
    """Run the web server of a domain that hands its well-known paths on, as docs/discovery.md has it."""
    port = free_port()
    inside = blocks("discovery.md", "nginx")[0].replace("https://pop.example.org", f"http://127.0.0.1:{upstream}")
    inside = inside.replace("example.org", "gmx.de")
    with running(f"server {{ listen 127.0.0.1:{port}; server_name gmx.de;\n{inside} }}", port) as nginx:
        yield nginx


@contextmanager
def discovery_cache(upstream: int) -> Iterator[Nginx]:
    """Run the cache of docs/discovery.md in front of a site on the port `upstream`."""
    port = free_port()
    outside, inside = blocks("discovery.md", "nginx")[-2:]
    server = f"server {{ listen 127.0.0.1:{port}; server_name localhost;\n{inside.replace(':8000', f':{upstream}')} }}"
    with running(outside + server, port) as nginx:
        yield nginx


@dataclass(frozen=True, slots=True)
class DocumentedSite:
    """nginx as deploy/nginx.conf has it. A visitor's address is what X-Visitor says, as from a proxy in front of it."""

    nginx: Nginx
    http: int
    https: int
    authority: Path  # certificate of the authority that the site's own is signed by


@contextmanager
def documented_site(*upstream: int) -> Iterator[DocumentedSite]:
    """Run deploy/nginx.conf in front of web processes on the ports `upstream`."""
    block = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    http, https = free_port(), free_port()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "pop.example.org", key_type=trustme.KeyType.RSA)
    with tempfile.TemporaryDirectory(prefix="certificate-") as name:
        folder = Path(name)
        authority.cert_pem.write_to_path(folder / "authority.pem")
        certificate.private_key_pem.write_to_path(folder / "privkey.pem")
        for number, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(folder / "fullchain.pem", append=number > 0)
        words = {
            "listen 80;": f"listen 127.0.0.1:{http};",
            "listen [::]:80;": "",
            "listen 443 ": f"listen 127.0.0.1:{https} ",
            "    listen [::]:443 ssl http2;\n": "",
            "/etc/letsencrypt/live/pop.example.org": name,
            "/var/log/nginx": name,
            "server 127.0.0.1:8000 max_fails=0;": " ".join(f"server 127.0.0.1:{one} max_fails=0;" for one in upstream),
        }
        visitor = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Visitor;\n"
        with running(visitor + replaced(block, words), https) as nginx:
            yield DocumentedSite(nginx, http, https, folder / "authority.pem")
