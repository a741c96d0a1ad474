"""Discovery and files beside automx2 and beside the least that Flask can do: one run, one gunicorn, the same workers.

automx2 (PyPI) is installed into a venv of its own below build/. Each case runs in short rounds, in turn, so that a load
from elsewhere meets all alike; the best round counts. CPU per request is what the workers used, from /proc.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"
AUTOMX2 = "automx2==2026.2"
CONNECTIONS = 8
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))  # of a round
THREADS = 8

RATIO_MIN, FLOOR_MAX, P99_MAX = 8.0, 1.5, 20.0  # × automx2's requests, × the floor's CPU, milliseconds

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
# wrk counts what comes back; `done` writes it as JSON for us.
SCRIPT = """
wrk.method = "%(method)s"
wrk.body = %(body)s
wrk.headers["Content-Type"] = "text/xml"
done = function(summary, latency, requests)
  io.write(string.format('\\nRESULT {"requests": %%d, "microseconds": %%d, "p99": %%.3f, "errors": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(99) / 1000,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A request: what ours, automx2 and the floor are asked."""

    name: str
    ours: str
    theirs: str
    body: str | None = None


CASES = (
    Case("config-v1.1.xml", *["/mail/config-v1.1.xml?emailaddress=anna@gmx.de"] * 2),
    Case("autodiscover", *["/autodiscover/autodiscover.xml"] * 2, QUESTION),
    Case("mobileconfig", "/api/v1/exports/apple-mail?address=anna@gmx.de&name=Anna",
         "/mobileconfig/?emailaddress=anna@gmx.de&name=Anna"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One case at one server: requests per second, 99th percentile in ms, CPU per request in ms, failed requests."""

    rate: float
    p99: float
    cpu: float
    errors: int


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: its port, and the process whose children work."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ticks = 0
        for child in children:
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime, stime
        return ticks / os.sysconf("SC_CLK_TCK")

    def _ask_once(self, path: str, body: str | None) -> None:
        """See that the answer is what is to be measured: a refusal would be fast too."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body.encode() if body else None, {"Content-Type": "text/xml"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            content = response.read()
        if response.status != 200 or not (b"pop.gmx.net" in content or content == b"hello"):
            raise SystemExit(f"{path}: {response.status} {content[:200]!r}")

    def measure(self, path: str, body: str | None) -> Result:
        self._ask_once(path, body)
        method, text = ("GET", "nil") if body is None else ("POST", f"[[{body}]]")
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(SCRIPT % {"method": method, "body": text})
            script.flush()
            before = self.cpu_seconds()
            output = subprocess.run(
                ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", script.name,
                 f"http://127.0.0.1:{self.port}{path}"],
                check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
            used = self.cpu_seconds() - before
        found = json.loads(output.rpartition("RESULT ")[2])
        count = max(found["requests"], 1)
        return Result(count / found["microseconds"] * 1e6, found["p99"], used * 1000 / count, found["errors"])


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def installed_automx2() -> Path | None:
    """Return the venv of automx2, made when there is none; None, loudly, where it cannot be installed."""
    venv = BUILD / "automx2"
    if not (venv / "installed").exists():
        say(f"Installing {AUTOMX2} into {venv.relative_to(ROOT)} …")
        shutil.rmtree(venv, ignore_errors=True)
        version = subprocess.run(
            [sys.executable, "-c", "import gunicorn; print(gunicorn.__version__)"], check=True, capture_output=True, text=True
        ).stdout.strip()  # fmt: skip
        for command in (
            [sys.executable, "-m", "venv", str(venv)],
            [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", AUTOMX2, f"gunicorn=={version}"],
        ):  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                say(f"SKIPPED: automx2 cannot be installed:\n{done.stderr[-500:]}")
                return None
        (venv / "installed").touch()
    return venv


@contextmanager
def gunicorn(python: Path, application: str, workers: int, environment: dict[str, str]) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--worker-class", "gthread",
        "--threads", str(THREADS), "--keep-alive", "60", "--log-level", "error", "--no-control-socket", application,
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, start_new_session=True)
    try:
        answers(port, process)
        yield Served(port, process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def answers(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server of the bench does not answer")


@contextmanager
def automx2(venv: Path, workers: int) -> Iterator[Served]:
    """Run automx2 on SQLite, with GMX's servers in it."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "automx2.conf"
        configuration.write_text(f"[automx2]\nloglevel = ERROR\ndb_uri = sqlite:///{folder}/db.sqlite\n")
        with gunicorn(
            venv / "bin" / "python", "automx2.server:app", workers, {"AUTOMX2_CONF": str(configuration)}
        ) as served:
            request = urllib.request.Request(
                f"http://127.0.0.1:{served.port}/initdb/",
                json.dumps(SEED).encode(),
                {"Content-Type": "application/json"},
            )
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310  our own loopback
            yield served


def compare(workers: int, venv: Path | None) -> list[str]:
    """Run every case at every server and print a table; return what misses the bar."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        python = Path(sys.executable)
        servers: dict[str, tuple[Served, Callable[[Case], tuple[str, str | None]]]] = {
            "ours": (
                stack.enter_context(gunicorn(python, "tests.bench.apps:ours()", workers, {"BENCH_DATA": folder})),
                lambda case: (case.ours, case.body),
            ),
            "floor": (
                stack.enter_context(gunicorn(python, "tests.bench.apps:hello()", workers, {})),
                lambda _case: ("/", None),
            ),
        }
        if venv is not None:
            served = stack.enter_context(automx2(venv, workers))
            servers["automx2"] = (served, lambda case: (case.theirs, case.body))
        rounds: dict[tuple[str, str], list[Result]] = {}
        for _ in range(ROUNDS):
            for case in CASES:
                for name, (server, asked) in servers.items():
                    rounds.setdefault((case.name, name), []).append(server.measure(*asked(case)))
    return report(workers, {key: best(results) for key, results in rounds.items()})


def best(results: list[Result]) -> Result:
    """Return the best of each number: what else runs on the machine only ever makes them worse."""
    return Result(
        max(result.rate for result in results),
        min(result.p99 for result in results),
        min(result.cpu for result in results),
        sum(result.errors for result in results),
    )


def report(workers: int, results: dict[tuple[str, str], Result]) -> list[str]:
    say(f"\n{workers} worker{'s' if workers > 1 else ''}, {CONNECTIONS} connections, best of {ROUNDS} × {SECONDS} s")
    say(f"{'':18}{'server':10}{'req/s':>9}{'p99 ms':>9}{'CPU ms':>9}{'× automx2':>11}{'CPU × floor':>13}{'errors':>8}")
    missed = []
    for case in CASES:
        ours, floor = results[case.name, "ours"], results[case.name, "floor"]
        theirs = results.get((case.name, "automx2"))
        for name in ("ours", "automx2", "floor"):
            row = results.get((case.name, name))
            if row is not None:
                ratio = f"{row.rate / theirs.rate:.1f}" if theirs else "–"
                say(
                    f"{case.name:18}{name:10}{row.rate:9.0f}{row.p99:9.1f}{row.cpu:9.3f}{ratio:>11}"
                    f"{row.cpu / floor.cpu:13.2f}{row.errors:8}"
                )
        missed += [f"{case.name}, {workers}: {text}" for text in misses(ours, floor, theirs, workers)]
    return missed


def misses(ours: Result, floor: Result, theirs: Result | None, workers: int) -> Iterator[str]:
    if ours.errors or (theirs and theirs.errors):
        yield "not every request was answered"
    if theirs and ours.rate < RATIO_MIN * theirs.rate:
        yield f"{ours.rate / theirs.rate:.1f} × automx2's requests per second, at least {RATIO_MIN} wanted"
    if ours.cpu > FLOOR_MAX * floor.cpu:
        yield f"{ours.cpu / floor.cpu:.2f} × the floor's CPU per request, at most {FLOOR_MAX} wanted"
    if workers == 1 and ours.p99 > P99_MAX:
        yield f"p99 {ours.p99:.1f} ms, less than {P99_MAX} wanted"


def main() -> int:
    """Print the tables; 1 where a bar is missed."""
    if shutil.which("wrk") is None:
        say("SKIPPED: wrk is missing (apt install wrk).")
        return 0
    venv = installed_automx2()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        say(
            f"This machine is busy (load {load:.1f} on {cores} cores): rates say little now, CPU per request still does."
        )
    missed = [text for workers in (1, 2) for text in compare(workers, venv)]
    say("\n" + "\n".join(f"MISSED {text}" for text in missed) if missed else "\nEvery bar is kept.")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
