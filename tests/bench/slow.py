"""Many slow checks in flight in one worker: `python -m tests.bench.slow`.

The servers are a process of their own and take their time before each answer. What every check takes on top of that is
our doing: threads that wait for each other, a queue that is slow, handshakes that keep the processor busy.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench.engine import settings
from tests.support.certificates import Certificates
from tests.support.counting_servers import CountingServers
from tests.support.providers import rewrite_providers
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.connection_tests.engine import Plan
from webapp.core.account import Server, ServerType, SocketType
from webapp.core.probe import RunState, Secret
from webapp.infrastructure.config import Config, current_providers

CHECKS = 500
ANSWER_SECONDS = 2.0
# POP3: greeting, CAPA, AUTH; from there SMTP is the longer way: AUTH, MAIL, RCPT, RSET, QUIT.
IDEAL_SECONDS = 8 * ANSWER_SECONDS
START_SECONDS = 8.0  # over which the checks begin: the handshakes of all at once would only measure the processor
ADDRESS, PASSWORD = "anna@gmx.de", "a test password"
BAR = 1.10


def serve(folder: Path) -> None:
    """Be the servers; say their ports and end with standard input."""
    certificates = Certificates(folder)
    with CountingServers(certificates.server_context("ok"), {ADDRESS: PASSWORD}, ANSWER_SECONDS) as servers:
        sys.stdout.write(" ".join(str(server.port) for server in servers.servers) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


@contextmanager
def site(folder: Path) -> Iterator[Config]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.slow", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        ports = map(int, process.stdout.readline().split())
        servers = [
            Server(kind, "localhost", port, SocketType.SSL)
            for kind, port in zip((ServerType.POP3, ServerType.SMTP), ports, strict=True)
        ]
        with settings() as config:
            assert config.providers_dir
            rewrite_providers(config.providers_dir, servers)
            yield replace(config, tls_ca_file=folder / "fault-ca.pem", test_threads=CHECKS)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def resident_mebibytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(config: Config) -> None:
    app = create_app(config)
    jobs.start(app)
    engine = jobs.of(app)
    ids = [f"slow-run-of-the-bench-{number}" for number in range(CHECKS)]
    begun, ended = {}, {}
    real = engine.runs.begin, engine.runs.end

    def begin(run_id: str, deadline: float) -> object:
        begun[run_id] = time.monotonic()
        return real[0](run_id, deadline)

    def end(run_id: str, state: RunState, *arguments: object, **values: object) -> bool:
        ended[run_id] = time.monotonic()
        return real[1](run_id, state, *arguments, **values)  # type: ignore[arg-type]

    engine.runs.begin, engine.runs.end = begin, end  # type: ignore[method-assign, assignment]
    before, cpu = resident_mebibytes(), resource.getrusage(resource.RUSAGE_SELF)
    with app.app_context():
        for run_id in ids:
            plan = Plan("gmx.net", ADDRESS, login=True)
            engine.passwords.put(run_id, Secret(PASSWORD))
            engine.runs.add(plan.run(run_id, current_providers()))
            engine.submit(run_id, plan)
            time.sleep(START_SECONDS / CHECKS)
    in_flight, during = len(begun) - len(ended), resident_mebibytes()
    states = [run.state for run_id in ids if (run := engine.runs.wait(run_id, 60))]
    after = resource.getrusage(resource.RUSAGE_SELF)
    jobs.shutdown(app)
    ratios = [(ended[run_id] - begun[run_id]) / IDEAL_SECONDS for run_id in ids]
    cuts = statistics.quantiles(ratios, n=100)
    used = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    sys.stdout.write(
        f"{in_flight} slow checks in flight, {states.count(RunState.PASSED)} of {CHECKS} passed: "
        f"p50 {cuts[49]:.3f}, p99 {cuts[98]:.3f} × ideal (bar ≤ {BAR})   {(during - before) / in_flight:.2f} MiB each   "
        f"{used * 1000 / CHECKS:.1f} ms CPU each, engine and all   load {os.getloadavg()[0]:.1f}\n"
    )


def main() -> int:
    with tempfile.TemporaryDirectory() as name, site(Path(name)) as config:
        measure(config)
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(Path(sys.argv[1]))
    else:
        raise SystemExit(main())
