"""Discovery and files: `serve` as it ships, the least that Flask can do under the same server, nginx's cache, automx2.

automx2 (PyPI) is installed into a venv of its own below build/, with gunicorn, which is how it is run. Each case runs
in short rounds, in turn, so that a load from elsewhere meets all alike; the best round counts. The cache is the block
of docs/discovery.md, with nothing but names and ports replaced.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.running import ROOT, Result, Served, best, running, say, serve
from tests.support.nginx import discovery_cache
from tests.support.ports import free_port

BUILD = ROOT / "build" / "bench"
AUTOMX2 = ("automx2==2026.2", "gunicorn==27.0.1")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))  # of a round

FLOOR_MIN = 0.95  # × the floor's requests per second
CACHE_MIN = 100.0  # × automx2's requests per second
P99_MAX = {8: 20.0}  # connections: milliseconds

SEED = {
    "version": 2,
    "provider": "GMX",
    "domains": [{"name": "gmx.de"}],
    "servers": [
        {"type": "pop", "name": "pop.gmx.net", "port": 995},
        {"type": "smtp", "name": "mail.gmx.net", "port": 465},
    ],
}
QUESTION = (
    '<?xml version="1.0" encoding="utf-8"?><Autodiscover '
    'xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>'
    "<EMailAddress>anna@gmx.de</EMailAddress><AcceptableResponseSchema>"
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
    "</AcceptableResponseSchema></Request></Autodiscover>"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A request: what ours and automx2 are asked. bars: whether its numbers must keep them."""

    name: str
    ours: str
    theirs: str
    connections: int = 8
    body: str | None = None
    bars: bool = False


AUTOCONFIG = "/mail/config-v1.1.xml?emailaddress=anna@gmx.de"
CASES = (
    Case("autoconfig", AUTOCONFIG, AUTOCONFIG, bars=True),
    Case("autoconfig", AUTOCONFIG, AUTOCONFIG, connections=64, bars=True),
    Case("autodiscover", "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.xml", body=QUESTION),
    Case("mobileconfig", "/api/v1/exports/apple-mail?address=anna@gmx.de&name=Anna",
         "/mobileconfig/?emailaddress=anna@gmx.de&name=Anna"),
)  # fmt: skip


def installed_automx2() -> Path | None:
    """Return the venv of automx2, made when there is none; None, loudly, where it cannot be installed."""
    venv, wanted = BUILD / "automx2", " ".join(AUTOMX2)
    if not (venv / "installed").exists() or (venv / "installed").read_text() != wanted:
        say(f"Installing {wanted} into {venv.relative_to(ROOT)} …")
        shutil.rmtree(venv, ignore_errors=True)
        for command in (
            [sys.executable, "-m", "venv", str(venv)],
            [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *AUTOMX2],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                say(f"SKIPPED: automx2 cannot be installed:\n{done.stderr[-500:]}")
                return None
        (venv / "installed").write_text(wanted)
    return venv


@contextmanager
def automx2(venv: Path) -> Iterator[Served]:
    """Run automx2 on SQLite, with GMX's servers in it."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "automx2.conf"
        configuration.write_text(f"[automx2]\nloglevel = ERROR\ndb_uri = sqlite:///{folder}/db.sqlite\n")
        port = free_port()
        command = [
            str(venv / "bin" / "python"), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
            "--threads", "8", "--keep-alive", "60", "--log-level", "error", "--no-control-socket", "automx2.server:app",
        ]  # fmt: skip
        with running(command, port, {"AUTOMX2_CONF": str(configuration)}) as served:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/initdb/", json.dumps(SEED).encode(), {"Content-Type": "application/json"}
            )
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310  our own loopback
            yield served


@contextmanager
def floor() -> Iterator[Served]:
    port = free_port()
    with running([sys.executable, "-m", "tests.bench.apps", str(port)], port, {}) as served:
        yield served


@contextmanager
def cached(served: Served) -> Iterator[Served]:
    with discovery_cache(served.port) as cache:
        yield Served(cache.port, (cache.pid, *served.pids))


def compare(stack: ExitStack) -> dict[tuple[Case, str], Result]:
    """Run every case at every server, round by round; return the best of each."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    servers = {"serve": stack.enter_context(serve(folder, WEBAPP_API_REQUESTS_PER_MINUTE="1000000"))}
    servers["floor"] = stack.enter_context(floor())
    if shutil.which("nginx"):
        servers["serve, cached"] = stack.enter_context(cached(servers["serve"]))
    else:
        say("SKIPPED: nginx is missing, so that nothing is said of its cache.")
    venv = installed_automx2()
    if venv is not None:
        servers["automx2"] = stack.enter_context(automx2(venv))
    rounds: dict[tuple[Case, str], list[Result]] = {}
    for number in range(ROUNDS):
        for case in CASES:
            for name, served in servers.items():
                if name.endswith("cached") and case.ours != AUTOCONFIG:
                    continue
                asked = {"floor": ("/", None), "automx2": (case.theirs, case.body)}.get(name, (case.ours, case.body))
                if not number:
                    served.check(*asked, (b"pop.gmx.net", b"hello"))
                rounds.setdefault((case, name), []).append(served.measure(*asked, case.connections, SECONDS))
    return {key: best(results) for key, results in rounds.items()}


def report(results: dict[tuple[Case, str], Result]) -> list[str]:
    """Print a table; return what misses a bar."""
    say(f"\nBest of {ROUNDS} × {SECONDS} s, one process each")
    say(
        f"{'':14}{'connections':>12}  {'server':15}{'req/s':>9}{'p99 ms':>9}{'CPU ms':>9}{'× floor':>9}{'× automx2':>11}{'errors':>8}"
    )
    missed = []
    for case in CASES:
        rows = {name: row for (asked, name), row in results.items() if asked == case}
        theirs = rows.get("automx2")
        for name, row in rows.items():
            say(
                f"{case.name:14}{case.connections:12}  {name:15}{row.rate:9.0f}{row.p99:9.1f}{row.cpu:9.3f}"
                f"{row.rate / rows['floor'].rate:9.2f}{f'{row.rate / theirs.rate:.1f}' if theirs else '–':>11}{row.errors:8}"
            )
        missed += [f"{case.name}, {case.connections} connections: {text}" for text in misses(case, rows)]
    return missed


def misses(case: Case, rows: dict[str, Result]) -> Iterator[str]:
    if any(row.errors for row in rows.values()):
        yield "not every request was answered"
    if not case.bars:
        return
    ours, theirs = rows["serve"], rows.get("automx2")
    if ours.rate < FLOOR_MIN * rows["floor"].rate:
        yield f"{ours.rate / rows['floor'].rate:.2f} × the floor's requests per second, at least {FLOOR_MIN} wanted"
    if ours.p99 > P99_MAX.get(case.connections, float("inf")):
        yield f"p99 {ours.p99:.1f} ms, less than {P99_MAX[case.connections]} wanted"
    cache = rows.get("serve, cached")
    if cache and theirs and cache.rate < CACHE_MIN * theirs.rate:
        yield f"behind the cache {cache.rate / theirs.rate:.0f} × automx2's requests per second, {CACHE_MIN:.0f} wanted"


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    if shutil.which("wrk") is None:
        say("SKIPPED: wrk is missing (apt install wrk).")
        return 0
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        say(
            f"This machine is busy (load {load:.1f} on {cores} cores): rates say little now, CPU per request still does."
        )
    with ExitStack() as stack:
        missed = report(compare(stack))
    say("\n" + "\n".join(f"MISSED {text}" for text in missed) if missed else "\nEvery bar is kept.")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
