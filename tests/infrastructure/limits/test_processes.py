"""Several processes that share a database count together."""

from __future__ import annotations

import subprocess
import sys

from tests.support.limits import NUMBERS, login
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Limits, Wait

# Takes a number from each of the counters as often as it can, and says how often it could.
PROGRAM = """
import sys, threading
from pathlib import Path
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Limits

name, folder, url, key = sys.argv[1:]
limits = Limits(Config(data_dir=Path(folder), database_url=url, secret_key=key))
takes = {
    "account": lambda click: limits.take_login("a@gmx.de", f"198.51.100.{abs(hash(click)) % 250}", click, provider="x"),
    "code": lambda click: limits.take_code("2001:db8::1", click),
    "same click": lambda click: limits.take_check("192.0.2.1", "the same click"),
}
counts = dict.fromkeys(takes, 0)
sys.stdin.readline()

def run(thread):
    for number in range(10):
        for kind, take in takes.items():
            if take(f"{name} {thread} {number} {kind}") is None:
                counts[kind] += 1

threads = [threading.Thread(target=run, args=(thread,)) for thread in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(*counts.values())
"""


def test_two_processes_that_try_at_once_get_together_what_one_would(settings: Config, limits: Limits) -> None:
    arguments = (str(settings.data_dir), settings.database_url, settings.secret_key)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, name, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [[int(number) for number in process.communicate(timeout=60)[0].split()] for process in processes]
    assert [sum(numbers) for numbers in zip(*found, strict=True)] == [
        NUMBERS.login_tests_per_account, NUMBERS.codes_per_network[0], 1,
    ]  # fmt: skip
    assert isinstance(login(Limits(settings), "a@gmx.de", "192.0.2.1", "one more"), Wait)
