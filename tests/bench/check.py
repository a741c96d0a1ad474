"""A check of ours beside curl's, in one run, against one Dovecot: `python -m tests.bench.check`.

Time at 0, 20 and 50 ms of added delay, in round trips that the delay line has counted; CPU beside one curl process for
each check and beside one for many (`curl --parallel`). All ways take turns, so that other work on the machine hits them
alike, and what is printed are medians. Dovecot keeps processes ready as a large server does: a fork for each connection
would be measured with everybody's time.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.bench import delay_line
from tests.bench.delay_line import FAR, NEAR, DelayLine
from tests.support.dovecot import ANNA, MANY, Dovecot, missing, start
from webapp.core import probe
from webapp.core.account import MailAccount
from webapp.core.probe.connection import Clock
from webapp.core.probe.context import Recorder, RunContext
from webapp.core.probe.pop3 import Pop3
from webapp.core.probe.report import Status

TURNS = int(os.environ.get("BENCH_TURNS", "11"))
DELAYS = (0, 20, 50)  # milliseconds, there and back
TIME_BARS = {20: 1.08, 50: 1.05}  # × own round trips × RTT
ROUND_TRIP_BARS = {"POP3, pipelined": 6, "POP3, one by one": 8}
CPU_BAR, CPU_SHARE_BAR = 3.0, 1 / 5  # milliseconds a check; of a curl process
BATCH = 10  # checks that are measured together: the kernel counts CPU time in steps


class _OneByOne(Pop3):
    """As with a server that offers AUTH PLAIN and no PIPELINING."""

    _pipelining = property(lambda self: False)  # type: ignore[assignment]


@dataclass(frozen=True)
class Bench:
    """What every way needs: the server as it is reached from here, and the means to reach it."""

    dovecot: Dovecot
    tls: Any
    authorities: Path  # the system's and Dovecot's: curl trusts whom we trust
    host: str = NEAR

    @property
    def account(self) -> MailAccount:
        account = self.dovecot.account()
        incoming, outgoing = (replace(s, hostname=self.host) for s in (account.incoming, account.outgoing))
        return replace(account, incoming=incoming, outgoing=outgoing)

    def pop3(self, conversation: type[Pop3] = Pop3) -> None:
        """Receive only, as curl does."""
        account, password = self.account, probe.Secret(ANNA.password)
        report = probe.planned(account, vantage=probe.Vantage.THIS_COMPUTER, login=True)
        recorder = Recorder(report, None)
        context = RunContext(recorder, Clock(40), password=password, tls=self.tls)
        conversation(account.incoming, context).run()
        assert not recorder.report.failures(), recorder.report.failures()
        assert [s.status for s in recorder.report.stages if s.stage == "uidl"] == [Status.PASSED]

    def whole(self) -> None:
        """Receive and send, as a person's test does."""
        report = probe.run(
            self.account, vantage=probe.Vantage.THIS_COMPUTER, login=True, password=probe.Secret(ANNA.password),
            tls=self.tls,
        )  # fmt: skip
        assert report.passed, report.failures()

    def curl(self, *arguments: str) -> None:
        subprocess.run(
            ["curl", "--silent", "--show-error", "--sasl-ir", "--cacert", self.authorities, "-X", "UIDL",
             *(arguments or ("--user", f"{ANNA.address}:{ANNA.password}", self._url()))],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def parallel_curl(self) -> None:
        """One process, as many checks at once as there are users: for one user it would use its connection again."""
        urls = [self._url(f"{quote(user.address)}:{quote(user.password)}@") for user in MANY]
        self.curl("--parallel", "--parallel-max", str(len(urls)), *urls)

    def _url(self, user: str = "") -> str:
        return f"pop3s://{user}{self.host}:{self.dovecot.ports['pop3s']}/"

    def round_trip(self) -> float:
        """Return the milliseconds of a TCP handshake."""
        began = time.perf_counter()
        with socket.create_connection((self.host, self.dovecot.ports["pop3s"])):
            return (time.perf_counter() - began) * 1000

    def ways(self) -> dict[str, Callable[[], None]]:
        return {
            "POP3, pipelined": self.pop3,
            "POP3, one by one": lambda: self.pop3(_OneByOne),
            "POP3 and SMTP": self.whole,
            "curl, POP3": self.curl,
        }


def times(bench: Bench, line: DelayLine) -> dict[str, tuple[float, int]]:
    """Return the median milliseconds of each way, and its round trips: those of its longest connection."""
    ways = bench.ways()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    trips: dict[str, list[int]] = {name: [] for name in ways}
    for work in ways.values():
        work()
    for _ in range(TURNS):
        for name, work in ways.items():
            line.round_trips()
            began = time.perf_counter()
            work()
            taken[name].append((time.perf_counter() - began) * 1000)
            time.sleep(0.02 + 0.1 * (bench.host == FAR))  # the last packets
            trips[name] += [count for counts in line.round_trips().values() for count in counts]
    return {name: (statistics.median(taken[name]), max(trips[name], default=0)) for name in ways}


def print_times(bench: Bench, line: DelayLine) -> None:
    out = sys.stdout.write
    out(f"{'':22}{'round trips':>12}{'ms':>9}{'÷ trips × RTT':>15}{'bar':>7}{'÷ curl':>9}\n")
    for delay in DELAYS:
        line.delay(delay)
        here = replace(bench, host=FAR if delay else NEAR)
        rtt = statistics.median(here.round_trip() for _ in range(TURNS))
        found = times(here, line)
        out(f"{delay} ms added delay: RTT {rtt:.1f} ms, load {os.getloadavg()[0]:.1f}\n")
        for name, (milliseconds, trips) in found.items():
            bar = TIME_BARS.get(delay) if name != "curl, POP3" else None
            count = f"{trips}" + (f" ({ROUND_TRIP_BARS[name]})" if name in ROUND_TRIP_BARS else "")
            # In the whole check SMTP's login waits for POP3's: the two are one behind the other from there on.
            ratio = f"{milliseconds / (WAYS_LONG.get(name, trips) * rtt):.3f}" if delay else "-"
            out(
                f"  {name:20}{count if delay else '-':>12}{milliseconds:>9.1f}{ratio:>15}"
                f"{f'≤ {bar}' if bar else '':>7}{milliseconds / found['curl, POP3'][0]:>9.2f}\n"
            )


# TCP, TLS, greeting, CAPA and AUTH of POP3; then AUTH, MAIL, RCPT, RSET and QUIT of SMTP.
WAYS_LONG = {"POP3 and SMTP": 10}


def cpu(bench: Bench) -> None:
    """Print what a check costs of the processor, and what each of curl's two ways does."""
    ways: dict[str, tuple[Callable[[], None], int]] = {  # and how many checks each call makes
        "POP3": (bench.pop3, 1),
        "POP3 and SMTP": (bench.whole, 1),
        "curl, a process each": (bench.curl, 1),
        f"curl, {len(MANY)} in parallel": (bench.parallel_curl, len(MANY)),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, (work, checks) in ways.items():
            calls = max(1, BATCH // checks)
            before = _cpu_seconds()
            for _ in range(calls):
                work()
            taken[name].append((_cpu_seconds() - before) * 1000 / calls / checks)
    curl = statistics.median(taken["curl, a process each"])
    sys.stdout.write(
        f"{'':22}{'CPU ms a check':>16}{'bar':>7}{'÷ curl':>9}{'bar':>8}   load {os.getloadavg()[0]:.1f}\n"
    )
    for name, values in taken.items():
        median, bars = statistics.median(values), ("", "")
        if name == "POP3":
            bars = f"≤ {CPU_BAR}", f"≤ {CPU_SHARE_BAR}"
        sys.stdout.write(f"  {name:20}{median:>16.2f}{bars[0]:>7}{median / curl:>9.2f}{bars[1]:>8}\n")


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> int:
    """Print the tables."""
    if reason := missing() or delay_line.missing():
        sys.stdout.write(f"SKIPPED, nothing was measured: {reason}.\n")
        return 0
    delay_line.enter_namespace("tests.bench.check")
    with delay_line.running() as line, start(far=(NEAR, FAR), busy=True) as dovecot:
        authorities = dovecot.folder / "authorities.pem"
        system = ssl.get_default_verify_paths().cafile
        authorities.write_bytes(b"".join(Path(file).read_bytes() for file in (system, dovecot.ca_file) if file))
        bench = Bench(dovecot, probe.tls_context(dovecot.ca_file), authorities)
        print_times(bench, line)
        cpu(bench)
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
