"""Discovery and files beside automx2 and beside the least that Flask can do: one run, one gunicorn, the same workers.

automx2 (PyPI) is installed into a venv of its own below build/. Each case runs in short rounds, in turn, so that a load
from elsewhere meets all alike; the best round counts. CPU per request is what the workers used, from /proc.

Ours runs under granian too, as `serve --server granian` does it. Every "× automx2" is by automx2 under gunicorn, which is
how it is run; its own row under granian says what of the gain is the server's and what is ours.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.bench import apps

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"
AUTOMX2 = "automx2==2026.2"
CONNECTIONS = 8
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))  # of a round
THREADS = 8

RATIO_MIN, FLOOR_MAX, P99_MAX = 8.0, 1.5, 20.0  # × automx2's requests, × the floor's CPU, milliseconds
GRANIAN_RATIO_MIN = 20.0  # × automx2's requests, of ours under granian, for the document that is asked for most

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


Server = Callable[[Path, str, int, int], list[str]]  # of a Python, an application, workers and a port: what runs it


@dataclass(frozen=True, slots=True)
class Case:
    """A request: what ours, automx2 and the floor are asked."""

    name: str
    ours: str
    theirs: str
    body: str | None = None
    granian_ratio_min: float = RATIO_MIN


CASES = (
    Case("config-v1.1.xml", *["/mail/config-v1.1.xml?emailaddress=anna@gmx.de"] * 2, granian_ratio_min=GRANIAN_RATIO_MIN),
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
    servers = [f"{name}=={version(name)}" for name in ("gunicorn", "granian")]
    if not (venv / "installed").exists() or (venv / "installed").read_text() != str(servers):
        say(f"Installing {AUTOMX2} into {venv.relative_to(ROOT)} …")
        shutil.rmtree(venv, ignore_errors=True)
        for command in (
            [sys.executable, "-m", "venv", str(venv)],
            [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", AUTOMX2, *servers],
        ):  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                say(f"SKIPPED: automx2 cannot be installed:\n{done.stderr[-500:]}")
                return None
        (venv / "installed").write_text(str(servers))
    return venv


@contextmanager
def running(command: Sequence[str], port: int, environment: dict[str, str], quiet: bool = False) -> Iterator[Served]:
    output = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, start_new_session=True, stdout=output, stderr=output
    )
    try:
        answers(port, process)
        yield Served(port, process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:  # granian's command loses a TERM at times
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def gunicorn(python: Path, application: str, workers: int, port: int) -> list[str]:
    return [
        str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--worker-class", "gthread",
        "--threads", str(THREADS), "--keep-alive", "60", "--log-level", "error", "--no-control-socket", application,
    ]  # fmt: skip


def granian(python: Path, application: str, workers: int, port: int) -> list[str]:
    return [
        str(python), "-m", "granian", "--port", str(port), "--workers", str(workers), "--interface", "wsgi", "--http", "1",
        "--blocking-threads", str(THREADS), "--no-ws", "--log-level", "error",
        *(["--factory", application.removesuffix("()")] if application.endswith("()") else [application]),
    ]  # fmt: skip


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
def automx2(venv: Path, server: Server, workers: int) -> Iterator[Served]:
    """Run automx2 on SQLite, with GMX's servers in it."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "automx2.conf"
        configuration.write_text(f"[automx2]\nloglevel = ERROR\ndb_uri = sqlite:///{folder}/db.sqlite\n")
        port = free_port()
        command = server(venv / "bin" / "python", "automx2.server:app", workers, port)
        with running(command, port, {"AUTOMX2_CONF": str(configuration)}, quiet=True) as served:
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
        environment = {"BENCH_DATA": folder}
        apps.upgrade(Path(folder))

        def ours(application: str, server: Server) -> Served:
            port = free_port()
            command = server(Path(sys.executable), f"tests.bench.apps:{application}()", workers, port)
            return stack.enter_context(running(command, port, environment))

        servers: dict[str, tuple[Served, Callable[[Case], tuple[str, str | None]]]] = {
            "ours": (ours("ours", gunicorn), lambda case: (case.ours, case.body)),
            "ours, granian": (ours("ours", granian), lambda case: (case.ours, case.body)),
            "floor": (ours("hello", gunicorn), lambda _case: ("/", None)),
        }
        if venv is not None:
            for name, server in (("automx2", gunicorn), ("automx2, granian", granian)):
                served = stack.enter_context(automx2(venv, server, workers))
                servers[name] = (served, lambda case: (case.theirs, case.body))
        rounds: dict[tuple[str, str], list[Result]] = {}
        for _ in range(ROUNDS):
            for case in CASES:
                for name, (served, asked) in servers.items():
                    rounds.setdefault((case.name, name), []).append(served.measure(*asked(case)))
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
    say(f"{'':18}{'server':18}{'req/s':>9}{'p99 ms':>9}{'CPU ms':>9}{'× automx2':>11}{'CPU × floor':>13}{'errors':>8}")
    missed = []
    for case in CASES:
        rows = {name: row for (asked, name), row in results.items() if asked == case.name}
        floor, theirs = rows["floor"], rows.get("automx2")
        for name, row in rows.items():
            ratio = f"{row.rate / theirs.rate:.1f}" if theirs else "–"
            say(
                f"{case.name:18}{name:18}{row.rate:9.0f}{row.p99:9.1f}{row.cpu:9.3f}{ratio:>11}"
                f"{row.cpu / floor.cpu:13.2f}{row.errors:8}"
            )
        missed += [f"{case.name}, {workers}: {text}" for text in misses(case, rows, workers)]
    return missed


def misses(case: Case, rows: dict[str, Result], workers: int) -> Iterator[str]:
    if any(row.errors for row in rows.values()):
        yield "not every request was answered"
    ours, floor = rows["ours"], rows["floor"]
    if theirs := rows.get("automx2"):
        for name, wanted in (("ours", RATIO_MIN), ("ours, granian", case.granian_ratio_min)):
            if rows[name].rate < wanted * theirs.rate:
                ratio = rows[name].rate / theirs.rate
                yield f"{name}: {ratio:.1f} × automx2's requests per second, at least {wanted} wanted"
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
