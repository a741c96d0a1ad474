"""How long a run waits for its first stage where a thread is free: `python -m tests.bench.engine`.

With the engine in the process, and with a worker process behind a Redis on a unix socket. The servers refuse every
connection, so that what is measured is the way to them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flask import Flask

from tests.support.providers import rewrite_providers
from tests.support.redis_server import RedisServer
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.connection_tests.engine import Plan
from webapp.core.account import Server, ServerType, SocketType
from webapp.core.probe import Secret
from webapp.infrastructure import db
from webapp.infrastructure.config import Config, current_providers

RUNS = 300
DISTANCE = 0.02  # seconds between two runs
WORKER = "from webapp.infrastructure.config import Config; from webapp.server.worker import work; work(Config.from_environment())"
# Notes in the process that works when the first stage of each run begins, as a line of the file named.
NOTE = (
    "import os, time; from webapp.web.connection_tests import engine as e; real = e.Runner._progress; seen = set()\n"
    "def note(self, run, stage):\n"
    "    if run.id not in seen:\n"
    "        seen.add(run.id); os.write(out, f'{run.id} {time.time()!r}\\n'.encode())\n"
    "    return real(self, run, stage)\n"
    "e.Runner._progress = note\n"
)


def measure(app: Flask, file: Path) -> list[float]:
    """Return milliseconds from before the run is put into the stores to its first stage."""
    engine = jobs.of(app)
    begun: dict[str, float] = {}
    with app.app_context():
        for number in range(RUNS):
            plan = Plan("gmx.net", "anna@gmx.de", login=True)
            run_id = f"run-of-the-bench-{number}"
            begun[run_id] = time.time()
            engine.passwords.put(run_id, Secret("a test password"))
            engine.runs.add(plan.run(run_id, current_providers()))
            engine.submit(run_id, plan)
            time.sleep(DISTANCE)
    end = time.monotonic() + 30
    while len(lines := file.read_text().splitlines()) < RUNS and time.monotonic() < end:
        time.sleep(0.05)
    first = {run_id: float(moment) for run_id, moment in (line.split() for line in lines)}
    return sorted((first[run_id] - begun[run_id]) * 1000 for run_id in first)


@contextlib.contextmanager
def settings() -> Iterator[Config]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        servers = [Server(kind, "127.0.0.1", port, SocketType.SSL) for kind in (ServerType.POP3, ServerType.SMTP)]
        rewrite_providers(folder / "providers", servers)
        config = Config(data_dir=folder, providers_dir=folder / "providers", secret_key="a key of the bench, " * 2)
        db.upgrade(config)
        yield config
        db.dispose()


def embedded(config: Config, file: Path) -> list[float]:
    app = create_app(config)
    exec(NOTE, {"out": os.open(file, os.O_WRONLY | os.O_APPEND)})  # noqa: S102
    jobs.start(app)
    try:
        return measure(app, file)
    finally:
        jobs.shutdown(app)


def with_redis(config: Config, file: Path) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        with server.running():
            config = replace(config, redis_url=server.url)
            program = f"import os; out = os.open({str(file)!r}, os.O_WRONLY | os.O_APPEND)\n{NOTE}\n{WORKER}"
            environ = os.environ | {
                "WEBAPP_DATA_DIR": str(config.data_dir), "WEBAPP_PROVIDERS_DIR": str(config.providers_dir),
                "WEBAPP_REDIS_URL": server.url, "WEBAPP_SECRET_KEY": config.secret_key.strip(),
            }  # fmt: skip
            config = replace(config, secret_key=config.secret_key.strip())
            worker = subprocess.Popen([sys.executable, "-c", program], env=environ)
            try:
                app = create_app(config)
                jobs.start(app)
                while not jobs.of(app)._shared.workers():  # type: ignore[attr-defined]
                    time.sleep(0.05)
                time.sleep(1)
                return measure(app, file)
            finally:
                worker.terminate()
                worker.wait(60)
                jobs.shutdown(app)


def main() -> int:
    for name, way in (("with Redis", with_redis), ("in memory", embedded)):
        with settings() as config:
            file = config.data_dir / "first-stages"
            file.touch()
            found = way(config, file)
        cuts = statistics.quantiles(found, n=100)
        sys.stdout.write(
            f"enqueue → first stage, {name:10}  {len(found)} runs   p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
