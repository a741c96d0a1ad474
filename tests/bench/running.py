"""Processes that the bench starts and measures: what they answer, how fast, and what processor they take."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
KEY = "a secret key that is only for benchmarks"

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
class Result:
    """A round: requests per second, 99th percentile in ms, CPU per request in ms, failed requests."""

    rate: float
    p99: float
    cpu: float
    errors: int


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: its port, and the processes whose processor time counts."""

    port: int
    pids: tuple[int, ...]

    def cpu_seconds(self) -> float:
        return sum(_cpu_ticks(one) for pid in self.pids for one in family(pid)) / os.sysconf("SC_CLK_TCK")

    def check(self, path: str, body: str | None, expected: Sequence[bytes]) -> None:
        """See that the answer is what is to be measured: a refusal would be fast too."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body.encode() if body else None, {"Content-Type": "text/xml"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            content = response.read()
        if response.status != 200 or not any(part in content for part in expected):
            raise SystemExit(f"{path}: {response.status} {content[:200]!r}")

    def measure(self, path: str, body: str | None, connections: int, seconds: int) -> Result:
        method, text = ("GET", "nil") if body is None else ("POST", f"[[{body}]]")
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(SCRIPT % {"method": method, "body": text})
            script.flush()
            before = self.cpu_seconds()
            output = subprocess.run(
                ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name,
                 f"http://127.0.0.1:{self.port}{path}"],
                check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
            used = self.cpu_seconds() - before
        found = json.loads(output.rpartition("RESULT ")[2])
        count = max(found["requests"], 1)
        return Result(count / found["microseconds"] * 1e6, found["p99"], used * 1000 / count, found["errors"])


def best(results: Sequence[Result]) -> Result:
    """Return the best of each number: what else runs on the machine only ever makes them worse."""
    return Result(
        max(result.rate for result in results),
        min(result.p99 for result in results),
        min(result.cpu for result in results),
        sum(result.errors for result in results),
    )


def family(pid: int) -> list[int]:
    """Return the process and those below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime, stime


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def running(command: Sequence[str | Path], port: int, environment: dict[str, str]) -> Iterator[Served]:
    """Run `command` until the end of the block, from when it answers on `port`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ | environment, start_new_session=True, stdout=log, stderr=log
        )
        try:
            _wait(port, process)
            yield Served(port, (process.pid,))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def serve(folder: Path, **settings: str) -> Iterator[Served]:
    """Run the product as it ships."""
    port = free_port()
    environment = {"WEBAPP_DATA_DIR": str(folder), "WEBAPP_SECRET_KEY": KEY, **settings}
    with running([COMMAND, "serve", "--port", str(port)], port, environment) as served:
        yield served


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
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
