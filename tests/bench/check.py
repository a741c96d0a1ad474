"""A login check of ours beside one curl process that does the same at POP3, against one Dovecot, side by side."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from tests.support.dovecot import ANNA, missing, start
from webapp import probe

ROUNDS = 30


def main() -> int:
    """Print wall time and CPU of both, and their ratio."""
    if reason := missing():
        sys.stdout.write(f"SKIPPED: {reason}.\n")
        return 0
    with start() as dovecot:
        tls = probe.tls_context(dovecot.ca_file)
        account = dovecot.account()

        def ours() -> None:
            report = probe.run(
                account, vantage=probe.Vantage.THIS_COMPUTER, login=True, password=probe.Secret(ANNA.password), tls=tls
            )
            assert report.passed, report.failures()

        def curl() -> None:
            subprocess.run(
                ["curl", "--silent", "--show-error", "--sasl-ir", "--cacert", dovecot.ca_file, "--user",
                 f"{ANNA.address}:{ANNA.password}", "-X", "UIDL", f"pop3s://localhost:{dovecot.ports['pop3s']}/"],
                check=True, capture_output=True,
            )  # fmt: skip

        rows = {"ours, POP3 and SMTP": measure(ours), "curl process, POP3 only": measure(curl)}
    for name, (wall, cpu) in rows.items():
        sys.stdout.write(f"{name:26} {wall:7.1f} ms wall (median of {ROUNDS})   {cpu:6.2f} ms CPU each\n")
    (our_wall, our_cpu), (curl_wall, curl_cpu) = rows.values()
    sys.stdout.write(
        f"{'ours / curl':26} {our_wall / curl_wall:7.2f}                         {our_cpu / curl_cpu:6.2f}\n"
    )
    return 0


def measure(work: Callable[[], None]) -> tuple[float, float]:
    """Return the median wall time and the mean CPU time of one call, in milliseconds, children included."""
    work()
    before, times = sum(os.times()[:4]), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), (sum(os.times()[:4]) - before) * 1000 / ROUNDS


if __name__ == "__main__":
    raise SystemExit(main())
